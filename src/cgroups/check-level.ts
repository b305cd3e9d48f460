import { ThubanError } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import { below } from './paths.ts';
import type { CgroupPlan } from './plan-types.ts';
import { groupPids } from './procs.ts';
import { exists, readIf } from './read.ts';

const KEY = 'cgroups.parent';

/**
 * Whether a group that the manifest names with `cgroups.parent`, and that was there already, can have those of containers below it. On v2 one
 * that holds processes hands no controllers down (cgroup-v2.rst, "No Internal Process Constraint"), and those are not ours to move. One that
 * went away meanwhile is the next step's to find.
 */
export function checkLevel(fs: KernelFs, path: string, plan: CgroupPlan): void {
  if (!exists(fs, `${path}/cgroup.procs`) && exists(fs, path))
    throw new ThubanError('TH2013', `${path} is a file of the kernel and no group`, {
      hint: `use another name in \`${KEY}\``,
      details: { path, key: KEY },
    });
  if (plan.groups.find((group) => below(path, group.path) !== undefined)?.version === 1) return;
  const type = readIf(fs, `${path}/cgroup.type`)?.trim();
  if (type === 'threaded' || type === 'domain invalid')
    throw new ThubanError('TH2013', `${path} is a threaded group, and no container can be below one`, {
      hint: `name a group of type \`domain\` in \`${KEY}\``,
      details: { path, type, key: KEY },
    });
  const isEnabled = plan.writes.some((write) => write.path === path && write.file === 'cgroup.subtree_control');
  const pids = isEnabled ? groupPids(fs, path) : [];
  if (pids.length === 0) return;
  const what = pids.length === 1 ? 'a process' : `${pids.length} processes`;
  throw new ThubanError(
    'TH2007',
    `${path} holds ${what}, so that no controller can be enabled for containers below it`,
    {
      hint: `move them into a group of their own, or name another group in \`${KEY}\``,
      details: { path, pids, key: KEY },
    },
  );
}
