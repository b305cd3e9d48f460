import { ThubanError } from '../src/base/index.ts';
import { loadManifest, type Manifest } from '../src/manifest/index.ts';

export const MEMORY_LIMIT = 64 * 1024 * 1024;
/** Small, so that it is reached soon. */
const OOM_LIMIT = 16 * 1024 * 1024;
export const CPU_SHARES = 512;
export const PIDS_LIMIT = 64;
export const UID = 1000;
export const GID = 1000;
/** Path of the program inside of every root. */
export const PROGRAM = '/bin/stamp';

/** The container whose starts are measured. */
export const MEASURED = 'bench';

/** The same in the board's network. */
export const MEASURED_ON_HOST = 'bench-host';

/** The version that all of them have. */
const VERSION = '1.0.0';

export function idOf(name: string): string {
  return `${name}:${VERSION}`;
}

export function measuredManifest(root: string): string {
  return text(MEASURED, root, []);
}

export function hostNetworkManifest(root: string): string {
  return text(MEASURED_ON_HOST, root, [], { network: 'host' });
}

/** One that takes memory until the kernel ends it. `place` is a folder of the host that it may write its stamp to. */
export function oomManifest(name: string, root: string, place: string): string {
  return text(name, root, ['/stamp/time'], {
    init: '/bin/eat',
    mounts: { '/stamp': { type: 'bind', host: place, options: 'rw' } },
    cgroups: { memory: { memory_hard_limit: OOM_LIMIT } },
  });
}

export function sleeperName(number: number): string {
  return `sleeper-${number}`;
}

/** One that stays: what it costs to have it beside the measured one. */
export function sleeperManifest(number: number, root: string): string {
  return text(sleeperName(number), root, ['stay']);
}

/** JSON is YAML, too. */
function text(name: string, root: string, args: readonly string[], more: object = {}): string {
  const manifest = {
    name,
    version: VERSION,
    init: PROGRAM,
    ...(args.length > 0 ? { args } : {}),
    uid: UID,
    gid: GID,
    rootfs: root,
    mounts: { '/proc': { type: 'proc' }, '/dev': { type: 'dev' } },
    // As the others have it: only what is asked for.
    paths: { masked: 'none', read_only: 'none' },
    cgroups: {
      memory: { memory_hard_limit: MEMORY_LIMIT },
      cpu: { shares: CPU_SHARES },
      pids: { limit: PIDS_LIMIT },
    },
    ...more,
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Reads it as the daemon will. Throws TH9001 for one that it would reject: then the benchmark is wrong. */
export function parse(manifest: string): Manifest {
  const loaded = loadManifest(manifest, 'bench.yaml');
  if (loaded.ok) return loaded.manifest.manifest;
  throw new ThubanError('TH9001', `the manifest of the benchmark is rejected: ${JSON.stringify(loaded.diagnostics)}`);
}
