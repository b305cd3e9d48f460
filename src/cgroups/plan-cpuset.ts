import { visible } from '../base/index.ts';
import { formatCpulist, parseCpulist } from './cpulist.ts';
import type { Draft } from './draft.ts';
import type { CpuResources } from './resources.ts';

const PREFIX = 'cgroups.cpu.';
const KNOBS = ['cpus', 'mems'] as const;

/**
 * Processors and memory nodes. A new v1 group has neither and nothing can enter it (ENOSPC), so both files are written
 * as soon as one is asked for; an empty `cpu` section asks for the groups alone. On v2 an empty file inherits.
 */
export function planCpuset(draft: Draft, cpu: CpuResources): void {
  const asked = KNOBS.filter((name) => cpu[name] !== undefined);
  const bare = Object.values(cpu).every((value) => value === undefined);
  const facts = draft.request.facts.controllers['cpuset'];
  if (asked[0] === undefined) {
    if (bare && facts?.version === 1) for (const name of KNOBS) inherit(draft, name);
    return;
  }
  const before = draft.errors.length;
  for (const name of asked) check(draft, name, cpu[name] ?? '');
  if (draft.errors.length > before) return;
  const controller = draft.controller(PREFIX + asked[0], 'cpuset');
  if (controller === undefined) return;
  for (const name of KNOBS) {
    const value = cpu[name];
    if (value !== undefined) draft.put('cpuset', { file: `cpuset.${name}`, value, key: PREFIX + name });
    else if (controller.facts.version === 1) inherit(draft, name);
  }
}

function inherit(draft: Draft, name: (typeof KNOBS)[number]): void {
  draft.put('cpuset', { file: `cpuset.${name}`, value: '<parent>', strategy: 'inherit', key: 'cgroups.cpu' });
}

/** v1 answers ERANGE, EINVAL or EACCES for what the board lacks; v2 takes it and quietly uses something else. */
function check(draft: Draft, name: (typeof KNOBS)[number], text: string): void {
  const key = PREFIX + name;
  const wanted = parseCpulist(text);
  if (wanted === undefined) {
    draft.error(
      'TH1201',
      key,
      `\`${visible(text)}\` is not a list of ${name === 'cpus' ? 'processors' : 'memory nodes'}`,
      'numbers and ranges: `0-2,4`',
    );
    return;
  }
  const online = name === 'cpus' ? draft.request.machine.cpus : draft.request.machine.nodes;
  const there = parseCpulist(online);
  const missing = there === undefined ? [] : wanted.filter((number) => !there.includes(number));
  if (missing.length > 0)
    draft.error(
      'TH1205',
      key,
      `\`${key}\` is ${text}, this board has no ${formatCpulist(missing)}`,
      `use some of ${online}`,
    );
}
