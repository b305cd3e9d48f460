import { dirname } from 'node:path/posix';
import { failpoint } from '../../base/index.ts';
import type { KernelFs } from '../kernel-fs.ts';
import type { CgroupPlan, CgroupWrite, Group } from '../plan-types.ts';
import { readIf } from '../read.ts';
import { mixed } from '../standing.ts';
import type { DeviceList } from './list.ts';
import { compileDevices } from './program.ts';
import { asDenying, readDevicesList, transition, type DeviceWrite } from './version1.ts';
import { checkDeviceList, plannedList, putRule } from './write-list.ts';

/** What the rules of a running container need to be those of another plan. */
export type DeviceChange =
  | ProgramChange
  | { how: 'none' }
  /** There is no group to write to, or v1 cannot go there without a moment in which all is allowed, or nothing. */
  | { how: 'restart'; why: string }
  | { how: 'writes'; path: string; to: DeviceList; writes: DeviceWrite[] };

/** Another program for a v2 group. */
export interface ProgramChange {
  how: 'program';
  path: string;
  program: Buffer;
  rules: string[];
  /** A kernel without such programs is no failure. */
  optional: boolean;
  /** The new plan has rules. Otherwise the program allows everything. */
  limits: boolean;
}

export type AttachProgram = (change: ProgramChange) => Promise<void>;

/** `devices.list` of the group and of the one above. */
export interface DeviceLists {
  own?: string | undefined;
  above?: string | undefined;
}

const EVERYTHING: DeviceList = { fallback: 'allow', exceptions: [] };
const KEY = 'cgroups.devices';

/**
 * Pure: from the plan in force to another one. `befores`: more than one where it is not known which of them is in force. `present`: what the
 * kernel shows on v1: whether it holds what is allowed or what is denied only it can tell, and what is denied only the plan.
 */
export function deviceChange(
  groups: readonly Group[],
  befores: readonly CgroupPlan[],
  after: CgroupPlan,
  present: DeviceLists = {},
): DeviceChange {
  const path1 = v1Path(groups);
  const wanted = plannedIn(after);
  if (path1 !== undefined) {
    const planned = befores.map((before) => plannedIn(before) ?? EVERYTHING);
    return writesFor(path1, planned, wanted ?? listIn(present.above) ?? EVERYTHING, listIn(present.own));
  }
  const running = befores.map(programOf);
  const next = programOf(after);
  const path = groups.find(({ version }) => version === 2)?.path;
  if (wanted !== undefined || (path === undefined && running.some((one) => one?.program !== next?.program)))
    return { how: 'restart', why: 'it runs in no group of the devices controller' };
  if (path === undefined || running.every((one) => one?.program === next?.program)) return { how: 'none' };
  const { program, rules = ['allow a *:* rwm'], optional = running.some((one) => one?.optional === true) } = next ?? {};
  return {
    how: 'program',
    path,
    program: program === undefined ? compileDevices(EVERYTHING) : Buffer.from(program, 'base64'),
    rules,
    optional,
    limits: next !== undefined,
  };
}

/** Reads what `deviceChange` must know of the kernel. */
export function planDeviceChange(
  fs: KernelFs,
  groups: readonly Group[],
  befores: readonly CgroupPlan[],
  after: CgroupPlan,
): DeviceChange {
  const path = v1Path(groups);
  if (path === undefined) return deviceChange(groups, befores, after);
  const [own, above] = [path, dirname(path)].map((directory) => readIf(fs, `${directory}/devices.list`));
  return deviceChange(groups, befores, after, { own, above });
}

/** Carries it out. On a refusal the rules that were in force are so again (else TH2017). `restart` is the caller's to do. */
export async function updateDevices(fs: KernelFs, change: DeviceChange, attach: AttachProgram): Promise<void> {
  if (change.how === 'program') {
    await attach(change);
    failpoint('update.written');
  }
  if (change.how !== 'writes') return;
  const { path, to, writes } = change;
  const about = { path, key: KEY };
  const before = readIf(fs, `${path}/devices.list`) ?? '';
  const done: DeviceWrite[] = [];
  try {
    for (const write of writes) {
      putRule(fs, { ...about, ...write });
      done.push(write);
      failpoint('update.written');
    }
    checkDeviceList(fs, about, to);
  } catch (error) {
    const isBack = takeBack(fs, about, done);
    const after = readIf(fs, `${path}/devices.list`) ?? '';
    if (isBack && sorted(after) === sorted(before)) throw error;
    throw mixed(error, [{ path, file: 'devices.list', was: sorted(before), stands: sorted(after) }], KEY);
  }
}

/** Each write gained or lost exactly what it names, so its contrary is the way back. A list of what is denied does not show itself. */
function takeBack(fs: KernelFs, about: { path: string; key: string }, done: readonly DeviceWrite[]): boolean {
  let isBack = true;
  for (const { file, value } of [...done].reverse()) {
    try {
      putRule(fs, { ...about, file: file === 'devices.allow' ? 'devices.deny' : 'devices.allow', value });
    } catch {
      isBack = false; // told by whoever called
    }
  }
  return isBack;
}

function sorted(list: string): string {
  return list.trim().split('\n').sort().join(', ');
}

function v1Path(groups: readonly Group[]): string | undefined {
  return groups.find(({ version, controllers }) => version === 1 && controllers.includes('devices'))?.path;
}

function plannedIn({ writes }: CgroupPlan): DeviceList | undefined {
  const batch = writes.filter(({ strategy }) => strategy === 'device_list');
  return batch.length === 0 ? undefined : plannedList(batch);
}

function programOf({ writes }: CgroupPlan): CgroupWrite | undefined {
  return writes.find(({ op }: CgroupWrite) => op === 'devices');
}

function listIn(text: string | undefined): DeviceList | undefined {
  return text === undefined ? undefined : readDevicesList(text);
}

function writesFor(
  path: string,
  planned: readonly DeviceList[],
  wanted: DeviceList,
  present: DeviceList | undefined,
): DeviceChange {
  const from = present === undefined ? planned : [present];
  const to = present === undefined ? wanted : asDenying(wanted);
  if (to === undefined || from.some(({ fallback }) => fallback !== to.fallback))
    return {
      how: 'restart',
      why: 'cgroups v1 goes from a list of what is allowed to one of what is denied only by way of nothing',
    };
  const writes = transition(from, to);
  return writes.length === 0 ? { how: 'none' } : { how: 'writes', path, to, writes };
}
