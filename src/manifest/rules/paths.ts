import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { quote } from '../wording.ts';
import { bytes } from './look.ts';

/** PATH_MAX without the NUL byte. */
export const MAX_PATH = 4095;

/** A path for the kernel: absolute, not too long, and without `..` unless it is one of the host, where nothing has to be kept in. */
export function checkPath(
  report: Report,
  path: KeyPath,
  value: string,
  at: 'key' | 'value',
  dots: 'refused' | 'kept' = 'refused',
): void {
  if (!value.startsWith('/'))
    report.add(path, {
      code: 'TH1211',
      message: `${quote(value)} is not an absolute path`,
      hint: `write \`${resolveDots(value.slice(0, 60))}\`, or the path you mean from the root`,
      at,
    });
  else if (dots === 'refused' && value.split('/').includes('..'))
    report.add(path, {
      code: 'TH1211',
      message: `${quote(value)} contains \`..\``,
      hint: `write where it leads: \`${resolveDots(value)}\``,
      at,
    });
  else if (bytes(value) > MAX_PATH)
    report.add(path, {
      code: 'TH1211',
      message: `the path ${quote(value)} is ${bytes(value)} bytes long, allowed 1 to ${MAX_PATH}`,
      hint: 'shorten the path',
      at,
    });
}

function resolveDots(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`.slice(0, 200);
}
