import type { LoadedManifest, Mount } from '../manifest/index.ts';
import { rejectedId, type Catalogue, type Entry, type RejectedEntry } from './catalogue.ts';
import type { ContainerDetail, ContainerSummary, EventRecord } from './control.ts';
import { keyPaths } from './key-path.ts';
import { isResource } from './no-program.ts';
import { socketName } from './plan-sockets.ts';
import { differencesWithin } from './reconcile/index.ts';
import { meanTheSame } from './same-meaning.ts';
import { usageOf } from './usage.ts';

export function summaryOf({ supervised, scheduled }: Entry, usage: boolean): ContainerSummary {
  const { manifest, file } = supervised.loaded;
  const { next_start_ms, message: _message, uptime_ms: _uptime, conditions, ...status } = supervised.status;
  const { nextRun, waiting } = scheduled ?? {};
  const container = status.pid === undefined ? undefined : supervised.container;
  return {
    ...status,
    conditions: waiting === undefined ? conditions : [...conditions, waiting],
    name: manifest.name,
    version: manifest.version,
    ...(next_start_ms === undefined ? {} : { next_start: new Date(Date.now() + next_start_ms).toISOString() }),
    ...(nextRun === undefined ? {} : { next_run: nextRun.toISOString() }),
    ...(manifest.process?.privileged === true ? { privileged: true } : {}),
    ...(isResource(manifest) ? { resource: true } : {}),
    ...(manifest.autostart === undefined ? {} : { autostart: manifest.autostart }),
    file,
    ...(usage && container !== undefined ? { usage: usageOf(container) } : {}),
  };
}

export function rejectedSummary(entry: RejectedEntry): ContainerSummary {
  const { file, name, version, diagnostics } = entry.rejected;
  return {
    id: rejectedId(entry),
    name: name ?? rejectedId(entry),
    ...(version === undefined ? {} : { version }),
    state: 'rejected',
    since: entry.loaded_at,
    conditions: [],
    restarts: 0,
    oom_kills: 0,
    file,
    errors: diagnostics,
  };
}

export function rejectedDetail(entry: RejectedEntry, history: EventRecord[]): ContainerDetail {
  const { digest } = entry.rejected;
  return {
    ...rejectedSummary(entry),
    loaded_at: entry.loaded_at,
    ...(digest === undefined ? {} : { digest }),
    repository: entry.repository,
    history,
  };
}

export function detailOf(entry: Entry, catalogue: Catalogue, history: EventRecord[]): ContainerDetail {
  const { supervised } = entry;
  const { manifest, digest } = supervised.loaded;
  const { message } = supervised.status;
  const run = supervised.lastRun;
  const memory = run?.counters.memory() ?? undefined;
  const events = run?.counters.events() ?? undefined;
  const cpu = run?.counters.cpu() ?? undefined;
  const command = run?.record.command ?? commandOf(supervised.loaded);
  const present = supervised.container !== undefined;
  const lastRun = entry.scheduled?.lastRun;
  return {
    ...summaryOf(entry, true),
    ...(message === undefined ? {} : { message }),
    loaded_at: entry.loaded_at,
    digest,
    ...(supervised.loaded.signer === undefined ? {} : { signer: supervised.loaded.signer }),
    ...(entry.kept?.why === 'rejected' || isOutdated(supervised) ? { outdated: true } : {}),
    manifest,
    ...changedLimits(supervised),
    lines: linesOf(supervised.loaded),
    repository: entry.repository,
    ...(command === undefined ? {} : { command }),
    ...(manifest.restart === undefined ? {} : { restart: manifest.restart }),
    ...(isResource(manifest) ? { mounted_by: catalogue.mountedBy(supervised.id) } : {}),
    restart_history: supervised.countedRestarts,
    ...(run === undefined
      ? {}
      : { groups: run.groups.groups.map((group) => ({ ...group, ...(present ? {} : { removed: true as const }) })) }),
    mounts: Object.entries(manifest.mounts ?? {}).map(([target, mount]) => describeMount(target, mount)),
    ...socketsOf(entry),
    ...(memory === undefined
      ? {}
      : {
          memory: {
            usage: memory.usage,
            limit: memory.limit,
            peak: memory.peak,
            ...(events === undefined ? {} : { events }),
          },
        }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(lastRun === undefined ? {} : { last_run: lastRun.toISOString() }),
    history,
  };
}

function socketsOf({ supervised, sockets: folder }: Entry): Pick<ContainerDetail, 'sockets'> {
  const { sockets } = supervised.loaded.manifest;
  if (sockets === undefined) return {};
  const path = (name: string): string => `${folder}/${socketName(supervised.id, name)}`;
  return { sockets: Object.entries(sockets).map(([name, { type }]) => ({ name, type, path: path(name) })) };
}

/** Where `update` has put other limits in the place of those of the manifest. */
function changedLimits({ changedLimits: cgroups, loaded }: Entry['supervised']): Pick<ContainerDetail, 'limits'> {
  if (cgroups === undefined) return {};
  return { limits: { cgroups, changed: differencesWithin('cgroups', loaded.manifest.cgroups ?? {}, cgroups) } };
}

/** What is being stopped was started with another manifest. (A text that says the same is no other one.) */
function isOutdated({ container, loaded }: Entry['supervised']): boolean {
  return container !== undefined && !meanTheSame(container.record, loaded);
}

function commandOf({ manifest }: LoadedManifest): string[] | undefined {
  return manifest.init === undefined ? undefined : [manifest.init, ...(manifest.args ?? [])];
}

function describeMount(target: string, mount: Mount): NonNullable<ContainerDetail['mounts']>[number] {
  if (mount.type === 'device') return { target, type: mount.type, source: mount.host, options: mount.access };
  if (mount.type === 'overlay') return { target, type: mount.type, source: mount.lower.join(':') };
  if (mount.type !== 'bind' && mount.type !== 'resource') return { target, type: mount.type };
  return {
    target,
    type: mount.type,
    source: mount.type === 'bind' ? mount.host : `${mount.name} ${mount.version} ${mount.dir}`,
    ...(mount.options === undefined ? {} : { options: mount.options }),
  };
}

function linesOf(loaded: LoadedManifest): Record<string, number> {
  return Object.fromEntries(keyPaths(loaded.manifest).map(([text, path]) => [text, loaded.position(path).line]));
}
