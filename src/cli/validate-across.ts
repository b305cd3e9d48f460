import { resolve } from 'node:path';
import type { Diagnostic } from '../base/index.ts';
import { checkAcross, type Member } from '../manifest/index.ts';

/** What was read of one file: enough for the rules between files, and what was found about it alone. */
export interface Judged {
  file: string;
  member: Member;
  diagnostics: Diagnostic[];
}

/**
 * What is wrong between files, in the order of the files. A folder is a repository, to which other files may be added; several files alone may
 * be a part of one, so that what is missing may lie elsewhere; and one file stands for itself.
 */
export function findAcross(judged: readonly Judged[], isWhole: boolean): Diagnostic[][] {
  // A file that is named twice is no second container.
  const members = new Map(judged.map(({ file, member }) => [resolve(file), member]));
  const absent = isWhole ? 'error' : members.size > 1 ? 'warning' : 'ignore';
  const found = checkAcross([...members.values()], { absent });
  const findings = new Map([...members.values()].map((member, i) => [member, found[i] ?? []]));
  return judged.map(({ member }) => findings.get(member) ?? []);
}
