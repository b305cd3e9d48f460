import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, checkTrustedFolder, errnoOf, hasErrno, reasonOf } from '../base/index.ts';
import { consolesFolder } from './plan-console.ts';
import { socketsFolder } from './plan-sockets.ts';

/** The folders of a daemon's run directory. Consoles stand in the run directory itself, which others may enter; the rest is root's alone. */
export interface RunDir {
  path: string;
  launcher: string;
  /** Where the sockets of manifests lie. */
  sockets: string;
  /** Where those lie that the consoles of containers listen at. */
  consoles: string;
  logs: string;
  state: string;
  /** What the last daemon noted about itself. */
  daemonFile: string;
  /** What could not be removed of earlier runs. */
  leftoversFile: string;
  /** Which packages were checked since the boot. */
  verifiedFile: string;
  /** What `memory.min` was in the groups that were changed to protect the supervisor. */
  memoryMinFile: string;
}

/** Makes the run directory where it is missing. TH7006 for one that others could have prepared. */
export function prepareRunDir(wanted: string): RunDir {
  makeFolder(wanted, 0o755);
  try {
    checkTrustedFolder(wanted);
  } catch (error) {
    if (!(error instanceof ThubanError)) throw error;
    throw unsafe(wanted, error.message, error.hint);
  }
  // Plans compare it with paths without symbolic links, and the launcher follows none: /var/run leads to /run.
  const path = realpathSync(wanted);
  const runDir = {
    path,
    launcher: join(path, 'launcher'),
    sockets: socketsFolder(path),
    consoles: consolesFolder(path),
    logs: join(path, 'logs'),
    state: join(path, 'state'),
    daemonFile: join(path, 'daemon.json'),
    leftoversFile: join(path, 'leftovers.json'),
    verifiedFile: join(path, 'verified.json'),
    memoryMinFile: join(path, 'memory-min.json'),
  };
  makeFolder(runDir.sockets, 0o755);
  for (const folder of [runDir.consoles, runDir.logs, runDir.state]) makeFolder(folder, 0o700);
  return runDir;
}

/** The launcher removes its folder at its end, so it is made before each start of one. */
export function makeLauncherFolder(runDir: RunDir): void {
  makeFolder(runDir.launcher, 0o700);
  makeFolder(join(runDir.launcher, 'root'), 0o755);
}

function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!hasErrno(error, 'EEXIST'))
      throw new ThubanError('TH7006', `cannot make the run directory ${path}: ${reasonOf(error)}`, {
        ...(errnoOf(error) === 'ENOENT' ? { hint: 'make the folder above it first, or pass another --run-dir' } : {}),
        cause: error,
      });
  }
  const found = lstatSync(path);
  if (found.isSymbolicLink()) throw unsafe(path, `${path} is a symbolic link`);
  if (!found.isDirectory()) throw unsafe(path, `${path} is not a folder`);
}

function unsafe(path: string, message: string, hint = `remove it, or pass another --run-dir`): ThubanError {
  return new ThubanError('TH7006', `the run directory is not safe: ${message}`, { hint, details: { path } });
}
