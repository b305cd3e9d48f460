import { pino, stdTimeFunctions, type Level } from 'pino';
import type { DaemonLog } from '../../runtime/index.ts';

/** More than this of the daemon's own log is not kept for a reader that does not read. */
const MAX_UNWRITTEN = 1024 * 1024;

/**
 * Bytes that are written at once. Lines that are fewer wait until the loop has done what was due: each write wakes a thread of the pool, and a
 * start should not wait for that.
 */
const BATCH = 4 * 1024;

export interface Logger {
  log: DaemonLog;
  /** Writes what is left. After that nothing may be logged any more. */
  flush(): void;
}

/** The daemon's own log: one JSON object a line on stdout. A reader that does not read costs lines, and never stops the daemon. */
export function openLogger(level: Level): Logger {
  const destination = pino.destination({ fd: 1, sync: false, maxLength: MAX_UNWRITTEN, minLength: BATCH });
  const writer = new BatchWriter(destination);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    log: (at, message, fields = {}) => {
      logger[at](fields, message);
      writer.writeSoon();
    },
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // the reader has gone, or does not read
      }
    },
  };
}

type Destination = ReturnType<typeof pino.destination>;

/** Has the destination write what it holds, once for all lines of one turn of the loop. */
class BatchWriter {
  readonly #destination: Destination;
  #isDue = false;
  #isWriting = false;
  #holdsLines = false;

  constructor(destination: Destination) {
    this.#destination = destination;
    destination.on('drain', () => {
      this.#isWriting = false;
      if (this.#holdsLines) this.writeSoon();
    });
    // Nobody reads any more: the daemon goes on.
    destination.on('error', () => (this.#isWriting = false));
  }

  writeSoon(): void {
    this.#holdsLines = true;
    if (this.#isDue || this.#isWriting) return; // a destination that writes takes no second order, but says when it is done
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#isWriting = true;
      this.#holdsLines = false;
      this.#destination.flush();
    });
  }
}
