/** `cgroups.devices` of a manifest, one entry. What is absent stands for all there is. */
export interface DeviceRule {
  allow: boolean;
  type?: 'a' | 'b' | 'c';
  major?: number;
  minor?: number;
  access?: string;
}

/** Bits of an access, as both versions of the kernel number them (BPF_DEVCG_ACC_*, DEVCG_ACC_*). */
export const ACCESS = { m: 1, r: 2, w: 4 } as const;
export const ALL = 7;
/** Which the kernel asks for together, when a file is opened for both. Nodes are made one by one. */
export const OPEN = ACCESS.r | ACCESS.w;

const LETTERS = ['r', 'w', 'm'] as const;

/** Undefined: other letters, one of them twice, or none. */
export function accessBits(letters: string): number | undefined {
  if (!/^[rwm]{1,3}$/.test(letters) || new Set(letters).size !== letters.length) return undefined;
  return LETTERS.reduce((bits, letter) => bits | (letters.includes(letter) ? ACCESS[letter] : 0), 0);
}

export function accessLetters(bits: number): string {
  return LETTERS.filter((letter) => (bits & ACCESS[letter]) !== 0).join('');
}

/** Device numbers of one kind; null is every number. */
export interface Nodes {
  type: 'b' | 'c';
  major: number | null;
  minor: number | null;
}

/** Nodes and what may, or may not, be done with them. */
export interface Entry extends Nodes {
  access: number;
}

/** Both kinds, for a rule that names neither. */
export function entriesOf(rule: DeviceRule): Entry[] {
  const { type = 'a', major = null, minor = null, access = 'rwm' } = rule;
  const bits = accessBits(access) ?? 0;
  return (type === 'a' ? (['b', 'c'] as const) : [type]).map((kind) => ({ type: kind, major, minor, access: bits }));
}

/** A rule about every device and everything that can be done with one: what came before it does not matter any more. */
export function isWhole(rule: DeviceRule): boolean {
  return (
    (rule.type ?? 'a') === 'a' &&
    rule.major === undefined &&
    rule.minor === undefined &&
    accessBits(rule.access ?? 'rwm') === ALL
  );
}

/** As cgroup v1 writes it: `c 136:* rw`. */
export function entryText({ type, major, minor, access }: Entry): string {
  return `${type} ${major ?? '*'}:${minor ?? '*'} ${accessLetters(access)}`;
}

export function nodesKey({ type, major, minor }: Nodes): string {
  return `${type} ${major ?? '*'}:${minor ?? '*'}`;
}

/** Whether every node of `inner` is one of `outer`. */
export function contains(outer: Nodes, inner: Nodes): boolean {
  return (
    outer.type === inner.type &&
    (outer.major === null || outer.major === inner.major) &&
    (outer.minor === null || outer.minor === inner.minor)
  );
}

/** The nodes that both have, if any. */
export function common(a: Nodes, b: Nodes): Nodes | undefined {
  const clash = (one: number | null, other: number | null): boolean => one !== null && other !== null && one !== other;
  if (a.type !== b.type || clash(a.major, b.major) || clash(a.minor, b.minor)) return undefined;
  return { type: a.type, major: a.major ?? b.major, minor: a.minor ?? b.minor };
}
