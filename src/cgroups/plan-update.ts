import type { CgroupPlan, CgroupWrite, Group, Notice } from './plan-types.ts';
import { freshValue, isAction } from './fresh-values.ts';
import { settingsIn, settingsOf } from './settings.ts';

/** What gives groups that exist other limits. */
export interface CgroupUpdate {
  groups: Group[];
  /** In order. Only what changes is written. */
  writes: CgroupWrite[];
  degraded: Notice[];
  warnings: Notice[];
  /** What stands in the way: it takes a new start. Then there are no writes. */
  obstacles: { key: string; message: string }[];
}

/**
 * Pure: from the plan in force to another one, in groups that live. A setting that the new plan does not have goes back to what it is in a new
 * group. `groups`: those that the program is in; another daemon may have made them elsewhere than a plan would put them now. `before`: more than
 * one where it is not known which of them is in force.
 */
export function planUpdate(groups: readonly Group[], before: readonly CgroupPlan[], after: CgroupPlan): CgroupUpdate {
  const obstacles: CgroupUpdate['obstacles'] = [];
  const placed = (plan: CgroupPlan): CgroupWrite[] =>
    plan.writes.flatMap((write) => {
      if (write.op !== 'write' || write.file === 'cgroup.subtree_control') return [];
      if (write.strategy === 'device_list') return []; // no settings, but one list: devices/change.ts
      const group = groups.find(({ controllers }) => controllers.includes(write.controller));
      if (group !== undefined) return [{ ...write, path: group.path }];
      // What was in force without a group has been left out then (`best_effort`).
      if (plan === after) obstacles.push(without(write));
      return [];
    });
  const wanted = placed(after);
  const olds = before.map((plan) => settingsOf(placed(plan)));
  const news = settingsOf(wanted);
  const resets = [...new Map(olds.flatMap((old) => [...old]))].flatMap(([id, { write, name }]): CgroupWrite[] => {
    if (news.has(id) || write.strategy === 'inherit' || isAction(write.file ?? '')) return [];
    const reset = freshValue(write, name);
    if (reset === undefined) obstacles.push(unknown(write));
    return reset === undefined ? [] : [reset];
  });
  const changes = wanted.filter((write) => {
    const names = [...settingsIn(write.file ?? '', write.value ?? '').keys()];
    const ids = names.map((name) => `${write.path}/${write.file ?? ''} ${name}`);
    return ids.some((id) => olds.some((old) => old.get(id)?.value !== news.get(id)?.value));
  });
  const writes = obstacles.length > 0 ? [] : inOrder([...resets, ...withBurst(changes, wanted)], wanted);
  return { groups: [...groups], writes, degraded: after.degraded, warnings: after.warnings, obstacles };
}

/** Linux 5.14 to 6.9 lose a factor of 1000 of the burst whenever cpu.max is written (cpu_max_write), so it is written again. */
function withBurst(changes: CgroupWrite[], wanted: readonly CgroupWrite[]): CgroupWrite[] {
  const burst = wanted.find(({ file }) => file === 'cpu.max.burst');
  const isLost = changes.some(({ file }) => file === 'cpu.max') && burst !== undefined && !changes.includes(burst);
  return isLost ? [...changes, burst] : changes;
}

/**
 * Controller by controller in the order of the plan, what is set back first, since that frees more than it takes. What the kernel checks against
 * each other stands together, for its strategy to see all of it.
 */
function inOrder(writes: readonly CgroupWrite[], wanted: readonly CgroupWrite[]): CgroupWrite[] {
  const controllers = [...new Set([...wanted, ...writes].map(({ controller }) => controller))];
  return controllers.flatMap((controller) => {
    const own = writes.filter((write) => write.controller === controller);
    const by = (strategy: CgroupWrite['strategy']): CgroupWrite[] =>
      own.filter((write) => strategyOf(write) === strategy).map((write) => ({ ...write, ...strategyIn(strategy) }));
    const alone = own.filter((write) => strategyOf(write) === undefined);
    return [...by('memsw_order'), ...by('quota_then_period'), ...by('rt_root_down'), ...alone];
  });
}

const MEMSW_PAIR = ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'];

/** The kernel refuses a weight while cpu.idle is 1, as it checks quota, period and burst against each other. */
function strategyOf({ file = '' }: CgroupWrite): CgroupWrite['strategy'] {
  if (MEMSW_PAIR.includes(file)) return 'memsw_order';
  if (file.startsWith('cpu.rt_')) return 'rt_root_down';
  if (/^cpu\.(shares|weight|weight\.nice|idle|max|max\.burst|cfs_\w+)$/.test(file)) return 'quota_then_period';
  return undefined;
}

function strategyIn(strategy: CgroupWrite['strategy']): Pick<CgroupWrite, 'strategy'> {
  return strategy === undefined ? {} : { strategy };
}

function without({ controller, key = 'cgroups' }: CgroupWrite): { key: string; message: string } {
  return { key, message: `it runs in no group of the ${controller} controller` };
}

function unknown({ file = '', key = 'cgroups' }: CgroupWrite): { key: string; message: string } {
  return { key, message: `${file} cannot be set back: nobody knows what it was before` };
}
