import { isWhole, type DeviceRule } from './rule.ts';

/** `major` and `minor` of what a program finds in any /dev: Documentation/admin-guide/devices.txt. */
const CHARACTER: readonly (readonly [number, number | undefined])[] = [
  [1, 3], // null
  [1, 8], // random
  [1, 7], // full
  [5, 0], // tty
  [1, 5], // zero
  [1, 9], // urandom
  [5, 1], // console
  [136, undefined], // pseudo terminals
  [5, 2], // ptmx
  [10, 200], // net/tun
];

/** What is allowed unless the manifest says otherwise. Nodes may be made: without a rule of its own such a node cannot be opened. */
export const STANDARD_NODES: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...CHARACTER.map(([major, minor]): DeviceRule => ({
    allow: true,
    type: 'c',
    major,
    ...(minor === undefined ? {} : { minor }),
    access: 'rwm',
  })),
];

/**
 * The rules of a manifest after those that stand before every list: nothing is allowed, then the standard nodes. So a rule for all devices
 * also speaks about the standard nodes; but a list that says nothing else than "deny all" means all others.
 */
export function withStandardNodes(rules: readonly DeviceRule[]): { rules: readonly DeviceRule[]; added: number } {
  const bare = rules.every((rule) => !rule.allow && isWhole(rule));
  return { rules: [...STANDARD_NODES, ...(bare ? [] : rules)], added: STANDARD_NODES.length };
}
