import { dirname } from 'node:path/posix';
import { errnoOf, hasErrno } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { CgroupWrite } from './plan-types.ts';
import { exists, readIf } from './read.ts';
import { refusal } from './refusal.ts';
import { settingsIn, textOf } from './settings.ts';

const MEMSW = 'memory.memsw.limit_in_bytes';

/**
 * `memsw_order`: whether a pair must be written the other way round than it stands. memsw goes first when it becomes
 * unlimited or rises above the present limit (runc's rule): the kernel keeps memsw >= limit at every instant.
 */
export function memswFirst(fs: KernelFs, batch: readonly CgroupWrite[]): boolean {
  const memsw = batch.find((write) => write.file === MEMSW);
  const [first] = batch;
  if (memsw?.value === undefined || first === undefined || batch.length !== 2) return false;
  const limit = Number(readIf(fs, `${memsw.path}/memory.limit_in_bytes`) ?? Number.NaN);
  const memswGoesFirst = memsw.value === '-1' || limit < Number(memsw.value);
  return memswGoesFirst !== (first === memsw);
}

/** `inherit`: the value of the directory above. For a v1 cpuset `fill_empty` has seen to it that there is one. */
export function inherited(fs: KernelFs, { path, file = '', value = '' }: CgroupWrite): string {
  const above = settingsIn(file, cpusetAbove(fs, path, file) ?? readIf(fs, `${dirname(path)}/${file}`) ?? '');
  // Only a map of network interfaces can lack an entry, which then means 0.
  const [name = ''] = settingsIn(file, value).keys();
  return textOf(file, name, above.get(name) ?? (name === '' ? '' : '0'));
}

/**
 * What an empty v2 cpuset stands for. It cannot be emptied while something lives there (ENOSPC, validate_change of kernel/cgroup/cpuset.c), so
 * that this is written in its place.
 */
export function cpusetAbove(fs: KernelFs, path: string, file: string): string | undefined {
  return /^cpuset\.(cpus|mems)$/.test(file) ? readIf(fs, `${dirname(path)}/${file}.effective`)?.trim() : undefined;
}

/**
 * `fill_empty`: processors and nodes from the nearest group above that has some, written root-down. Every level must be
 * filled before the next one can be (cgroup-v1/cpusets.rst); with cgroup.clone_children the kernel has done it.
 */
export function fillEmpty(fs: KernelFs, path: string): void {
  for (const file of ['cpus', 'mems']) {
    // With the mount option noprefix the names are short.
    if (fill(fs, path, `cpuset.${file}`) === undefined) fill(fs, path, file);
  }
}

function fill(fs: KernelFs, path: string, file: string): string | undefined {
  const present = readIf(fs, `${path}/${file}`)?.trim();
  if (present !== '') return present;
  const value = fill(fs, dirname(path), file);
  if (value === undefined || value === '') return undefined;
  try {
    fs.write(`${path}/${file}`, value);
  } catch (error) {
    throw refusal({ op: 'write', controller: 'cpuset', path, file, value }, error);
  }
  return value;
}

/**
 * `rt_root_down`: a group can only get real-time bandwidth that the group above has, and a new group has none
 * (sched-rt-group.rst). Gives the directories above `path` all that the one above them has, root-down. False if there is nothing to give.
 */
export function raiseRealtime(fs: KernelFs, path: string, levels = 1): boolean {
  const above = dirname(path);
  const source = dirname(above);
  if (levels > 1) raiseRealtime(fs, above, levels - 1);
  const runtime = readIf(fs, `${source}/cpu.rt_runtime_us`)?.trim();
  const period = readIf(fs, `${source}/cpu.rt_period_us`)?.trim();
  if (runtime === undefined || period === undefined || runtime === '0') return false;
  if (readIf(fs, `${above}/cpu.rt_runtime_us`)?.trim() !== '0') return false;
  try {
    fs.write(`${above}/cpu.rt_period_us`, period);
    fs.write(`${above}/cpu.rt_runtime_us`, runtime);
    return true;
  } catch (error) {
    // Others may hold a share of it already: then the refusal of the container's own value is the answer to show.
    if (hasErrno(error, 'EINVAL', 'EBUSY')) return false;
    throw error;
  }
}

/**
 * `enable_all`, `enable_each`: one write for all controllers, since it costs one walk of the tree. It is all or nothing,
 * so after a refusal each is tried alone, which also names the one at fault.
 */
export function enableControllers(fs: KernelFs, write: CgroupWrite): void {
  const file = `${write.path}/cgroup.subtree_control`;
  const value = write.value ?? '';
  try {
    fs.write(file, value);
    return;
  } catch (error) {
    if (errnoOf(error) === undefined || !exists(fs, file)) throw refusal(write, error);
  }
  for (const word of value.split(' ')) {
    try {
      fs.write(file, word);
    } catch (error) {
      if (write.tolerate?.includes(errnoOf(error) ?? '') !== true) throw refusal({ ...write, value: word }, error);
    }
  }
}
