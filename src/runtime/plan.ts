import { ThubanError, type ImageFile } from '../base/index.ts';
import { planCgroups, type CgroupPlan, type CgroupRequest, type Notice } from '../cgroups/index.ts';
import type { OutputMode, Step } from '../launcher/index.ts';
import { formatPath, stopDefaults, unsupportedIn, type Manifest, type Stop } from '../manifest/index.ts';
import type { Facts } from './facts.ts';
import { DEFAULT_DATA_DIR } from './kept-folders.ts';
import { machineOf } from './machine.ts';
import { planConsole, refuseConsole, type PlannedConsole } from './plan-console.ts';
import { planProgram, type ProgramOverrides } from './plan-program.ts';
import { LaunchDraft } from './plan-draft.ts';
import { planMounts } from './plan-mounts.ts';
import { planLoopback, planNamespaces } from './plan-network.ts';
import { checkVariables, programOf } from './plan-overrides.ts';
import { refuseWithoutRoot, withOwnIds } from './plan-rootless.ts';
import { planRoot } from './plan-root.ts';
import { planSockets } from './plan-sockets.ts';
import { idsOnBoard } from './plan-users.ts';

/** Everything that a start does, decided beforehand: the exact cgroup writes and the launcher's steps. Nothing is done yet. */
export interface LaunchPlan {
  id: string;
  cgroup: CgroupPlan;
  launch: { steps: Step[]; stdout: OutputMode; stderr: OutputMode; uid: number; gid: number };
  /** What answers there is opened before the start. */
  console?: PlannedConsole;
  /** Ids of the containers whose files are mounted. */
  resources: string[];
  stop: Stop;
  /** v1 has no memory.oom.group: the supervisor kills the rest after an OOM kill, so that both versions mean the same. */
  kill_all_on_oom: boolean;
  /** What makes a start impossible on this board. */
  problems: ThubanError[];
  warnings: Notice[];
}

export interface PlanOptions extends ProgramOverrides {
  /** `self` or an absolute path inside the cgroup mount. */
  parent?: string;
  /** The folder below the parent that holds all containers. */
  top?: string;
  /** What a manifest without `cgroups.enforce` means. */
  enforce?: 'strict' | 'best_effort';
  /** The pid of a process that has its containers for itself. */
  instance?: number;
  /** 2 and more: a run beside others of the same container. */
  beside?: number;
  /** 2 and more: what an earlier run left holds the usual groups. */
  spare?: number;
  /** Thuban's own run directory, which no container may see. */
  runDir?: string;
  /** What survives a boot: folders of `persist` mounts and overlays. */
  dataDir?: string;
  /** The image in the package that the manifest came in. */
  image?: ImageFile;
  /** `false`: there is no daemon that could answer a container. */
  hasConsoles?: boolean;
}

const DEFAULT_RUN_DIR = '/run/thuban';
const MINIMUM_KERNEL = [5, 10] as const;
/** Overlays of a user who is not root (5.11), and attributes of a whole tree of mounts (5.12). */
const WITHOUT_ROOT = [5, 12] as const;

export function containerId(manifest: Manifest): string {
  return `${manifest.name}:${manifest.version}`;
}

/** `name:version#2` is the second run at the same time of one container. */
export function runId(manifest: Manifest, beside?: number): string {
  return beside === undefined ? containerId(manifest) : `${containerId(manifest)}#${beside}`;
}

/**
 * Pure: the same manifest, facts and options give the same plan. Whatever makes a start impossible is collected in `problems`, each with
 * `details.key`; thrown is only what leaves nothing to show, such as a parent for cgroups that is no path, or a manifest without a program.
 */
export function plan(given: Manifest, facts: Facts, options: PlanOptions = {}): LaunchPlan {
  const init = programOf(given, options);
  const { runDir = DEFAULT_RUN_DIR, dataDir = DEFAULT_DATA_DIR, beside } = options;
  const draft = new LaunchDraft(facts, { runDir, dataDir, beside });
  const manifest = withOwnIds(given, draft);
  checkKernel(draft);
  refuseWithoutRoot(manifest, draft);
  checkVariables(options, draft);
  for (const { path, message, hint } of unsupportedIn(manifest))
    draft.problem('TH1107', message, hint, formatPath(path));
  planNamespaces(manifest, draft);
  const id = runId(manifest, options.beside);
  const handed = planSockets(manifest, id, draft);
  const console = planConsole(manifest, id, handed, draft);
  if (options.hasConsoles === false) refuseConsole(manifest, draft);
  planMounts(manifest, planRoot(manifest, options.image, draft), console, draft);
  if (manifest.hostname !== undefined) draft.steps.push({ op: 'hostname', name: manifest.hostname, key: 'hostname' });
  planLoopback(manifest.network, draft);
  planProgram(init, manifest, { ...options, handed }, draft);
  const cgroup = planResources(manifest, draft, options);
  const memory = manifest.cgroups?.memory;
  return {
    id,
    cgroup,
    launch: {
      steps: draft.steps,
      stdout: manifest.io?.stdout ?? 'pipe',
      stderr: manifest.io?.stderr ?? 'pipe',
      ...idsOnBoard(manifest),
    },
    ...(console === undefined ? {} : { console }),
    resources: draft.resources,
    stop: manifest.stop ?? stopDefaults,
    kill_all_on_oom: memory?.memory_hard_limit !== undefined && memory.oom_group !== false,
    problems: draft.problems,
    warnings: [
      ...cgroup.warnings,
      ...cgroup.degraded,
      ...draft.notes.map((note) => ({ code: 'TH1315' as const, ...note })),
    ],
  };
}

/** Limits that cannot be met are problems like any other; the plan then shows the groups without limits. */
function planResources(manifest: Manifest, draft: LaunchDraft, options: PlanOptions): CgroupPlan {
  const { facts } = draft;
  const { enforce, parent: below, devices: own, ...others } = manifest.cgroups ?? {};
  const devices = draft.devices.rules(own);
  const request: CgroupRequest = {
    resources: { ...others, ...(devices === undefined ? {} : { devices }) },
    name: manifest.name,
    version: manifest.version,
    ...(options.instance === undefined ? {} : { instance: options.instance }),
    ...(options.beside === undefined ? {} : { beside: options.beside }),
    ...(options.spare === undefined ? {} : { spare: options.spare }),
    facts: facts.cgroups,
    parent: options.parent ?? 'self',
    ...(below === undefined ? {} : { below }),
    ...(options.top === undefined ? {} : { top: options.top }),
    enforce: enforce ?? options.enforce ?? 'strict',
    machine: machineOf(facts),
  };
  const named = <T extends { key?: string }>(list: T[]): T[] =>
    list.map((one) => (one.key === undefined ? one : { ...one, key: draft.devices.keyOf(one.key, own) }));
  try {
    const made = planCgroups(request);
    return { ...made, writes: named(made.writes), warnings: named(made.warnings), degraded: named(made.degraded) };
  } catch (error) {
    const refused = error instanceof ThubanError ? (error.details['errors'] as Notice[] | undefined) : undefined;
    if (refused === undefined) throw error;
    for (const { code, message, hint, key = 'cgroups' } of refused)
      draft.problem(code, message, hint, draft.devices.keyOf(key, own));
    const { below: _below, ...elsewhere } = request;
    const isElsewhere = refused.some(({ key }) => key === 'cgroups.parent');
    return planCgroups({ ...(isElsewhere ? elsewhere : request), resources: {} });
  }
}

function checkKernel(draft: LaunchDraft): void {
  const { kernel, rootless } = draft.facts;
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  const [least, then] = rootless === undefined ? MINIMUM_KERNEL : WITHOUT_ROOT;
  if (major > least || (major === least && minor >= then)) return;
  const message = `this kernel is ${kernel}; Thuban needs Linux ${least}.${then} or newer`;
  if (rootless === undefined) draft.problem('TH2012', message, 'update the board’s kernel', 'name');
  else draft.problem('TH2012', `${message} without root`, 'use sudo, or update the board’s kernel', 'name');
}
