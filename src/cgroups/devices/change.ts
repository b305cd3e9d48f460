import { reasonOf, ThubanError } from '../../base/index.ts';
import type { KernelFs } from '../kernel-fs.ts';
import type { CgroupPlan, CgroupWrite } from '../plan-types.ts';
import type { DeviceList } from './list.ts';
import { compileDevices } from './program.ts';
import { asDenying, readDevicesList, transition, type DeviceWrite } from './version1.ts';
import { checkDeviceList, plannedList, putRule } from './write-list.ts';

/** What the rules of a running container need to be those of another plan. */
export type DeviceChange =
  | { how: 'none' }
  /** There is no group to write to, or v1 cannot go there without a moment in which all is allowed, or nothing. */
  | { how: 'restart' }
  | { how: 'writes'; path: string; to: DeviceList; writes: DeviceWrite[] }
  | { how: 'program'; path: string; program: Buffer };

export type AttachProgram = (group: string, program: Buffer) => Promise<void>;

const EVERYTHING: DeviceList = { fallback: 'allow', exceptions: [] };

/**
 * From the plan in force to another one. `before.groups` are those of the running container. `present` is devices.list of its group on v1:
 * whether the kernel holds what is allowed or what is denied only it can tell, and what is denied only the plan.
 */
export function deviceChange(before: CgroupPlan, after: CgroupPlan, present?: string): DeviceChange {
  const path1 = v1Path(before);
  const wanted = plannedIn(after);
  if (path1 !== undefined)
    return writesFor(path1, plannedIn(before) ?? EVERYTHING, wanted ?? EVERYTHING, readDevicesList(present ?? ''));
  if (wanted !== undefined) return { how: 'restart' };
  const [running, next] = [programOf(before), programOf(after)];
  if (running === next) return { how: 'none' };
  const path = before.groups.find(({ version }) => version === 2)?.path;
  if (path === undefined) return { how: 'restart' };
  const program = next === undefined ? compileDevices(EVERYTHING) : Buffer.from(next, 'base64');
  return { how: 'program', path, program };
}

/** Reads what `deviceChange` must know of the kernel. */
export function planDeviceChange(fs: KernelFs, before: CgroupPlan, after: CgroupPlan): DeviceChange {
  const path = v1Path(before);
  return deviceChange(before, after, path === undefined ? undefined : fs.read(`${path}/devices.list`));
}

/** Carries it out. On a refusal the rules that were in force are so again. `restart` is the caller's to do. */
export async function updateDevices(fs: KernelFs, change: DeviceChange, attach: AttachProgram): Promise<void> {
  if (change.how === 'program') await attach(change.path, change.program);
  if (change.how !== 'writes') return;
  const { path, to, writes } = change;
  const about = { path, key: 'cgroups.devices' };
  const done: DeviceWrite[] = [];
  try {
    for (const write of writes) {
      putRule(fs, { ...about, ...write });
      done.push(write);
    }
    checkDeviceList(fs, about, to);
  } catch (error) {
    takeBack(fs, about, done, error);
    throw error;
  }
}

/** Each write gained or lost exactly what it names, so its contrary is the way back. */
function takeBack(fs: KernelFs, about: { path: string; key: string }, done: DeviceWrite[], because: unknown): void {
  try {
    for (const { file, value } of done.reverse())
      putRule(fs, { ...about, file: file === 'devices.allow' ? 'devices.deny' : 'devices.allow', value });
  } catch (error) {
    throw new ThubanError(
      'TH2004',
      `${about.path} has neither the old nor the new list of devices: ${reasonOf(error)}`,
      {
        hint: 'restart the container',
        details: about,
        cause: new AggregateError([because, error]),
      },
    );
  }
}

function v1Path({ groups }: CgroupPlan): string | undefined {
  return groups.find(({ version, controllers }) => version === 1 && controllers.includes('devices'))?.path;
}

function plannedIn({ writes }: CgroupPlan): DeviceList | undefined {
  const batch = writes.filter(({ strategy }) => strategy === 'device_list');
  return batch.length === 0 ? undefined : plannedList(batch);
}

function programOf({ writes }: CgroupPlan): string | undefined {
  return writes.find(({ op }: CgroupWrite) => op === 'devices')?.program;
}

function writesFor(
  path: string,
  planned: DeviceList,
  wanted: DeviceList,
  present: DeviceList | undefined,
): DeviceChange {
  const from = present ?? planned;
  const to = present === undefined ? wanted : asDenying(wanted);
  if (to?.fallback !== from.fallback) return { how: 'restart' };
  const writes = transition(from, to);
  return writes.length === 0 ? { how: 'none' } : { how: 'writes', path, to, writes };
}
