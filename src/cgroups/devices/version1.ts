import { accessBits, ALL, entryText, nodesKey, type Entry } from './rule.ts';
import type { DeviceList } from './list.ts';

export interface DeviceWrite {
  file: 'devices.allow' | 'devices.deny';
  value: string;
}

/** Reads `devices.list`. Undefined: all is allowed, and the kernel does not tell what of it is not. */
export function readDevicesList(text: string): DeviceList | undefined {
  const exceptions: Entry[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const match = /^([abc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(line);
    const [, type, major = '', minor = '', letters = ''] = match ?? [];
    if (type === 'a') return undefined;
    if (type === undefined) throw new Error(`devices.list has the line \`${line}\``);
    const number = (written: string): number | null => (written === '*' ? null : Number(written));
    exceptions.push({
      type: type === 'b' ? 'b' : 'c',
      major: number(major),
      minor: number(minor),
      access: accessBits(letters) ?? 0,
    });
  }
  return { fallback: 'deny', exceptions };
}

/** From whatever there is, by way of all or nothing: for a group that nobody is in yet. */
export function listWrites({ fallback, exceptions }: DeviceList): DeviceWrite[] {
  const [whole, single] = fallback === 'deny' ? (['deny', 'allow'] as const) : (['allow', 'deny'] as const);
  return [
    { file: `devices.${whole}`, value: 'a' },
    ...exceptions.map((entry): DeviceWrite => ({ file: `devices.${single}`, value: entryText(entry) })),
  ];
}

/** "All is allowed" as two wildcards, for a group whose list denies all others. Undefined: it cannot hold this list. */
export function asDenying({ fallback, exceptions }: DeviceList): DeviceList | undefined {
  if (fallback === 'deny') return { fallback, exceptions };
  if (exceptions.length > 0) return undefined;
  const everything = (type: 'b' | 'c'): Entry => ({ type, major: null, minor: null, access: ALL });
  return { fallback: 'deny', exceptions: [everything('b'), everything('c')] };
}

/**
 * The fewest writes between two lists with one default. At no time is anything refused that both allow, nor allowed that both refuse: new
 * exceptions come first and old ones go last. The kernel allows by one exception alone, so one that loses some letters and gains others loses
 * first where exceptions allow (`forVersion1` has seen to it that no open needs both), and gains first where they deny. `from`: more than one
 * where it is not known which of them stands; then all is written that one of them makes necessary, for a write that changes nothing is none.
 */
export function transition(from: readonly DeviceList[], to: DeviceList): DeviceWrite[] {
  const befores = from.map(({ exceptions }) => new Map(exceptions.map((entry) => [nodesKey(entry), entry])));
  const after = new Map(to.exceptions.map((entry) => [nodesKey(entry), entry]));
  const denies = to.fallback === 'deny';
  const [more, less] = denies
    ? (['devices.allow', 'devices.deny'] as const)
    : (['devices.deny', 'devices.allow'] as const);
  const gains: DeviceWrite[] = [];
  const exchanges: DeviceWrite[] = [];
  const losses: DeviceWrite[] = [];
  for (const [key, nodes] of new Map([...befores.flatMap((before) => [...before]), ...after])) {
    const wanted = after.get(key)?.access ?? 0;
    const olds = befores.map((before) => before.get(key)?.access ?? 0);
    const [some, each] = [olds.reduce((all, one) => all | one, 0), olds.reduce((all, one) => all & one, ALL)];
    const lost = { file: less, value: entryText({ ...nodes, access: some & ~wanted }) };
    const gained = { file: more, value: entryText({ ...nodes, access: wanted & ~each }) };
    const [loses, gets] = [(some & ~wanted) !== 0, (wanted & ~each) !== 0];
    if (loses && gets) exchanges.push(...(denies ? [lost, gained] : [gained, lost]));
    else if (gets) gains.push(gained);
    else if (loses) losses.push(lost);
  }
  return [...gains, ...exchanges, ...losses];
}
