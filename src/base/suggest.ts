/** Case, `-`, `_` and camelCase are one for a person who typed a word. */
function fold(word: string): string {
  return word.replaceAll(/[-_ ]/g, '').toLowerCase();
}

/** Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, replacements, swaps of neighbours. */
function distance(a: string, b: string): number {
  // Three rows of the table are enough: the one being filled and the two above it.
  let above: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  const at = (list: number[], j: number): number => list[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(above, j - 2) + 1 : Infinity;
      next.push(Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + change, swap));
    }
    [above, row] = [row, next];
  }
  return at(row, b.length);
}

/** The one known word that `typed` was probably meant to be: distance at most 2, at most 1 for words under 5 letters. */
export function suggest(typed: string, known: Iterable<string>): string | undefined {
  if (typed.length > 64) return undefined;
  const wanted = fold(typed);
  let best: { word: string; distance: number } | undefined;
  for (const word of known) {
    const found = distance(wanted, fold(word));
    const limit = Math.min(wanted.length, word.length) < 5 ? 1 : 2;
    if (found <= limit && (best === undefined || found < best.distance)) best = { word, distance: found };
  }
  return best?.word;
}
