import { checkPath, quote, type KeyPath, type Report } from '../manifest/index.ts';

/** sockaddr_un holds 108 bytes with the closing NUL, unix(7). */
export const SOCKET_PATH = 107;

interface TextRule {
  what: string;
  form: RegExp;
  hint: string;
  at?: 'key' | 'value';
}

/** Reports a text that has not the form, and says whether it has. */
export function checkText(report: Report, path: KeyPath, text: string, rule: TextRule): boolean {
  if (rule.form.test(text)) return true;
  report.add(path, {
    code: 'TH1201',
    message: `${quote(text)} is not a ${rule.what}`,
    hint: rule.hint,
    at: rule.at ?? 'value',
  });
  return false;
}

/** A path without `..`, absolute, and unless `root` is set not `/`; says whether it is. `//`, `/./` and a `/` at its end do no harm. */
export function checkCleanPath(report: Report, path: KeyPath, value: string, options: { root?: true } = {}): boolean {
  if (value === '') {
    report.add(path, { code: 'TH1211', message: 'the path is empty', hint: 'name an absolute path' });
    return false;
  }
  checkPath(report, path, value, 'value');
  if (!value.startsWith('/') || value.split('/').includes('..')) return false;
  if (options.root === true || cleanPath(value) !== '/') return true;
  report.add(path, {
    code: 'TH1211',
    message: `${quote(value)} is the root of the file system`,
    hint: 'name a path below it',
  });
  return false;
}

/** The one form of a path that `checkCleanPath` accepts. */
export function cleanPath(path: string): string {
  return `/${path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .join('/')}`;
}
