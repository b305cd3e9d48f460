import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CPU_SHARES, GID, MEMORY_LIMIT, PIDS_LIMIT, PROGRAM, UID } from './manifests.ts';

export interface Peer {
  /** With its version, as it is shown. */
  name: string;
  args: string[];
  /** Whether it makes groups with limits, as we do. */
  hasGroups: boolean;
}

export interface Peers {
  installed: Peer[];
  missing: string[];
}

/** What is installed of crun, runc and bwrap, ready to start the same program. Bundles and states go to `folder`. */
export function findPeers(folder: string, root: string): Peers {
  const peers: Peers = { installed: [], missing: [] };
  for (const name of ['crun', 'runc', 'bwrap'] as const) {
    const version = versionOf(name);
    if (version === undefined) peers.missing.push(name);
    else if (name === 'bwrap')
      peers.installed.push({
        name: `bwrap ${version}, no groups`,
        args: ['bwrap', ...sandbox(root)],
        hasGroups: false,
      });
    else peers.installed.push({ name: `${name} ${version}`, args: runtime(name, folder, root), hasGroups: true });
  }
  return peers;
}

/** The first version number that it prints; undefined when it is not there. */
function versionOf(program: string): string | undefined {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? 'of unknown version') : undefined;
}

/** bwrap makes no groups, so it has no limits and less to do. */
function sandbox(root: string): string[] {
  const namespaces = ['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net', '--hostname', 'bench'];
  return [...namespaces, '--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev', PROGRAM];
}

function runtime(name: string, folder: string, root: string): string[] {
  const bundle = join(folder, name);
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(ociConfig(root, `/${groupOf(name)}`)));
  return [name, '--root', join(folder, `${name}-state`), 'run', '--bundle', bundle, 'bench-%i'];
}

function groupOf(name: string): string {
  return `thuban-bench-${process.pid}-${name}`;
}

/** A runtime that was killed in the middle of a turn leaves its groups in every hierarchy. `mountinfo` is the text of that file. */
export function leftGroups(mountinfo: string, names: readonly string[]): string[] {
  const mounts = mountinfo.split('\n').filter((line) => / - cgroup2? /.test(line));
  const places = mounts.flatMap((line) => line.split(' ')[4] ?? []);
  return places.flatMap((place) => names.map((name) => join(place, groupOf(name))));
}

/** The manifest of the measured container in the words of the OCI runtime specification, without its defaults for comfort. */
export function ociConfig(root: string, cgroupsPath: string): object {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: UID, gid: GID },
      args: [PROGRAM],
      env: ['PATH=/bin'],
      cwd: '/',
      noNewPrivileges: true,
      capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
    },
    root: { path: root, readonly: true },
    hostname: 'bench',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'nodev', 'noexec', 'ro'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'noexec', 'mode=755', 'size=64k'] },
    ],
    linux: {
      cgroupsPath,
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
      resources: {
        memory: { limit: MEMORY_LIMIT },
        cpu: { shares: CPU_SHARES },
        pids: { limit: PIDS_LIMIT },
      },
    },
  };
}
