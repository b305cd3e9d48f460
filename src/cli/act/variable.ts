import { ThubanError } from '../../base/index.ts';

/** `NAME=VALUE` of a command line. */
export function variable(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new ThubanError('TH6011', `\`${text}\` is not a variable`, { hint: '--env NAME=VALUE' });
  return [text.slice(0, at), text.slice(at + 1)];
}
