import { ThubanError } from '../base/index.ts';
import { planCgroups, type CgroupPlan, type Notice } from '../cgroups/index.ts';
import type { OutputMode, Step } from '../launcher/index.ts';
import { stopDefaults, type Manifest, type Stop } from '../manifest/index.ts';
import type { Facts } from './facts.ts';
import { planProgram, type ProgramOverrides } from './plan-program.ts';
import { planRoot } from './plan-root.ts';

/** Everything that a start does, decided beforehand: the exact cgroup writes and the launcher's steps. Nothing is done yet. */
export interface LaunchPlan {
  id: string;
  cgroup: CgroupPlan;
  launch: { steps: Step[]; stdout: OutputMode; stderr: OutputMode; uid: number; gid: number };
  stop: Stop;
  /** v1 has no memory.oom.group: the supervisor kills the rest after an OOM kill, so that both versions mean the same. */
  kill_all_on_oom: boolean;
  warnings: Notice[];
}

export interface PlanOptions extends ProgramOverrides {
  /** `self` or an absolute path inside the cgroup mount. */
  parent?: string;
  /** 2 and more: a further instance of the same container. */
  instance?: number;
  /** Thuban's own run directory, which no container may see. */
  runDir?: string;
}

export const DEFAULT_RUN_DIR = '/run/thuban';
export const MINIMUM_KERNEL = [5, 10] as const;

export function containerId(manifest: Manifest): string {
  return `${manifest.name}:${manifest.version}`;
}

/** Pure: the same manifest, facts and options give the same plan. Throws a ThubanError with `details.key` for what cannot be started. */
export function plan(manifest: Manifest, facts: Facts, options: PlanOptions = {}): LaunchPlan {
  checkKernel(facts.kernel);
  const root = planRoot(manifest, facts, options.runDir ?? DEFAULT_RUN_DIR);
  const program = planProgram(manifest, facts, options);
  const { enforce, ...resources } = manifest.cgroups ?? {};
  const cgroup = planCgroups({
    resources,
    name: manifest.name,
    version: manifest.version,
    ...(options.instance === undefined ? {} : { instance: options.instance }),
    facts: facts.cgroups,
    parent: options.parent ?? 'self',
    enforce: enforce ?? 'strict',
    machine: {
      pageSize: facts.page_size,
      cpus: facts.cpus,
      nodes: facts.nodes,
      memory: facts.memory,
      swap: facts.swap,
      preemptRt: facts.preempt_rt,
      blockDevices: facts.block_devices,
    },
  });
  const steps: Step[] = [{ op: 'namespaces', namespaces: ['pid', 'mount', 'ipc', 'uts', 'net'] }, ...root.steps];
  if (manifest.hostname !== undefined) steps.push({ op: 'hostname', name: manifest.hostname, key: 'hostname' });
  steps.push({ op: 'loopback' }, ...program);
  return {
    id: containerId(manifest),
    cgroup,
    launch: {
      steps,
      stdout: manifest.io?.stdout ?? 'pipe',
      stderr: manifest.io?.stderr ?? 'pipe',
      uid: manifest.uid,
      gid: manifest.gid,
    },
    stop: manifest.stop ?? stopDefaults,
    kill_all_on_oom: resources.memory?.memory_hard_limit !== undefined && resources.memory.oom_group !== false,
    warnings: [
      ...cgroup.warnings,
      ...cgroup.degraded,
      ...root.notes.map((message): Notice => ({ code: 'TH1315', message, key: 'mounts' })),
    ],
  };
}

function checkKernel(release: string): void {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  if (major > MINIMUM_KERNEL[0] || (major === MINIMUM_KERNEL[0] && minor >= MINIMUM_KERNEL[1])) return;
  throw new ThubanError('TH2012', `this kernel is ${release}; Thuban needs Linux 5.10 or newer`);
}
