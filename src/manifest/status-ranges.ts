/** From and to, both included. */
export type StatusRange = readonly [from: number, to: number];

/** A list is no longer, and nobody writes it. */
const MOST = 32;

/** Codes of HTTP: `204`, `200-299`, or several with commas between: `200,204,300-399`. */
export function readStatus(written: string | number): { ranges: StatusRange[] } | { fault: string } {
  const text = String(written);
  const parts = text.length > 1024 ? [] : text.split(',');
  if (parts.length === 0 || parts.length > MOST) return { fault: `at most ${MOST} codes and ranges` };
  const ranges: StatusRange[] = [];
  for (const part of parts) {
    const match = /^ *([0-9]{1,9}) *(?:- *([0-9]{1,9}) *)?$/.exec(part);
    if (match === null) return { fault: 'not codes with commas between' };
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from < 100 || to > 599) return { fault: 'codes are 100 to 599' };
    if (from > to) return { fault: `${from} is more than ${to}` };
    ranges.push([from, to]);
  }
  return { ranges };
}

/** The one form of these ranges. */
export function formatStatus(ranges: readonly StatusRange[]): string {
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}
