import type { ImageFile } from '../base/index.ts';
import type { Above, Group, Monitor, Notice, OomCounters } from '../cgroups/index.ts';
import type { CgroupsSection, LoadedManifest, Manifest, Stop } from '../manifest/index.ts';
import { consoleOf, type ContainerConsole } from './consoles.ts';
import type { LaunchPlan } from './plan.ts';

/**
 * All that is needed to go on with a run without the process that began it. The launcher keeps it with the container, so that another
 * daemon, also one of another build, finds it there.
 */
export interface RunRecord {
  v: 1;
  /** `name:version`. */
  container: string;
  file: string;
  digest: string;
  /** Absent when it is too large for the launcher; then the run can be watched and stopped, and is not restarted. */
  manifest?: Manifest;
  /** The limits in force where they are not those of the manifest, or where that is too large. */
  cgroups?: CgroupsSection;
  /** Limits that were begun to be put in force: it is not known which of them and of those before stand. */
  pending?: CgroupsSection;
  /** The image in the package that the manifest came in, and the root if it says so. */
  image?: ImageFile;
  /** Ids of the containers whose files this run uses. Absent: an older version began it, which knew of none. */
  resources?: string[];
  /** Absent: it has none. */
  console?: ContainerConsole;
  groups: Group[];
  /** How many of the groups above them the manifest names. Absent: none. */
  levels?: number;
  degraded: Notice[];
  /** The kernel's counters before the program existed. */
  before: OomCounters | null;
  /** Those of the groups above. Absent: an older version began it, which did not look. */
  above?: Above | null;
  /** What the launcher watches for memory pressure. Absent: an older version began it, and nothing. */
  monitors?: Monitor[];
  /** The kernel cannot tell of an out-of-memory: its counters are looked at. */
  polled?: boolean;
  /** Bytes. */
  memory_limit?: number;
  stop: Stop;
  kill_all_on_oom: boolean;
  /** The program and its arguments. */
  command: string[];
}

/** The launcher takes 64 KiB; what is not the manifest needs far less than the rest. */
const MAX_MANIFEST = 48 * 1024;

/** Limits have room beside a manifest that is as large as can be. */
const MAX_LIMITS = 8 * 1024;

/** `limits`: others than those of the manifest. */
export function recordOf(
  loaded: LoadedManifest,
  plan: LaunchPlan,
  limits?: CgroupsSection,
): Omit<RunRecord, 'before' | 'above' | 'degraded'> {
  const limit = memoryLimit(plan);
  const fits = Buffer.byteLength(JSON.stringify(loaded.manifest)) <= MAX_MANIFEST;
  const console = consoleOf(plan);
  const cgroups = limits ?? (fits ? undefined : (loaded.manifest.cgroups ?? {}));
  return {
    v: 1,
    container: plan.id,
    file: loaded.file,
    digest: loaded.digest,
    ...(fits ? { manifest: loaded.manifest } : {}),
    ...(cgroups !== undefined && areStorable(cgroups) ? { cgroups } : {}),
    ...(loaded.image === undefined ? {} : { image: loaded.image }),
    resources: plan.resources,
    ...(console === undefined ? {} : { console }),
    groups: plan.cgroup.groups,
    ...(plan.cgroup.levels === undefined ? {} : { levels: plan.cgroup.levels }),
    ...(limit === undefined ? {} : { memory_limit: limit }),
    stop: plan.stop,
    kill_all_on_oom: plan.kill_all_on_oom,
    command: commandOf(plan),
  };
}

/** The launcher takes no more of them. */
export function areStorable(limits: CgroupsSection): boolean {
  return Buffer.byteLength(JSON.stringify(limits)) <= MAX_LIMITS;
}

/** The limits that a run has, as a manifest would say them. Undefined: too large, so that nobody kept them. */
export function limitsOf({ cgroups, manifest }: RunRecord): CgroupsSection | undefined {
  return cgroups ?? (manifest === undefined ? undefined : (manifest.cgroups ?? {}));
}

/** Undefined: whoever began this run is of a version that is not understood. */
export function readRecord(blob: Buffer): RunRecord | undefined {
  try {
    const record = JSON.parse(blob.toString('utf8')) as Partial<RunRecord> | null;
    if (record?.v !== 1 || typeof record.container !== 'string' || !Array.isArray(record.groups)) return undefined;
    return record as RunRecord;
  } catch {
    return undefined; // no JSON: not ours
  }
}

function memoryLimit(plan: LaunchPlan): number | undefined {
  const files = ['memory.limit_in_bytes', 'memory.max'];
  const write = plan.cgroup.writes.find(({ file, value }) => files.includes(file ?? '') && /^\d+$/.test(value ?? ''));
  return write === undefined ? undefined : Number(write.value);
}

function commandOf(plan: LaunchPlan): string[] {
  const exec = plan.launch.steps.find((step) => step.op === 'exec');
  return exec === undefined ? [] : [exec.path, ...exec.args];
}
