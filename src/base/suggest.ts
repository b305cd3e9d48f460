/** Case, `-`, `_` and camelCase are one for a person who typed a word. */
function fold(word: string): string {
  return word.replaceAll(/[-_ ]/g, '').toLowerCase();
}

/**
 * Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, replacements, swaps of neighbours. Infinity when it is more
 * than `limit`, which most words show at once.
 */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
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
    if (Math.min(...above, ...row) > limit) return Infinity;
  }
  return at(row, b.length);
}

/** The one known word that `typed` was probably meant to be: distance at most 2, at most 1 for words under 5 letters, 0 for one letter. */
export function suggest(typed: string, known: Iterable<string>): string | undefined {
  if (typed.length > 64) return undefined;
  const wanted = fold(typed);
  let best: { word: string; distance: number } | undefined;
  for (const word of known) {
    // A word of one letter has nothing in common with another one.
    const shorter = Math.min(wanted.length, word.length);
    const limit = shorter < 2 ? 0 : shorter < 5 ? 1 : 2;
    const found = distance(wanted, fold(word), limit);
    if (found <= limit && (best === undefined || found < best.distance)) best = { word, distance: found };
  }
  return best?.word;
}
