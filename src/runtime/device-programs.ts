import { errnoText, ThubanError } from '../base/index.ts';
import type { AttachProgram, CgroupPlan, CgroupWrite, Notice } from '../cgroups/index.ts';
import type { LauncherClient } from '../launcher/index.ts';

type Attacher = Pick<LauncherClient, 'setDevices'>;

const KEY = 'cgroups.devices';

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
    degraded.push(noticeOf(error, key));
  }
  return degraded;
}

/**
 * For a live change, as `updateDevices` of the cgroups calls it. What `best_effort` lets pass is added to `degraded`, unless the new plan has no
 * rules: then a kernel without programs enforces all that is asked of it.
 */
export function deviceAttacher(launcher: Attacher, degraded: Notice[]): AttachProgram {
  return async ({ path, program, optional, limits }) => {
    const errno = await launcher.setDevices(path, program);
    if (errno === undefined) return;
    const error = refused(path, errno, KEY);
    if (!optional || !CANNOT.includes(errno)) throw error;
    if (limits) degraded.push(noticeOf(error, KEY));
  };
}

function noticeOf({ code, message, hint }: ThubanError, key: string | undefined): Notice {
  return { code, message, ...(hint === undefined ? {} : { hint }), ...(key === undefined ? {} : { key }) };
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
