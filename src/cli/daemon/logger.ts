import { pino, stdTimeFunctions, type Level } from 'pino';
import type { DaemonLog } from '../../runtime/index.ts';

/** More than this of the daemon's own log is not kept for a reader that does not read. */
const MAX_UNWRITTEN = 1024 * 1024;

/**
 * Bytes that are written at once. Lines that are fewer wait until the loop has done what was due: each write wakes a thread of the pool, and a
 * start should not wait for that.
 */
const BATCH = 16 * 1024;

export interface Logger {
  log: DaemonLog;
  /** Writes what is left. After that nothing may be logged any more. */
  flush(): void;
}

/** The daemon's own log: one JSON object a line on stdout. A reader that does not read costs lines, and never stops the daemon. */
export function openLogger(level: Level): Logger {
  const destination = pino.destination({ fd: 1, sync: false, maxLength: MAX_UNWRITTEN, minLength: BATCH });
  destination.on('error', () => undefined); // nobody reads any more: the daemon goes on
  let isDue = false;
  const writeSoon = (): void => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      destination.flush();
    });
  };
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
      writeSoon();
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
