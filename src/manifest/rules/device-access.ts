import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { quote } from '../wording.ts';

const LETTERS = ['r', 'w', 'm'];

/** What may be done with a device: letters of cgroup v1, each once. */
export function checkAccess(report: Report, path: KeyPath, access: string | undefined): void {
  if (access === undefined) return;
  if (/^[rwm]{1,3}$/.test(access) && new Set(access).size === access.length) return;
  report.add(path, {
    code: 'TH1201',
    message: `${quote(access)} is not an access to a device`,
    hint: 'write some of `r` (read), `w` (write) and `m` (make nodes), each once: `rw`',
  });
}

/** `wr` is `rw`. */
export function orderedAccess(letters: string): string {
  return LETTERS.filter((letter) => letters.includes(letter)).join('');
}
