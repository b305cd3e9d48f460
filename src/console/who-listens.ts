import { createConnection } from 'node:net';
import { errnoOf } from '../base/index.ts';
import { exchange, readJson } from './client/exchange.ts';

/** A daemon answers this within a millisecond; a program that is no daemon may never. */
const PATIENCE_MS = 1000;

/** Who listens at a socket, or undefined when nobody does: its daemon has died. */
export async function whoListens(path: string): Promise<{ name: string; pid?: number } | undefined> {
  const errno = await connectErrno(path);
  if (errno === 'ECONNREFUSED' || errno === 'ENOENT') return undefined;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const told = await readJson(await exchange(path, { method: 'GET', path: '/v1/version', signal }), path);
    if (isVersion(told)) return { name: `Thuban ${told.version} (pid ${told.pid})`, pid: told.pid };
    return { name: 'another program' };
  } catch {
    return { name: 'another program' }; // It listens, and does not say who it is: that is the answer.
  }
}

function connectErrno(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error) => {
      resolve(errnoOf(error));
    });
  });
}

function isVersion(value: unknown): value is { version: string; pid: number } {
  if (typeof value !== 'object' || value === null) return false;
  return 'version' in value && typeof value.version === 'string' && 'pid' in value && typeof value.pid === 'number';
}
