import type { ImageFile } from '../base/index.ts';
import { capabilityMask } from './capabilities.ts';
import { enterPayload, type EnterStep } from './enter-steps.ts';
import { isMountStep, mountPayload, mountStepNumbers, type MountStep } from './mount-steps.ts';
import { rlimitNumber } from './rlimits.ts';
import { schedPayload, type SchedStep } from './sched-step.ts';
import { isSocketStep, socketPayload, socketStepNumbers, type SocketStep } from './socket-steps.ts';
import { Writer } from './wire.ts';

/** `idmap`: ids in the files mean those of the container's user namespace, where the filesystem can do that. */
export type Attribute = 'ro' | 'nosuid' | 'nodev' | 'noexec' | 'idmap';

export type Namespace = 'pid' | 'mount' | 'ipc' | 'uts' | 'net';

interface Ids {
  uid: number;
  gid: number;
}

/**
 * One step of a start, in the words of the plan. The first ones are done by pid 1 of the new namespaces before it becomes the init, those
 * from `join` on by the program's own process. `key` is the manifest key that asked for it.
 */
export type Step = { key?: string } & (
  | { op: 'namespaces'; namespaces: Namespace[] }
  /** A user namespace, with those namespaces that belong to it: the first ids of the host that it has, and how many. From here on all that is made is its root's. */
  /** `inside`: the first ids of the container, without it 0 and 0. */
  | { op: 'user_namespace'; uid: number; gid: number; size: number; namespaces: Namespace[]; inside?: Ids }
  | { op: 'propagation' }
  /** A new empty root in memory. Size in bytes. */
  | { op: 'root_tmpfs'; size: number; inodes: number }
  | { op: 'root_bind'; source: string }
  /** The image of a package, through a loop device of its own. */
  | { op: 'root_image'; image: ImageFile; attributes: Attribute[] }
  /** Of SELinux, for the image that becomes the root: before `root_image`. */
  | { op: 'root_context'; context: string }
  /** Makes the root one that folders and files can be made in, in memory: only when it lacks one of these paths. */
  | { op: 'root_overlay'; if_missing: string[]; size: number; inodes: number }
  | { op: 'mkdir'; path: string; mode: number }
  | { op: 'mkfile'; path: string; mode: number }
  | { op: 'symlink'; path: string; text: string }
  | { op: 'bind'; source: string; target: string; attributes: Attribute[]; recursive: boolean; optional: boolean }
  /** A folder of the image of another package. */
  | { op: 'image'; image: ImageFile; dir: string; target: string; attributes: Attribute[] }
  | { op: 'tmpfs'; target: string; attributes: Attribute[]; size: number; mode: number }
  | { op: 'proc'; target: string; attributes: Attribute[] }
  | { op: 'sysfs'; target: string; attributes: Attribute[] }
  /** A tmpfs with null, zero, full, random, urandom, tty and shm. */
  | { op: 'dev'; target: string; size: number; proc_links: boolean }
  /** What is empty for the program, and what is read-only; paths that do not exist are left out. */
  | { op: 'mask' | 'read_only'; paths: string[] }
  | EnterStep
  | { op: 'root_attributes'; attributes: Attribute[] }
  | { op: 'pivot' }
  | { op: 'hostname'; name: string }
  | { op: 'loopback' }
  /** A file of ip-netns(8). */
  | { op: 'network_namespace'; file: string }
  | { op: 'join' }
  | { op: 'cgroup_namespace' }
  | { op: 'enter_user_namespace' }
  /** A copy that belongs to the user namespace. */
  | { op: 'mount_namespace' }
  | { op: 'oom_score_adj'; value: number }
  /** null is unlimited. */
  | { op: 'rlimit'; resource: string; soft: number | null; hard: number | null }
  | { op: 'session' }
  | { op: 'umask'; mode: number }
  | { op: 'bounding'; capabilities: string[] }
  /** `keep_groups`: those that whoever started Thuban has, where the kernel lets nobody change them. */
  | { op: 'ids'; uid: number; gid: number; groups: number[]; keep_capabilities: boolean; keep_groups?: true }
  | { op: 'capabilities'; capabilities: string[] }
  | { op: 'no_new_privs' }
  | { op: 'working_directory'; path: string }
  /** Written to a file in /proc/PID/attr: what confines the program from execve on. */
  | { op: 'security_label'; file: 'exec' | 'apparmor/exec'; text: string }
  | SchedStep
  /**
   * A list of struct sock_filter, in base64, for the moment before execve. `admin`: without no_new_privs the kernel wants CAP_SYS_ADMIN for it, which
   * the process then has until execve.
   */
  | { op: 'seccomp'; program: string; admin: boolean }
  | MountStep
  | SocketStep
  | { op: 'exec'; path: string; args: string[]; env: string[] }
);

export const stepNumbers = {
  namespaces: 1,
  propagation: 2,
  root_tmpfs: 3,
  root_bind: 4,
  mkdir: 5,
  mkfile: 6,
  symlink: 7,
  bind: 8,
  tmpfs: 9,
  proc: 10,
  sysfs: 11,
  dev: 12,
  root_attributes: 13,
  pivot: 14,
  hostname: 15,
  loopback: 16,
  root_image: 17,
  root_overlay: 18,
  image: 19,
  network_namespace: 20,
  mask: 21,
  read_only: 22,
  root_context: 23,
  ...mountStepNumbers,
  ...socketStepNumbers,
  user_namespace: 30,
  enter: 34,
  join: 64,
  cgroup_namespace: 65,
  oom_score_adj: 66,
  rlimit: 67,
  session: 68,
  umask: 69,
  bounding: 70,
  ids: 71,
  capabilities: 72,
  no_new_privs: 73,
  working_directory: 74,
  exec: 75,
  seccomp: 76,
  sched: 77,
  security_label: 78,
  enter_user_namespace: 86,
  mount_namespace: 87,
  setns: 90,
} as const satisfies Record<Step['op'], number>;

const KEEP = { CAPABILITIES: 1, GROUPS: 2 };

/** clone(2) flags. */
const CLONE: Record<Namespace, bigint> = {
  mount: 0x0002_0000n,
  uts: 0x0400_0000n,
  ipc: 0x0800_0000n,
  pid: 0x2000_0000n,
  net: 0x4000_0000n,
};

/** MOUNT_ATTR_* of linux/mount.h */
const ATTRIBUTE: Record<Attribute, number> = { ro: 1, nosuid: 2, nodev: 4, noexec: 8, idmap: 1 << 20 };

/**
 * SECCOMP_FILTER_FLAG_SPEC_ALLOW: what is the kernel's own default since 5.16. Before, a filter switched on mitigations of speculation that slow the
 * whole program down.
 */
const SPECULATION_ALLOWED = 1 << 2;

const UNLIMITED = 0xffff_ffff_ffff_ffffn;

function attributes(list: readonly Attribute[]): number {
  return list.reduce((bits, name) => bits | ATTRIBUTE[name], 0);
}

function cloneFlags(list: readonly Namespace[]): bigint {
  return list.reduce((flags, name) => flags | CLONE[name], 0n);
}

function limit(value: number | null): bigint {
  return value === null ? UNLIMITED : BigInt(value);
}

function imageFile(w: Writer, { file, offset, size, identity }: ImageFile): Writer {
  w.string(file).u64(BigInt(identity.dev)).u64(BigInt(identity.ino));
  w.u64(BigInt(identity.size)).u64(BigInt(identity.ctime_ns));
  return w.u64(BigInt(offset)).u64(BigInt(size));
}

function payload(step: Step, staging: string): Buffer {
  const w = new Writer();
  if (isMountStep(step)) return mountPayload(step, w, staging);
  if (isSocketStep(step)) return socketPayload(step, w);
  switch (step.op) {
    case 'namespaces':
      return w.u64(cloneFlags(step.namespaces)).done();
    case 'user_namespace':
      w.u32(step.uid).u32(step.gid).u32(step.size).u64(cloneFlags(step.namespaces));
      return w
        .u32(step.inside?.uid ?? 0)
        .u32(step.inside?.gid ?? 0)
        .done();
    case 'root_tmpfs':
      return w.string(staging).u64(BigInt(step.size)).u64(BigInt(step.inodes)).done();
    case 'root_bind':
      return w.string(staging).string(step.source).done();
    case 'root_image':
      return imageFile(w.string(staging).u32(attributes(step.attributes)), step.image).done();
    case 'root_overlay':
      w.string(staging).u64(BigInt(step.size)).u64(BigInt(step.inodes));
      return w.strings(step.if_missing).done();
    case 'image':
      w.string(step.target).string(step.dir).u32(attributes(step.attributes));
      return imageFile(w, step.image).done();
    case 'mkdir':
    case 'mkfile':
      return w.string(step.path).u32(step.mode).done();
    case 'symlink':
      return w.string(step.path).string(step.text).done();
    case 'bind':
      w.string(step.source).string(step.target).u32(attributes(step.attributes));
      return w.u32(Number(step.recursive)).u32(Number(step.optional)).done();
    case 'tmpfs':
      w.string(step.target).u32(attributes(step.attributes));
      return w.string(`size=${step.size},mode=${step.mode.toString(8)}`).done();
    case 'proc':
    case 'sysfs':
      return w.string(step.target).u32(attributes(step.attributes)).done();
    case 'dev':
      return w.string(step.target).u64(BigInt(step.size)).u32(Number(step.proc_links)).done();
    case 'root_attributes':
      return w.u32(attributes(step.attributes)).done();
    case 'hostname':
      return w.string(step.name).done();
    case 'oom_score_adj':
      return w.u32(step.value).done();
    case 'rlimit':
      return w.u32(rlimitNumber(step.resource)).u64(limit(step.soft)).u64(limit(step.hard)).done();
    case 'umask':
      return w.u32(step.mode).done();
    case 'bounding':
    case 'capabilities':
      return w.u64(capabilityMask(step.capabilities)).done();
    case 'ids':
      w.u32(step.uid).u32(step.gid).u32(step.groups.length);
      for (const group of step.groups) w.u32(group);
      return w
        .u32((step.keep_capabilities ? KEEP.CAPABILITIES : 0) | (step.keep_groups === true ? KEEP.GROUPS : 0))
        .done();
    case 'working_directory':
      return w.string(step.path).done();
    case 'mask':
    case 'read_only':
      return w.strings(step.paths).done();
    case 'root_context':
      return w.string(step.context).done();
    case 'security_label':
      return w.string(step.file).string(step.text).done();
    case 'enter':
    case 'setns':
      return enterPayload(step, w);
    case 'network_namespace':
      return w.string(step.file).done();
    case 'sched':
      return schedPayload(step, w);
    case 'seccomp':
      return w.u32(SPECULATION_ALLOWED).u32(Number(step.admin)).block(Buffer.from(step.program, 'base64')).done();
    case 'exec':
      return w
        .string(step.path)
        .strings([step.path, ...step.args])
        .strings(step.env)
        .done();
    case 'propagation':
    case 'pivot':
    case 'loopback':
    case 'join':
    case 'cgroup_namespace':
    case 'enter_user_namespace':
    case 'mount_namespace':
    case 'session':
    case 'no_new_privs':
      return w.done();
  }
}

/** Of plans that are started again and again. */
const encoded = new WeakMap<readonly Step[], { staging: string; bytes: Buffer }>();

/** The bytes of a list of steps: operation, size, payload of each. `staging` is an empty folder of the run directory to mount the root on. */
export function encodeSteps(steps: readonly Step[], staging: string): Buffer {
  const known = encoded.get(steps);
  if (known?.staging === staging) return known.bytes;
  const w = new Writer();
  for (const step of steps) w.u32(stepNumbers[step.op]).block(payload(step, staging));
  const bytes = w.done();
  encoded.set(steps, { staging, bytes });
  return bytes;
}
