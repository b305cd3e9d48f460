import type { ThubanError } from '../base/index.ts';
import { listAt, mapAt, type KeyPath } from '../manifest/index.ts';
import { ownerOf, type Part } from './part.ts';

/** Why a key file cannot be used on this machine. What keys look like is known where signatures are. */
export type KeyCheck = (file: string) => ThubanError | undefined;

/** Warns of keys whose file is missing here or cannot be used: it may be on the board only. */
export function checkKeyFiles(parts: readonly Part[], check: KeyCheck): void {
  for (const part of parts)
    for (const name of Object.keys(mapAt(part.input, 'repositories') ?? {}))
      listAt(mapAt(part.input, 'repositories', name), 'keys').forEach((key, i) => {
        const path: KeyPath = ['repositories', name, 'keys', i];
        if (typeof key !== 'string' || !key.startsWith('/') || ownerOf(parts, path) !== part) return;
        const fault = check(key);
        if (fault === undefined) return;
        const { code, message, hint = 'check the path' } = fault;
        const more = `${hint}; on the board a repository is not used without its keys`;
        part.report.add(path, { code, severity: 'warning', message, hint: more });
      });
}
