import type { FakeGroup } from './group.ts';

/** One file of a controller. */
export interface Knob {
  /** The text a new group reads, without the final newline; a function may ask the group. */
  initial: string | ((group: FakeGroup) => string);
  /** The new content for a write, or undefined to keep the old one; refuses with an errno. Absent: EINVAL (read-only). */
  write?: (text: string, group: FakeGroup) => string | undefined;
  /** Read instead of the stored text. */
  read?: (group: FakeGroup) => string;
  /** Not in the root group. */
  notInRoot?: boolean;
  onlyInRoot?: boolean;
  /** In every v2 group, whether the controller is enabled or not. */
  always?: boolean;
}

export type Controller = Record<string, Knob>;

/** simple_strtoull and kstrto*: a decimal number that fills the text, else EINVAL. */
export function decimal(text: string): bigint | undefined {
  const trimmed = text.trim();
  return /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed) : undefined;
}

/** memparse of lib/cmdline.c: a number with an optional K, M, G, T. The empty text is 0. */
export function memparse(text: string): bigint | undefined {
  const match = /^(\d*)([KMGT]?)$/i.exec(text.trim());
  if (match === null) return undefined;
  const shift = { '': 0n, k: 10n, m: 20n, g: 30n, t: 40n }[(match[2] ?? '').toLowerCase()] ?? 0n;
  return BigInt(match[1] === '' || match[1] === undefined ? 0 : match[1]) << shift;
}
