import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { IdRange, OwnIds } from '../launcher/index.ts';

export function isRoot(): boolean {
  return (process.geteuid?.() ?? 0) === 0;
}

/** The ids of a Thuban that was not started by root. Undefined for root. */
export function ownIds(): OwnIds | undefined {
  if (isRoot()) return undefined;
  const [uid = 0, gid = 0] = [process.geteuid?.(), process.getegid?.()];
  const uids = subordinate('/etc/subuid', uid);
  const gids = subordinate('/etc/subgid', uid);
  const known = uids !== undefined && gids !== undefined && ['newuidmap', 'newgidmap'].every(isProgram);
  return { uid, gid, ...(known ? { subordinate: { uids, gids } } : {}) };
}

/** The longest range of a user: NAME:FIRST:COUNT, also with his number in place of the name (subuid(5)). */
function subordinate(file: string, uid: number): IdRange | undefined {
  const names = new Set([String(uid), userName(uid)]);
  const ranges = lines(file)
    .map((line) => line.split(':'))
    .filter(([name, first, count]) => names.has(name) && isNumber(first) && isNumber(count))
    .map(([, first, count]) => ({ first: Number(first), count: Number(count) }));
  return ranges.reduce<IdRange | undefined>(
    (best, range) => (range.count > (best?.count ?? 0) ? range : best),
    undefined,
  );
}

function userName(uid: number): string | undefined {
  return lines('/etc/passwd')
    .map((line) => line.split(':'))
    .find(([, , number]) => number === String(uid))?.[0];
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return []; // a board without such ids
  }
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^\d+$/.test(text);
}

function isProgram(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}
