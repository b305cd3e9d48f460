/** Case, `-`, `_` and camelCase are one for a person who typed a word. */
function fold(word: string): string {
  return word.replaceAll(/[-_ ]/g, '').toLowerCase();
}

/** Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, replacements, swaps of neighbours. */
function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
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
