import { constants } from 'node:os';
import { ThubanError, suggest } from '../../base/index.ts';

const names = Object.keys(constants.signals);

/** `SIGHUP` for `SIGHUP`, `hup` or `1`. TH6011 with a suggestion for anything else. */
export function readSignal(text: string): string {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : undefined;
  const upper = text.toUpperCase();
  const wanted = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const known = names.find(
    (name) =>
      name === wanted || (number !== undefined && (constants.signals as Record<string, number>)[name] === number),
  );
  if (known !== undefined) return known;
  const meant = suggest(wanted, names);
  throw new ThubanError('TH6011', `\`${text}\` is not a signal`, {
    hint: meant === undefined ? '--signal SIGHUP, HUP or 1 (list: kill -l)' : `did you mean \`${meant}\`?`,
  });
}
