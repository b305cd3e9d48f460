import { ThubanError } from '../base/index.ts';

/** The value of `--tail`: a number of lines, or undefined for `all` and when it is not given. TH6011 for anything else. */
export function readTail(text: string | undefined): number | undefined {
  if (text === undefined || text === 'all') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ThubanError('TH6011', `\`${text}\` is not a number of lines`, { hint: '-n 20, or -n all' });
}
