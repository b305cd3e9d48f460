/** Rows under a header, two spaces between columns; the columns named in `right` hold numbers and are set to the right. */
export function table(header: string[], rows: string[][], right: ReadonlySet<string> = new Set()): string[] {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [header, ...rows].map((row) =>
    row
      .map((cell, i) => (right.has(header[i] ?? '') ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
