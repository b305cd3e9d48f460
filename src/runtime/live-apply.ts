import { ThubanError } from '../base/index.ts';
import { applyUpdate, updateDevices, type CgroupUpdate, type DeviceChange, type Notice } from '../cgroups/index.ts';
import type { Board } from './container.ts';
import { deviceAttacher } from './device-programs.ts';
import type { Obstacle } from './live-obstacles.ts';
import type { Updated } from './updated.ts';

type Kernel = Pick<Board, 'fs' | 'launcher'>;

export interface LiveChange {
  update: CgroupUpdate;
  devices: DeviceChange;
}

/** The launcher that attaches programs. An older one goes on after an upgrade, as long as its containers live. */
const ATTACHES = 2;

/** What stands in the way of other rules about devices. */
export function deviceObstacles(devices: DeviceChange, { protocol, build }: Board['launcher']): Obstacle[] {
  const because = (message: string): Obstacle[] => [{ key: 'cgroups.devices', message }];
  if (devices.how === 'restart') return because(devices.why);
  if (devices.how !== 'program' || protocol >= ATTACHES) return [];
  return because(`the launcher of ${build}, which still runs, cannot change the program that guards them`);
}

/**
 * Everything that differs, or nothing. The rules about devices come last, as at a start: they are one step, after which nothing can be refused
 * any more, so that they never have to be taken back because of another limit. Returns what a `best_effort` plan could not have.
 */
export async function putInForce(
  { fs, launcher }: Kernel,
  { update, devices }: LiveChange,
  force: boolean,
): Promise<Notice[]> {
  const { degraded, takeBack } = applyUpdate(fs, update, { force });
  const notices = [...degraded];
  try {
    await updateDevices(fs, devices, deviceAttacher(launcher, notices));
    return notices;
  } catch (error) {
    throw takeBack(error);
  }
}

/** What would be done, in order, as it is told. */
export function toldOf({ update, devices }: LiveChange): Pick<Updated, 'writes' | 'devices' | 'warnings' | 'degraded'> {
  const { writes, warnings, degraded } = update;
  const lists = devices.how === 'writes' ? devices.writes.map((write) => ({ path: devices.path, ...write })) : [];
  return {
    writes: [...writes.map(({ path, file = '', value = '' }) => ({ path, file, value })), ...lists],
    ...(devices.how === 'program' ? { devices: { path: devices.path, rules: devices.rules } } : {}),
    warnings,
    degraded,
  };
}

/** Whether nobody knows what stands now. */
export function isMixed(error: unknown): boolean {
  return error instanceof ThubanError && error.code === 'TH2017';
}
