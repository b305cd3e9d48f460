import { suggest, ThubanError, version } from '../base/index.ts';
import { explanations, type Explanation } from './pages.ts';

/** Case, hyphens and blanks are one for a person who types a word. */
function fold(word: string): string {
  return word.trim().toLowerCase().replaceAll(/[- ]/g, '_');
}

/** Every word that means it: the code, its number, its name, and the words that are explained with it. */
function namesOf(one: Explanation): string[] {
  return one.kind === 'code' ? [one.code.toLowerCase(), one.code.slice(2), one.name] : [one.name, ...(one.also ?? [])];
}

/**
 * The code or word that was meant, in any case. What is copied from a message may have something around it: `error[TH1102]:`.
 *
 * @throws ThubanError TH6016 with what was probably meant.
 */
export function find(asked: string): Explanation {
  const all = explanations();
  const inside = /TH\d{4}(?!\d)/i.exec(asked)?.[0];
  const wanted = fold(inside ?? asked);
  // Where a code is called like a word, the word is meant: the code has a number.
  const found = all.filter((one) => namesOf(one).includes(wanted)).at(-1);
  if (found !== undefined) return found;
  const list = 'thuban explain';
  // A number that is one digit off is another code, and no slip.
  const names = all.flatMap((one) => (one.kind === 'code' ? [one.name] : namesOf(one)));
  const meant = inside === undefined ? suggest(wanted, names) : undefined;
  const hint =
    inside !== undefined
      ? `version ${version} has no such code; ${list} lists those that it has`
      : meant === undefined
        ? `${list} lists all codes and words`
        : `did you mean ${meant}?   (${list} ${meant})`;
  throw new ThubanError('TH6016', `there is nothing to explain about \`${asked}\``, { hint, details: { word: asked } });
}
