import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { Stream } from '../runtime/index.ts';
import { exitQuietlyOnClosedPipe } from './terminal.ts';

/** What a reader that reads nothing is given after a stop. */
const PATIENCE_MS = 1000;

const open = new Map<Stream, Writable>();

/**
 * Our stdout or stderr for a container's output. Node writes to a pipe synchronously, so a reader that does not read would stop this whole
 * process, and Ctrl-C with it. Opened again, the pipe has flags of its own, which no other program that shares ours sees.
 */
export function standardStream(name: Stream): Writable {
  const known = open.get(name);
  if (known !== undefined) return known;
  const stream = reopen(name === 'stdout' ? 1 : 2) ?? process[name];
  open.set(name, stream);
  return stream;
}

function reopen(fd: number): Writable | undefined {
  try {
    if (!fstatSync(fd).isFIFO()) return undefined;
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    const socket = new Socket({ fd: own, readable: false, writable: true });
    exitQuietlyOnClosedPipe([socket]);
    return socket;
  } catch {
    return undefined; // no /proc, or the reader has gone: then the next write says so
  }
}

/** Waits until all is written: as long as the reader needs, but not after a stop. */
export async function flushStandardStreams(stopped: boolean): Promise<void> {
  for (const [name, stream] of open) {
    if (stream === process[name]) continue;
    const written = new Promise<void>((resolve) => stream.end(resolve));
    const timer = stopped ? setTimeout(() => stream.destroy(), PATIENCE_MS) : undefined;
    await Promise.race([written, new Promise((resolve) => stream.once('close', resolve))]);
    clearTimeout(timer);
  }
  open.clear();
}
