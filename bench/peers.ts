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

/** How each is called for one start of the measured program. */
const commands: Record<string, (folder: string, root: string) => string[]> = {
  crun: (folder, root) => runtime('crun', folder, root),
  runc: (folder, root) => runtime('runc', folder, root),
  'lxc-start': lxc,
  podman,
  bwrap: (_folder, root) => ['bwrap', ...sandbox(root)],
};

/** What is installed of other runtimes, ready to start the same program. Bundles and states go to `folder`. */
export function findPeers(folder: string, root: string): Peers {
  const peers: Peers = { installed: [], missing: [] };
  for (const [program, command] of Object.entries(commands)) {
    const version = versionOf(program);
    if (version === undefined) {
      peers.missing.push(program);
      continue;
    }
    const hasGroups = program !== 'bwrap';
    const name = `${program} ${version}${hasGroups ? '' : ', no groups'}`;
    peers.installed.push({ name, args: command(folder, root), hasGroups });
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

/** One container of lxc, with its configuration. */
function lxc(folder: string, root: string): string[] {
  const place = join(folder, 'lxc');
  mkdirSync(join(place, 'bench'), { recursive: true });
  const limits = [
    ['memory.limit_in_bytes', 'memory.max', MEMORY_LIMIT],
    ['cpu.shares', 'cpu.weight', CPU_SHARES],
    ['pids.max', 'pids.max', PIDS_LIMIT],
  ];
  const lines = [
    `lxc.rootfs.path = dir:${root}`,
    'lxc.rootfs.options = ro',
    'lxc.uts.name = bench',
    'lxc.net.0.type = empty',
    `lxc.init.cmd = ${PROGRAM}`,
    `lxc.init.uid = ${UID}`,
    `lxc.init.gid = ${GID}`,
    'lxc.no_new_privs = 1',
    'lxc.mount.auto = proc:rw',
    'lxc.autodev = 0',
    'lxc.console.path = none',
    'lxc.pty.max = 0',
    'lxc.tty.max = 0',
    'lxc.apparmor.profile = unconfined',
    `lxc.cgroup.dir = ${groupOf('lxc')}`,
    ...limits.flatMap(([one, two, value]) => [`lxc.cgroup.${one} = ${value}`, `lxc.cgroup2.${two} = ${value}`]),
  ];
  writeFileSync(join(place, 'bench/config'), `${lines.join('\n')}\n`);
  return ['lxc-start', '-P', place, '-n', 'bench', '-F'];
}

/** Its own limits of descriptors and processes want CAP_SYS_RESOURCE, which not every root has. */
function podman(folder: string, root: string): string[] {
  const place = join(folder, 'podman');
  mkdirSync(place, { recursive: true });
  const [engine, storage] = [join(place, 'containers.conf'), join(place, 'storage.conf')];
  writeFileSync(engine, '[engine]\ncgroup_manager="cgroupfs"\nevents_logger="none"\n[containers]\nlog_driver="none"\n');
  writeFileSync(storage, `[storage]\ndriver="overlay"\ngraphroot="${place}/root"\nrunroot="${place}/run"\n`);
  const limits = [
    ...['--memory', String(MEMORY_LIMIT), '--cpu-shares', String(CPU_SHARES), '--pids-limit', String(PIDS_LIMIT)],
    ...['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--cgroup-parent', `/${groupOf('podman')}`],
  ];
  const rights = ['--user', `${UID}:${GID}`, '--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--read-only'];
  const call = ['podman', 'run', '--rm', '--network', 'none', '--log-driver', 'none', ...limits, ...rights];
  return ['env', `CONTAINERS_CONF=${engine}`, `CONTAINERS_STORAGE_CONF=${storage}`, ...call, '--rootfs', root, PROGRAM];
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
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=64m'],
      },
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
