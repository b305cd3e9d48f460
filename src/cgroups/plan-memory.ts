import type { Draft } from './draft.ts';
import { planPressure } from './plan-pressure.ts';
import type { MemoryResources } from './resources.ts';

const PREFIX = 'cgroups.memory.';
const MAX = Number.MAX_SAFE_INTEGER;
/** Keys without a file of their own. */
const NO_KNOB = new Set(['oom_monitor', 'attrs']);

/** Limits of memory and swap. v1: Documentation/admin-guide/cgroup-v1/memory.rst, v2: admin-guide/cgroup-v2.rst. */
export function planMemory(draft: Draft, memory: MemoryResources): void {
  const wanted = Object.entries(memory).filter(([key, value]) => value !== undefined && !NO_KNOB.has(key));
  const first = wanted[0]?.[0];
  if (first === undefined || !ranges(draft, memory)) return;
  const controller = draft.controller(PREFIX + first, 'memory');
  if (controller === undefined) return;
  if (controller.facts.version === 1) planV1(draft, memory);
  else planV2(draft, memory);
  if (memory.pressure !== undefined) planPressure(draft, memory.pressure, controller.facts.version);
}

function ranges(draft: Draft, memory: MemoryResources): boolean {
  const before = draft.errors.length;
  const { pageSize } = draft.request.machine;
  const hard = memory.memory_hard_limit;
  // Less than a page is rounded down to 0, and 0 kills the group at its first charge.
  if (hard !== undefined && hard !== -1)
    draft.inRange(
      `${PREFIX}memory_hard_limit`,
      hard,
      pageSize,
      MAX,
      `at least one page (${pageSize} bytes), or -1 for no limit`,
    );
  for (const name of [
    'memory_soft_limit',
    'memory_swap_limit',
    'kernel_memory_limit',
    'kernel_tcp_memory_limit',
  ] as const) {
    const value = memory[name];
    if (value !== undefined) draft.inRange(PREFIX + name, value, -1, MAX, 'bytes, or -1 for no limit');
  }
  if (memory.swappiness !== undefined) draft.inRange(`${PREFIX}swappiness`, memory.swappiness, 0, 100);
  if (memory.oom_kill_disable === true && memory.oom_group === true)
    draft.error(
      'TH1306',
      `${PREFIX}oom_group`,
      '`oom_kill_disable` and `oom_group` exclude each other',
      'keep `oom_group` if an out-of-memory is to end the container',
    );
  if (draft.errors.length === before) swapFits(draft, memory);
  return draft.errors.length === before;
}

/** `memory_swap_limit` counts memory and swap together. */
function swapFits(draft: Draft, memory: MemoryResources): void {
  const { memory_hard_limit: hard, memory_swap_limit: total } = memory;
  const key = `${PREFIX}memory_swap_limit`;
  if (total === undefined || total === -1) return;
  const version = draft.request.facts.controllers['memory']?.version ?? 2;
  if (hard === undefined) {
    draft.error(
      'TH1302',
      key,
      'memory_swap_limit is set without memory_hard_limit',
      'add `memory_hard_limit`; the swap limit counts memory plus swap',
    );
  } else if (hard === -1 && version === 1) {
    draft.error(
      'TH1302',
      key,
      'memory_swap_limit is set, but memory_hard_limit is unlimited',
      'limit the memory, or write -1 for both',
    );
  } else if (hard !== -1 && total < hard && !(total === 0 && version === 2)) {
    draft.error(
      'TH1302',
      key,
      `memory_swap_limit ${total} is below memory_hard_limit ${hard}`,
      `memory plus swap: at least ${hard}`,
    );
  }
}

function planV1(draft: Draft, memory: MemoryResources): void {
  const { memory_hard_limit: hard, memory_swap_limit: swap } = memory;
  const limit = (): void => {
    if (hard !== undefined)
      put(
        draft,
        'memory.limit_in_bytes',
        String(hard),
        'memory_hard_limit',
        swap === undefined && hard !== -1 ? {} : { strategy: 'memsw_order' },
      );
  };
  const total = swap ?? (hard === -1 ? -1 : undefined);
  const memsw = (): void => {
    if (total === undefined) return;
    // Without swap accounting there is no file: fine when nothing is to be limited, or when there is no swap to limit.
    const moot = total === -1 || (draft.request.machine.swap === false && total === hard);
    put(
      draft,
      'memory.memsw.limit_in_bytes',
      String(total),
      swap === undefined ? 'memory_hard_limit' : 'memory_swap_limit',
      {
        strategy: 'memsw_order',
        ...(moot ? { tolerate: ['ENOENT'] } : {}),
      },
    );
  };
  // The order for a fresh group; the strategy looks at the present values.
  for (const step of total === -1 ? [memsw, limit] : [limit, memsw]) step();
  if (memory.memory_soft_limit !== undefined) {
    if (draft.request.machine.preemptRt === true)
      draft.unavailable(
        'TH2002',
        'memory.soft_limit_in_bytes does not work on PREEMPT_RT kernels',
        'remove `memory_soft_limit`',
        `${PREFIX}memory_soft_limit`,
      );
    else put(draft, 'memory.soft_limit_in_bytes', String(memory.memory_soft_limit), 'memory_soft_limit');
  }
  if (memory.kernel_memory_limit !== undefined) {
    // Deprecated in 5.4, EOPNOTSUPP from 5.16, accepted without effect by later kernels.
    put(draft, 'memory.kmem.limit_in_bytes', String(memory.kernel_memory_limit), 'kernel_memory_limit', {
      tolerate: ['ENOENT', 'EOPNOTSUPP', 'EBUSY'],
    });
    noEffect(draft, 'kernel_memory_limit', 'kernel memory is part of memory_hard_limit');
  }
  if (memory.kernel_tcp_memory_limit !== undefined)
    put(
      draft,
      'memory.kmem.tcp.limit_in_bytes',
      String(memory.kernel_tcp_memory_limit),
      'kernel_tcp_memory_limit',
      memory.kernel_tcp_memory_limit === -1 ? { tolerate: ['ENOENT'] } : {},
    );
  if (memory.swappiness !== undefined) put(draft, 'memory.swappiness', String(memory.swappiness), 'swappiness');
  // A new group inherits the parent's setting, so `false` is written too.
  if (memory.oom_kill_disable !== undefined)
    put(draft, 'memory.oom_control', memory.oom_kill_disable ? '1' : '0', 'oom_kill_disable');
  if (memory.oom_group === true)
    draft.warn(
      'TH1315',
      `${PREFIX}oom_group`,
      '`oom_group` has no file on cgroups v1',
      'Thuban itself kills the rest of the group after an out-of-memory kill',
    );
  warnSwap(draft, memory);
}

function planV2(draft: Draft, memory: MemoryResources): void {
  const { memory_hard_limit: hard, memory_swap_limit: total } = memory;
  if (memory.oom_kill_disable === true)
    draft.otherVersion(`${PREFIX}oom_kill_disable`, 1, 'use `unified: {memory.high: …}` to slow down instead of kill');
  // Swap first, so that a tight limit does not begin by swapping (runc's order).
  const swap = swapMax(hard, total);
  if (swap !== undefined)
    put(
      draft,
      'memory.swap.max',
      swap,
      total === undefined ? 'memory_hard_limit' : 'memory_swap_limit',
      swap === 'max' || swap === '0' ? { tolerate: ['ENOENT'] } : {},
    );
  if (hard !== undefined) put(draft, 'memory.max', unlimited(hard), 'memory_hard_limit');
  if (memory.memory_soft_limit !== undefined)
    put(draft, 'memory.low', unlimited(memory.memory_soft_limit), 'memory_soft_limit');
  const limited = hard !== undefined && hard !== -1;
  if (memory.oom_group !== undefined || limited)
    put(
      draft,
      'memory.oom.group',
      memory.oom_group === false ? '0' : '1',
      memory.oom_group === undefined ? 'memory_hard_limit' : 'oom_group',
    );
  if (memory.swappiness !== undefined)
    noEffect(draft, 'swappiness', 'cgroups v2 has no swappiness for one group; limit swap with `memory_swap_limit`');
  if (memory.kernel_memory_limit !== undefined)
    noEffect(draft, 'kernel_memory_limit', 'kernel memory is part of memory_hard_limit');
  if (memory.kernel_tcp_memory_limit !== undefined)
    noEffect(draft, 'kernel_tcp_memory_limit', 'TCP memory is part of memory_hard_limit');
  warnSwap(draft, memory);
}

/** v2 counts swap alone: the total minus the memory. */
function swapMax(hard: number | undefined, total: number | undefined): string | undefined {
  if (total === undefined) return hard === -1 ? 'max' : undefined;
  if (total === -1) return 'max';
  if (hard === undefined || hard === -1) return String(total);
  return String(Math.max(0, total - hard));
}

function unlimited(value: number): string {
  return value === -1 ? 'max' : String(value);
}

function warnSwap(draft: Draft, memory: MemoryResources): void {
  const { memory_hard_limit: hard, memory_swap_limit: swap } = memory;
  if (hard === undefined || hard === -1 || swap !== undefined || draft.request.machine.swap === false) return;
  const { unified } = draft.request.resources;
  if (unified?.['memory.swap.max'] !== undefined) return;
  if (['memory.swap.max', 'memory.memsw.limit_in_bytes'].some((file) => memory.attrs?.[file] !== undefined)) return;
  draft.warn(
    'TH1311',
    `${PREFIX}memory_hard_limit`,
    `no swap limit: at ${hard} bytes the kernel may swap instead`,
    `add \`memory_swap_limit: ${hard}\` (memory plus swap) to forbid swapping`,
  );
}

function noEffect(draft: Draft, name: string, hint: string): void {
  draft.warn('TH1315', PREFIX + name, `\`${name}\` has no effect here`, hint);
}

function put(
  draft: Draft,
  file: string,
  value: string,
  name: string,
  more: { strategy?: 'memsw_order'; tolerate?: string[] } = {},
): void {
  draft.put('memory', { file, value, key: PREFIX + name, ...more });
}
