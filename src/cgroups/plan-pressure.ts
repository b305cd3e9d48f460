import type { Draft } from './draft.ts';
import type { PressureResources } from './resources.ts';

const KEY = 'cgroups.memory.pressure';
const SECOND = 1_000_000;
/** Since 6.4 who lacks CAP_SYS_RESOURCE may watch as well, in windows of a multiple of this. */
const UNPRIVILEGED_WINDOW = 2 * SECOND;

/** Early warnings. They are held by the launcher, because neither POLLPRI nor an eventfd can be had in Node.js. */
export function planPressure(draft: Draft, pressure: PressureResources, version: 1 | 2): void {
  if (version === 1) planLevel(draft, pressure);
  else planTriggers(draft, pressure);
}

/** Documentation/admin-guide/cgroup-v1/memory.rst, section 11. */
function planLevel(draft: Draft, { level = 'medium' }: PressureResources): void {
  if (draft.request.machine.preemptRt === true)
    draft.unavailable(
      'TH2015',
      'memory.pressure_level does not work on PREEMPT_RT kernels',
      'boot with cgroups v2, or remove `pressure`',
      KEY,
    );
  else draft.monitor({ kind: 'level', file: 'memory.pressure_level', text: level, key: KEY });
}

/** Documentation/accounting/psi.rst, kernel/sched/psi.c. */
function planTriggers(draft: Draft, { some, full, window = 2 }: PressureResources): void {
  if (some === undefined && full === undefined) {
    draft.otherVersion(`${KEY}.level`, 1, 'add `some: 150 ms` or `full: 50 ms`');
    return;
  }
  const length = Math.round(window * SECOND);
  if (!mayWatch(draft, length)) return;
  for (const [kind, stall] of [
    ['some', some],
    ['full', full],
  ] as const)
    if (stall !== undefined)
      draft.monitor({
        kind,
        file: 'memory.pressure',
        text: `${kind} ${Math.round(stall * SECOND)} ${length}`,
        key: `${KEY}.${kind}`,
      });
}

function mayWatch(draft: Draft, window: number): boolean {
  const { psi, kernel, sysResource } = draft.request.machine;
  if (psi === false) {
    draft.lacks('memory.pressure', KEY);
    return false;
  }
  if (sysResource !== false || (isSince64(kernel) && window % UNPRIVILEGED_WINDOW === 0)) return true;
  if (isSince64(kernel))
    draft.unavailable(
      'TH2015',
      `without CAP_SYS_RESOURCE the kernel watches pressure only in windows of a multiple of 2 s, not of ${window / SECOND} s`,
      'write `window: 2 s`, or give Thuban CAP_SYS_RESOURCE',
      `${KEY}.window`,
    );
  else
    draft.unavailable(
      'TH2015',
      'before Linux 6.4 pressure can be watched only with CAP_SYS_RESOURCE',
      'give Thuban CAP_SYS_RESOURCE',
      KEY,
    );
  return false;
}

function isSince64(kernel = ''): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 4);
}
