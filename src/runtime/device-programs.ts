import { errnoText, ThubanError } from '../base/index.ts';
import type { CgroupPlan, CgroupWrite, Notice } from '../cgroups/index.ts';
import type { LauncherClient } from '../launcher/index.ts';

type Attacher = Pick<LauncherClient, 'setDevices'>;

/** What a kernel answers that has no such programs, or does not take them from us. */
const CANNOT = ['ENOSYS', 'EINVAL', 'EOPNOTSUPP', 'EPERM'];

/** The programs that a plan has for its v2 group, before anything runs in it. What `best_effort` lets pass is returned. */
export async function attachDevicePrograms(launcher: Attacher, plan: CgroupPlan): Promise<Notice[]> {
  const degraded: Notice[] = [];
  for (const { op, path, program = '', key, optional } of plan.writes) {
    if (op !== 'devices') continue;
    const errno = await launcher.setDevices(path, Buffer.from(program, 'base64'));
    if (errno === undefined) continue;
    const error = refused(path, errno, key);
    if (optional !== true || !CANNOT.includes(errno)) throw error;
    const { code, message, hint } = error;
    degraded.push({ code, message, ...(hint === undefined ? {} : { hint }), ...(key === undefined ? {} : { key }) });
  }
  return degraded;
}

/** For a live change, as `updateDevices` of the cgroups calls it. */
export function deviceAttacher(launcher: Attacher): (group: string, program: Buffer) => Promise<void> {
  return async (group, program) => {
    const errno = await launcher.setDevices(group, program);
    if (errno !== undefined) throw refused(group, errno, 'cgroups.devices');
  };
}

function refused(path: string, errno: string, key: CgroupWrite['key']): ThubanError {
  const hint =
    errno === 'EPERM'
      ? 'run as root of the whole board; `bpftool cgroup tree` shows programs of groups above'
      : 'build the kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF';
  return new ThubanError(
    'TH2008',
    `the kernel does not take the program that guards the devices of ${path}: ${errnoText(errno)} (${errno})`,
    { ...(CANNOT.includes(errno) ? { hint } : {}), details: { path, errno, ...(key === undefined ? {} : { key }) } },
  );
}
