import { lstatSync } from 'node:fs';
import { ThubanError, errnoOf, errnoText, messageOf } from '../../base/index.ts';
import { whoMayConnect } from './who-may.ts';

const START = 'start it: `systemctl start thuban` or `sudo thuban daemon`';

/** Nobody took the connection. The hint goes by the cause. */
export function noDaemon(socketPath: string, error: unknown): ThubanError {
  const errno = errnoOf(error) ?? 'unknown';
  const isOther = errno === 'ECONNREFUSED' && !isSocket(socketPath);
  const isRefused = errno === 'EACCES' || errno === 'EPERM';
  const { cause, hint } = isRefused
    ? whoMayConnect(socketPath)
    : isOther
      ? NOT_A_SOCKET
      : (byErrno[errno] ?? { cause: errnoText(errno), hint: START });
  return new ThubanError('TH6001', `no daemon answers at ${socketPath} (${cause})`, {
    hint,
    details: { socket: socketPath, cause: isOther ? 'ENOTSOCK' : errno },
    cause: error,
  });
}

/** The connection was there and is not any more. An error that says more already stays as it is. */
export function connectionLost(socketPath: string, error: unknown): ThubanError {
  if (error instanceof ThubanError) return error;
  return new ThubanError('TH6001', `the daemon at ${socketPath} closed the connection`, {
    hint: 'see whether it still runs: `thuban version`',
    details: { socket: socketPath, cause: errnoOf(error) ?? messageOf(error) },
    cause: error,
  });
}

/** Somebody answers, but not in the words of a console. */
export function notThuban(socketPath: string, seen: string): ThubanError {
  return new ThubanError('TH6001', `no daemon answers at ${socketPath} (what answers there is no Thuban: ${seen})`, {
    hint: 'name the socket of the daemon with `--socket PATH`',
    details: { socket: socketPath, cause: seen },
  });
}

const NOT_A_SOCKET = { cause: 'not a socket', hint: 'name the socket of the daemon with `--socket PATH`' };

const byErrno: Readonly<Record<string, { cause: string; hint: string }>> = {
  ENOENT: { cause: 'no such file', hint: START },
  ECONNREFUSED: {
    cause: 'connection refused',
    hint: 'the socket is of a daemon that has died: `sudo thuban daemon` replaces it',
  },
  EAGAIN: { cause: 'it takes no connections', hint: 'it is busy or was suspended; try again' },
  ENAMETOOLONG: { cause: 'the path is longer than 107 bytes', hint: 'name a shorter path with `--socket PATH`' },
};

/** connect(2) refuses a file that is no socket with the same errno as a dead one. */
function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return true; // It went away in between, as the socket of a daemon that ends does.
  }
}
