import type { KernelFs } from '../kernel-fs.ts';
import type { CgroupWrite } from '../plan-types.ts';
import { changedByKernel, refusal } from '../refusal.ts';
import type { DeviceList } from './list.ts';
import { entryText } from './rule.ts';
import { readDevicesList } from './version1.ts';

/** `device_list`: all or nothing first, then the exceptions; then the whole list is read back. For a group that nobody is in yet. */
export function writeDeviceList(fs: KernelFs, batch: readonly CgroupWrite[]): void {
  const [first] = batch;
  if (first === undefined) return;
  for (const write of batch) putRule(fs, write);
  checkDeviceList(fs, first, plannedList(batch));
}

/** The list that a plan's writes stand for. */
export function plannedList([whole, ...single]: readonly CgroupWrite[]): DeviceList {
  const text = single.map(({ value }) => value).join('\n');
  return {
    fallback: whole?.file === 'devices.allow' ? 'allow' : 'deny',
    exceptions: readDevicesList(text)?.exceptions ?? [],
  };
}

export function putRule(fs: KernelFs, write: Pick<CgroupWrite, 'path' | 'key' | 'file' | 'value'>): void {
  const { path, file = '', value = '' } = write;
  try {
    fs.write(`${path}/${file}`, value);
  } catch (error) {
    throw refusal({ ...write, op: 'write', controller: 'devices' }, error);
  }
}

export function checkDeviceList(fs: KernelFs, about: Pick<CgroupWrite, 'path' | 'key'>, wanted: DeviceList): void {
  const found = fs.read(`${about.path}/devices.list`);
  if (shown(readDevicesList(found)) === shown(wanted)) return;
  throw changedByKernel(
    { ...about, op: 'write', controller: 'devices', file: 'devices.list', value: shown(wanted) },
    found.trim().replaceAll('\n', ', '),
  );
}

/** What the kernel shows of a list: of one that allows all others only that. */
function shown(list: DeviceList | undefined): string {
  if (list === undefined || list.fallback === 'allow') return 'a *:* rwm';
  return list.exceptions.map(entryText).sort().join(', ');
}
