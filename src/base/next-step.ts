import { isAboutText, type Diagnostic } from './errors.ts';

/** A hint names a command when it begins with one, or holds one in backticks. */
const COMMAND = /(?:^|`)(?:sudo )?(?:thuban|chmod|chown|mkdir|mv|openssl) /;

/** What `validate`, which knows no keys and no other files, finds again: the form of a package. */
const OF_FORM: ReadonlySet<string> = new Set(['TH5003', 'TH5004', 'TH5005', 'TH5011']);

/** What to type, or to do, about a file that is rejected for this reason: never a command that would find nothing wrong with it. */
export function nextStep(finding: Pick<Diagnostic, 'code' | 'message' | 'hint'>, file: string): string {
  const { code, hint } = finding;
  if (code === 'TH1401') return aboutDuplicate(finding, file);
  if (code.startsWith('TH1') && isAboutText({ code })) return `thuban validate ${file}`;
  if (hint !== undefined && COMMAND.test(hint)) return hint;
  if (code === 'TH5001' || code === 'TH5002') return `thuban verify ${file} --key KEY.pub`;
  return OF_FORM.has(code) ? `thuban validate ${file}` : (hint ?? `stat ${file}`);
}

/** Alone each of the two is right, so both are named. The place of the first one stands in the message only. */
function aboutDuplicate({ message, hint }: Pick<Diagnostic, 'message' | 'hint'>, file: string): string {
  const other = / is also defined in (.+):\d+$/s.exec(message)?.[1];
  if (other === undefined) return hint ?? `thuban validate ${file}`;
  return `change the version in ${file} or ${other}, or remove one of them`;
}
