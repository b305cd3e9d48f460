import { visible } from '../base/index.ts';
import { deviceList, forVersion1, isConflict, type Conflict, type DeviceList } from './devices/list.ts';
import { compileDevices, INSTRUCTION, MAX_INSTRUCTIONS } from './devices/program.ts';
import { accessBits, accessLetters, entriesOf, entryText, nodesKey, type DeviceRule } from './devices/rule.ts';
import { withStandardNodes } from './devices/standard.ts';
import { listWrites } from './devices/version1.ts';
import type { Draft } from './draft.ts';

const KEY = 'cgroups.devices';
/** Twelve bits and twenty, as the kernel keeps them (include/linux/kdev_t.h). */
const MAX_MAJOR = 4095;
const MAX_MINOR = 1_048_575;
const MAX_RULES = 512;

/**
 * Which device nodes may be opened and made. v1: writes to devices.allow and devices.deny, by the documentation of
 * admin-guide/cgroup-v1/devices.rst; v2 has no file, but a program that the kernel asks. Where the v1 hierarchy is mounted, it is used.
 */
export function planDevices(draft: Draft, rules: readonly DeviceRule[]): void {
  if (!sound(draft, rules)) return;
  const { rules: all, added } = withStandardNodes(rules);
  const made = deviceList(all);
  if (isConflict(made)) {
    refuseHole(draft, rules, made, added);
    return;
  }
  const list = forVersion1(made);
  const program = compileDevices(list);
  const instructions = program.length / INSTRUCTION;
  if (instructions > MAX_INSTRUCTIONS) {
    draft.error(
      'TH1205',
      KEY,
      `\`${KEY}\` comes to a program of ${instructions} instructions, allowed at most ${MAX_INSTRUCTIONS}`,
      'write fewer rules, with a range of minor numbers as none at all',
    );
    return;
  }
  const { controllers, unified, undelegated = [] } = draft.request.facts;
  const isProgram = controllers['devices'] === undefined && unified !== undefined;
  if (isProgram && !undelegated.includes('devices')) {
    draft.putProgram(KEY, { rules: texts(list), instructions, program: program.toString('base64') });
    return;
  }
  if (draft.controller(KEY, 'devices') === undefined) return;
  for (const { file, value } of listWrites(list))
    draft.put('devices', { file, value, key: KEY, strategy: 'device_list' });
}

function sound(draft: Draft, rules: readonly DeviceRule[]): boolean {
  const before = draft.errors.length;
  if (rules.length > MAX_RULES)
    draft.error(
      'TH1205',
      KEY,
      `\`${KEY}\` has ${rules.length} rules, allowed at most ${MAX_RULES}`,
      'leave out `minor` to say the same of all devices with one major number',
    );
  rules.forEach((rule, index) => {
    const key = `${KEY}.${index}`;
    const { type = 'a', major, minor, access = 'rwm' } = rule;
    // Whatever is not understood is refused: read as "all", it would widen what is allowed.
    if (!['a', 'b', 'c'].includes(type))
      draft.error(
        'TH1201',
        `${key}.type`,
        `\`${visible(type)}\` is not a kind of device`,
        'write `b`, `c`, or `a` for both',
      );
    if (accessBits(access) === undefined)
      draft.error(
        'TH1201',
        `${key}.access`,
        `\`${visible(access)}\` is not an access to a device`,
        'write some of `r` (read), `w` (write) and `m` (make nodes), each once: `rw`',
      );
    if (type === 'a' && (major ?? minor) !== undefined)
      draft.error(
        'TH1306',
        `${key}.${major === undefined ? 'minor' : 'major'}`,
        'numbers and `type: a`, which is every device, exclude each other',
        'write `type: c` for a character device, or `type: b` for a block device',
      );
    if (major !== undefined) draft.inRange(`${key}.major`, major, 0, MAX_MAJOR);
    if (minor !== undefined) draft.inRange(`${key}.minor`, minor, 0, MAX_MINOR);
  });
  return draft.errors.length === before;
}

function refuseHole(draft: Draft, rules: readonly DeviceRule[], { rule, earlier }: Conflict, added: number): void {
  const index = rule - added;
  const { allow = false, access = 'rwm' } = rules[index] ?? {};
  const bits = accessBits(access) ?? 0;
  const rest = accessLetters(bits & ~earlier.access);
  const isOwn = rules
    .slice(0, index)
    .some((one) => entriesOf(one).some((entry) => nodesKey(entry) === nodesKey(earlier)));
  const holder = isOwn ? 'an earlier rule' : 'the list of standard nodes';
  draft.error(
    'TH1306',
    `${KEY}.${index}`,
    `this rule takes \`${accessLetters(bits & earlier.access)}\` out of \`${entryText(earlier)}\`, which ${holder} ${allow ? 'denies' : 'allows'} for more devices`,
    rest === ''
      ? `cgroups v1 cannot hold such a hole: ${allow ? 'deny' : 'allow'} the devices one by one instead`
      : `cgroups v1 cannot hold such a hole; for the rest write \`access: ${rest}\``,
  );
}

function texts({ fallback, exceptions }: DeviceList): string[] {
  const [whole, single] = fallback === 'deny' ? ['deny', 'allow'] : ['allow', 'deny'];
  return [`${whole} a *:* rwm`, ...exceptions.map((entry) => `${single} ${entryText(entry)}`)];
}
