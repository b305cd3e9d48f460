import { common, contains, entriesOf, isWhole, nodesKey, OPEN, type DeviceRule, type Entry } from './rule.ts';

/**
 * Rules in the form that the kernel of cgroup v1 holds them in (security/device_cgroup.c): a default, and the exceptions from it. The same
 * list is what the program of v2 is made of, so that both decide alike.
 */
export interface DeviceList {
  readonly fallback: 'allow' | 'deny';
  readonly exceptions: readonly Entry[];
}

/** A rule that takes back a part of what an earlier one said of more nodes. */
export interface Conflict {
  /** Which rule. */
  rule: number;
  /** The exception that it would make a hole in. */
  earlier: Entry;
}

const MANY = 2048;

/** Where every list begins: nothing is allowed. */
export const NOTHING: DeviceList = { fallback: 'deny', exceptions: [] };

/**
 * The rules one after the other; what the last one says of a node and an access holds. A hole in a wildcard is refused: v1 takes such a rule
 * without a word and goes on allowing (dev_exception_rm looks for equal numbers only), and a manifest is to mean the same on both versions.
 */
export function deviceList(rules: readonly DeviceRule[], from: DeviceList = NOTHING): DeviceList | Conflict {
  let fallback = from.fallback;
  let exceptions = new Map(from.exceptions.map((entry) => [nodesKey(entry), entry]));
  for (const [index, rule] of rules.entries()) {
    if (isWhole(rule)) {
      fallback = rule.allow ? 'allow' : 'deny';
      exceptions = new Map();
      continue;
    }
    for (const entry of entriesOf(rule)) {
      if (rule.allow !== (fallback === 'allow')) {
        add(exceptions, entry);
        continue;
      }
      const earlier = takeBack(exceptions, entry);
      if (earlier !== undefined) return { rule: index, earlier };
    }
  }
  return { fallback, exceptions: [...exceptions.values()] };
}

export function isConflict(made: DeviceList | Conflict): made is Conflict {
  return 'earlier' in made;
}

function add(exceptions: Map<string, Entry>, entry: Entry): void {
  const key = nodesKey(entry);
  exceptions.set(key, { ...entry, access: entry.access | (exceptions.get(key)?.access ?? 0) });
}

/** The exception in which this would be a hole; undefined when everything was taken back. */
function takeBack(exceptions: Map<string, Entry>, entry: Entry): Entry | undefined {
  for (const [key, held] of exceptions) {
    if ((held.access & entry.access) === 0 || common(held, entry) === undefined) continue;
    if (!contains(entry, held)) return held;
    const access = held.access & ~entry.access;
    if (access === 0) exceptions.delete(key);
    else exceptions.set(key, { ...held, access });
  }
  return undefined;
}

/**
 * v1 allows an open for reading and writing only by one exception that has both, so nodes that have one from here and the other from there
 * get an exception of their own. (What denies needs no such thing: one of the two is enough.)
 */
export function forVersion1({ fallback, exceptions }: DeviceList): DeviceList {
  if (fallback === 'allow') return { fallback, exceptions };
  const full = new Map(exceptions.map((entry) => [nodesKey(entry), entry]));
  const half = exceptions.filter(({ access }) => (access & OPEN) !== 0 && (access & OPEN) !== OPEN);
  for (const [index, one] of half.entries())
    for (const other of half.slice(index + 1)) {
      const both = one.access | other.access;
      const nodes = common(one, other);
      // Each costs instructions of a program: past this it is too long in any case.
      if (full.size > MANY) break;
      if (nodes !== undefined && (both & OPEN) === OPEN) add(full, { ...nodes, access: both });
    }
  return { fallback, exceptions: [...full.values()] };
}

/** Whether a process may do all of `access` with a node. */
export function decide({ fallback, exceptions }: DeviceList, node: Entry): boolean {
  let said = 0;
  for (const entry of exceptions) if (contains(entry, node)) said |= entry.access;
  return fallback === 'deny' ? (node.access & ~said) === 0 : (node.access & said) === 0;
}
