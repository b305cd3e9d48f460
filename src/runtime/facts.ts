import { join } from 'node:path';
import {
  accessSync,
  constants,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { machine, release, totalmem } from 'node:os';
import { detectCgroups, onlyDelegated, realKernelFs, type CgroupFacts } from '../cgroups/index.ts';
import { capabilityNames, readSyscallNumbers, type OwnIds, type SyscallNumbers } from '../launcher/index.ts';
import type { Manifest } from '../manifest/index.ts';
import { nativeBinary } from './binaries.ts';
import { deviceFact, type DeviceNumbers } from './device-fact.ts';
import { defaultFolders } from './host-folders.ts';
import { filesystemOf } from './idmap.ts';
import { resolveInRoot } from './in-root.ts';
import { CONSOLE_TARGET } from './plan-console.ts';
import { NETWORK_NAMESPACES } from './plan-network.ts';
import { ownIds } from './rootless.ts';
import { chooseResource, folderInside, resourceMounts, resourcesFor, type Resource } from './resources.ts';

/**
 * One printable snapshot of the board: all that a plan depends on beside the manifest. `thuban plan --json` prints it, and
 * `--facts FILE` plans for the board that it was taken from.
 */
export interface Facts {
  kernel: string;
  /** As `uname -m` prints it. */
  arch: string;
  /** Bytes. */
  page_size: number;
  /** Online processors and memory nodes, as lists: `0-3`. */
  cpus: string;
  nodes: string;
  /** Bytes of RAM. */
  memory: number;
  swap: boolean;
  preempt_rt: boolean;
  /** Whether the kernel keeps pressure stall information. Absent: not known, for another board. */
  psi?: boolean;
  cgroups: CgroupFacts;
  /** What Thuban itself may do. Absent: not known, for another board. */
  capabilities?: string[];
  /** Hard limit of open files. Absent: not known, for another board. Node.js raises its own soft limit to it, which programs must not inherit. */
  open_files?: number;
  /** Thuban runs without root, and these are the ids that it has. */
  rootless?: OwnIds;
  /** Groups of this host by name. */
  groups: Record<string, number>;
  /** The host paths that the manifest depends on. A path that is not listed is not known. */
  paths: Record<string, PathFact>;
  /** What the repositories hold of the containers whose files the manifest mounts, in every version. */
  resources: Resource[];
  block_devices: Record<string, { major: number; minor: number }>;
  /** How many user namespaces there may be; -1: this kernel has none. Absent: not known. */
  user_namespaces?: number;
  /** Security modules that are active: `apparmor`, `selinux`. Absent: not known. */
  modules?: string[];
  /** System calls of this architecture, where the manifest filters them. null: this kernel cannot. Absent: not known. */
  syscalls?: SyscallNumbers | null;
}

export interface PathFact {
  type: 'directory' | 'file' | 'symlink' | 'missing';
  /** Of a symbolic link. */
  target?: string;
  /** The path without any symbolic link, where it differs. */
  real?: string;
  /** Of the device that a mount shows. */
  device?: DeviceNumbers;
  /** Where the manifest has a user namespace: what the files are on. */
  filesystem?: string;
}

function readText(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback; // a kernel built without it
  }
}

function pathFact(path: string, followLinks: boolean): PathFact {
  try {
    const found = followLinks ? statSync(path) : lstatSync(path);
    if (found.isSymbolicLink()) return { type: 'symlink', target: readlinkSync(path) };
    const real = realpathSync(path);
    return { type: found.isDirectory() ? 'directory' : 'file', ...(real === path ? {} : { real }) };
  } catch {
    return { type: 'missing' };
  }
}

/** Everything below /proc and /sys that a plan needs, and what concerns this manifest: host paths, and what others offer. */
export function gatherFacts(manifest?: Manifest, offered: readonly Resource[] = [], options: BoardOptions = {}): Facts {
  const own = manifest === undefined ? { paths: {}, resources: [] } : ownFacts(manifest, offered);
  return { ...gatherBoard(options), ...own };
}

export interface BoardOptions {
  /** Below which groups are to be made: it decides what a user who is not root may do. */
  parent?: string | undefined;
  /** As root would find it. */
  asRoot?: boolean;
}

/** What is the same for every manifest. */
export type BoardFacts = Omit<Facts, 'paths' | 'resources' | 'syscalls'>;

export function gatherBoard({ parent = 'self', asRoot = false }: BoardOptions = {}): BoardFacts {
  const rootless = asRoot ? undefined : ownIds();
  const status = readText('/proc/self/status', '');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return {
    kernel: release(),
    arch: machine(),
    page_size: pageSize(),
    cpus: readText('/sys/devices/system/cpu/online', '0').trim(),
    nodes: readText('/sys/devices/system/node/online', '0').trim(),
    memory: totalmem(),
    swap: readText('/proc/swaps', '').trim().split('\n').length > 1,
    preempt_rt: readText('/sys/kernel/realtime', '0').trim() === '1',
    psi: readText('/proc/pressure/memory', '') !== '',
    cgroups:
      rootless === undefined
        ? controlGroups()
        : onlyDelegated(controlGroups(), parent, { fs: realKernelFs, isWritable }),
    ...(rootless === undefined ? {} : { rootless }),
    capabilities: capabilityNames.filter((_, bit) => ((effective >> BigInt(bit)) & 1n) === 1n),
    ...openFiles(),
    modules: securityModules(),
    user_namespaces: Number(readText('/proc/sys/user/max_user_namespaces', '-1')),
    groups: hostGroups(),
    block_devices: blockDevices(),
  };
}

function controlGroups(): CgroupFacts {
  const [mountinfo, selfCgroup] = [readText('/proc/self/mountinfo', ''), readText('/proc/self/cgroup', '')];
  return detectCgroups({ mountinfo, selfCgroup }, realKernelFs);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The kernel tells it only through the auxiliary vector: AT_PAGESZ (6) in /proc/self/auxv, words of the program's own size. */
function pageSize(): number {
  try {
    const vector = readFileSync('/proc/self/auxv');
    const word = process.arch === 'arm' || process.arch === 'ia32' ? 4 : 8;
    for (let at = 0; at + 2 * word <= vector.length; at += 2 * word) {
      if (vector.readUInt32LE(at) === 6) return vector.readUInt32LE(at + word);
    }
  } catch {
    // an exotic /proc: every supported board has at least 4 KiB
  }
  return 4096;
}

function openFiles(): { open_files?: number } {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(readText('/proc/self/limits', ''))?.[1];
  return hard === undefined ? {} : { open_files: Number(hard) };
}

/** Those that a manifest can name. The list in /sys/kernel/security needs securityfs, which not every board mounts. */
function securityModules(): string[] {
  const apparmor = readText('/sys/module/apparmor/parameters/enabled', '').trim() === 'Y';
  const selinux = readText('/sys/fs/selinux/enforce', '') !== '';
  return [...(apparmor ? ['apparmor'] : []), ...(selinux ? ['selinux'] : [])];
}

function hostGroups(): Record<string, number> {
  const groups: Record<string, number> = {};
  for (const line of readText('/etc/group', '').split('\n')) {
    const [name, , gid] = line.split(':');
    if (name !== undefined && name !== '' && gid !== undefined) groups[name] = Number(gid);
  }
  return groups;
}

/** What differs from manifest to manifest. */
export function ownFacts(manifest: Manifest, offered: readonly Resource[]): Omit<Facts, keyof BoardFacts> {
  const resources = resourcesFor(manifest, offered);
  const paths = hostPaths(manifest, resources);
  return {
    paths: manifest.user_namespace === undefined ? paths : onFilesystems(paths),
    resources,
    ...(manifest.seccomp === undefined ? {} : { syscalls: systemCalls() }),
  };
}

/** Which ids of files can be mapped depends on it. */
function onFilesystems(paths: Record<string, PathFact>): Record<string, PathFact> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, fact]) => {
      const filesystem =
        fact.type === 'missing' || fact.type === 'symlink' ? undefined : filesystemOf(fact.real ?? path);
      return [path, { ...fact, ...(filesystem === undefined ? {} : { filesystem }) }];
    }),
  );
}

let read: SyscallNumbers | undefined;

/** What the launcher's binary knows: it is of this architecture, and stays as it is while this process lives. */
function systemCalls(): SyscallNumbers | null {
  if (readText('/proc/sys/kernel/seccomp/actions_avail', '') === '') return null;
  return (read ??= readSyscallNumbers(nativeBinary('thuban-launcher')));
}

function hostPaths(manifest: Manifest, resources: readonly Resource[]): Record<string, PathFact> {
  const paths: Record<string, PathFact> = {};
  const root = manifest.rootfs;
  const targets = [...Object.keys(manifest.mounts ?? {}), ...(manifest.console === undefined ? [] : [CONSOLE_TARGET])];
  if (root?.type === 'host') {
    for (const folder of root.folders ?? defaultFolders) paths[folder] = pathFact(folder, false);
    // A mount inside a host folder needs a target that the host has.
    for (const target of targets) paths[target] ??= pathFact(target, true);
  }
  if (root?.type === 'dir') {
    const fact = pathFact(root.path, true);
    paths[root.path] = fact;
    // As the program will see it: a link in the image means the image.
    for (const target of targets) paths[root.path + target] = factInRoot(root.path, target, fact.real);
  }
  for (const [, mount] of resourceMounts(manifest)) {
    const source = chooseResource(mount, resources)?.source;
    if (source?.type === 'dir')
      paths[folderInside(source.path, mount)] = factInRoot(source.path, mount.dir, pathFact(source.path, true).real);
  }
  const { network } = manifest;
  if (typeof network === 'object') {
    const file = `${NETWORK_NAMESPACES}/${network.namespace}`;
    paths[file] = pathFact(file, false);
  }
  for (const mount of Object.values(manifest.mounts ?? {})) {
    if (mount.type === 'bind') paths[mount.host] ??= pathFact(mount.host, true);
    if (mount.type === 'device') paths[mount.host] = { ...pathFact(mount.host, true), ...deviceFact(mount.host) };
    for (const folder of mount.type === 'overlay' ? mount.lower : []) paths[folder] = pathFact(folder, true);
  }
  return paths;
}

/** `real`: the root without symbolic links, where its path has some. Below it there are none any more: they were followed. */
function factInRoot(root: string, path: string, real = root): PathFact {
  const found = resolveInRoot(root, path);
  if (found === undefined) return { type: 'missing' };
  try {
    const type = lstatSync(found).isDirectory() ? 'directory' : 'file';
    const place = join(real, found.slice(root.length));
    return found === join(root, path) && place === found ? { type } : { type, real: place };
  } catch {
    return { type: 'missing' };
  }
}

/** Whole disks with their numbers; the kernel throttles disks, not partitions. */
function blockDevices(): Record<string, { major: number; minor: number }> {
  const devices: Record<string, { major: number; minor: number }> = {};
  try {
    for (const name of readdirSync('/sys/block')) {
      const [major, minor] = readText(`/sys/block/${name}/dev`, '').trim().split(':').map(Number);
      if (major !== undefined && minor !== undefined) devices[`/dev/${name.replaceAll('!', '/')}`] = { major, minor };
    }
  } catch {
    // no /sys: a manifest that names a device by path is then refused by the plan
  }
  return devices;
}
