import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { formatPath } from '../tree.ts';

/** A command is a program and its arguments: a list that begins with a text. */
export function checkCommand(report: Report, path: KeyPath, command: unknown): void {
  if (!Array.isArray(command) || (command.length > 0 && command[0] !== '')) return;
  report.add(path, {
    code: 'TH1104',
    message: `\`${formatPath(path)}\` names no program`,
    hint: 'write the program and its arguments, for example `command: [/bin/sync, -f, /data]`',
  });
}
