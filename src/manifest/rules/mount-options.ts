import { suggest } from '../../base/index.ts';
import type { Finding, Report } from '../report.ts';
import { quote } from '../wording.ts';

const OPTIONS = ['rw', 'noexec', 'nosuid', 'nodev', 'rec'];

/** Options of a mount: words that the language has. */
export function checkOptions(report: Report, path: readonly string[], options: string | undefined): void {
  const option = splitOptions(options ?? '').find((word) => !OPTIONS.includes(word));
  if (option === undefined) return;
  const meant = suggest(option, OPTIONS);
  const finding: Finding = {
    code: 'TH1201',
    message: `${quote(option)} is not a mount option`,
    hint: `a comma separated list of ${OPTIONS.join(', ')}`,
  };
  if (option === 'ro') report.add(path, { ...finding, label: 'read-only is the default', hint: 'remove `ro`' });
  else if (meant === undefined) report.add(path, finding);
  else report.add(path, { ...finding, label: `did you mean \`${meant}\`?`, hint: `did you mean \`${meant}\`?` });
}

/** `rw, noexec` to its words; blanks and empty words do not count. */
export function splitOptions(options: string): string[] {
  return options
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '');
}
