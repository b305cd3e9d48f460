/**
 * The numbers of a processor or node list (`0-3,8`), or undefined where the kernel's parser (lib/bitmap.c
 * bitmap_parselist) would answer EINVAL. Blanks may stand between items, never inside a range.
 */
export function parseCpulist(text: string): number[] | undefined {
  const found: number[] = [];
  let ascending = true;
  for (const item of text.split(',')) {
    const match = /^ *(\d{1,6})(?:-(\d{1,6}))? *$/.exec(item);
    if (match === null) return undefined;
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : Number(match[2]);
    // CONFIG_NR_CPUS ends at 8192 on every architecture.
    if (from > to || to > 65_535) return undefined;
    ascending &&= from > (found.at(-1) ?? -1);
    for (let n = from; n <= to; n++) found.push(n);
    // Overlapping ranges must not add up: `0-65535,0-65535,…`.
    if (found.length > 2 * 65_536) found.splice(0, found.length, ...new Set(found));
  }
  // As kernels write it, and the list of a whole board is long.
  return ascending ? found : [...new Set(found)].sort((a, b) => a - b);
}

/** The list as the kernel reads it back: ranges, no blanks. */
export function formatCpulist(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length;) {
    let end = i;
    while (end + 1 < sorted.length && sorted[end + 1] === (sorted[end] ?? 0) + 1) end++;
    parts.push(end === i ? `${sorted[i] ?? 0}` : `${sorted[i] ?? 0}-${sorted[end] ?? 0}`);
    i = end + 1;
  }
  return parts.join(',');
}
