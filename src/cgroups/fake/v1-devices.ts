import { refuse } from './errno.ts';
import type { FakeGroup } from './group.ts';
import type { Controller } from './rules.ts';

/** security/device_cgroup.c. While all is allowed, `devices.list` shows only that, and what is denied is kept out of sight. */
const LIST = 'devices.list';
const DENIED = 'devices: denied';
const OPEN = 'a *:* rwm';
const RULE = /^([bc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/;

/** `c 1:3` → its letters. */
type Exceptions = Map<string, string>;

function exceptionsOf(group: FakeGroup): Exceptions {
  const lines = group.get(allowsAll(group) ? DENIED : LIST).split('\n');
  return new Map(
    lines.filter((line) => line !== '').map((line) => [line.replace(/ \w+$/, ''), line.split(' ')[2] ?? '']),
  );
}

function allowsAll(group: FakeGroup): boolean {
  return group.get(LIST) === OPEN;
}

function keep(group: FakeGroup, exceptions: Exceptions): void {
  const text = [...exceptions].map(([nodes, letters]) => `${nodes} ${letters}`).join('\n');
  group.values.set(allowsAll(group) ? DENIED : LIST, text);
}

/** An exception is added to, or taken from, the one with exactly these numbers; no other is looked at. */
function change(group: FakeGroup, text: string, allow: boolean): void {
  if (text.startsWith('a')) {
    if (group.children.size > 0) refuse('EINVAL');
    if (allow && group.parent !== undefined && !allowsAll(group.parent)) refuse('EPERM');
    group.values.set(LIST, allow ? OPEN : '');
    group.values.set(DENIED, '');
    return;
  }
  const match = RULE.exec(text) ?? refuse('EINVAL');
  const nodes = `${match[1] ?? ''} ${match[2] ?? ''}:${match[3] ?? ''}`;
  const letters = match[4] ?? '';
  const exceptions = exceptionsOf(group);
  const held = exceptions.get(nodes) ?? '';
  const adds = allow !== allowsAll(group);
  const now = ['r', 'w', 'm'].filter((letter) =>
    adds ? (held + letters).includes(letter) : held.includes(letter) && !letters.includes(letter),
  );
  if (now.length === 0) exceptions.delete(nodes);
  else exceptions.set(nodes, now.join(''));
  keep(group, exceptions);
}

/** What the kernel says to a process of the group that wants all of `letters` of a node. */
export function mayUse(group: FakeGroup, type: 'b' | 'c', major: number, minor: number, letters: string): boolean {
  const fits = ([nodes]: [string, string]): boolean => {
    const [kind, numbers = ''] = nodes.split(' ');
    const [first = '', second = ''] = numbers.split(':');
    return kind === type && [String(major), '*'].includes(first) && [String(minor), '*'].includes(second);
  };
  const fitting = [...exceptionsOf(group)].filter(fits).map(([, held]) => held);
  const asked = letters.split('');
  return allowsAll(group)
    ? !fitting.some((held) => asked.some((letter) => held.includes(letter)))
    : fitting.some((held) => asked.every((letter) => held.includes(letter)));
}

export const v1Devices: Controller = {
  'devices.allow': {
    initial: '',
    write: (text, group) => (change(group, text.trim(), true), undefined),
  },
  'devices.deny': {
    initial: '',
    write: (text, group) => (change(group, text.trim(), false), undefined),
  },
  [LIST]: { initial: (group) => group.parent?.get(LIST) ?? OPEN },
};
