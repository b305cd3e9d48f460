import type { Writer } from './wire.ts';

/** Where the changes of an overlay go: to memory, so many bytes and names of it, or to a folder of the host. */
export type Upper = { size: number; inodes: number } | { folder: string; name: string };

/** Steps that show a container nodes and folders which are its own. */
export type MountStep =
  /** A device node, made before the root is; `device` counts these steps. The owner is one of the host. */
  | {
      op: 'node';
      source: string;
      type: 'b' | 'c';
      major: number;
      minor: number;
      mode: number;
      uid: number;
      gid: number;
      optional: boolean;
    }
  | { op: 'device'; index: number; target: string; optional: boolean }
  /** Pseudo-terminals of its own. `gid` is the group of the terminals. */
  | { op: 'devpts'; target: string; gid: number }
  /** The folder `name` in `folder`, made where it is missing. The owner is one of the host. */
  | { op: 'persist'; folder: string; name: string; mode: number; uid: number; gid: number; target: string }
  | { op: 'overlay'; target: string; lower: string[]; upper: Upper }
  /** Whatever the root is by now, it can be written to from here on. */
  | { op: 'root_writable'; upper: Upper };

export const mountStepNumbers = {
  node: 24,
  device: 25,
  devpts: 26,
  persist: 27,
  overlay: 28,
  root_writable: 29,
} as const satisfies Record<MountStep['op'], number>;

export function isMountStep<T extends { op: string }>(step: T): step is Extract<T, MountStep> {
  return step.op in mountStepNumbers;
}

function upper(w: Writer, to: Upper): Writer {
  const { size, inodes } = 'size' in to ? to : { size: 0, inodes: 0 };
  const { folder, name } = 'folder' in to ? to : { folder: '', name: '' };
  return w.u64(BigInt(size)).u64(BigInt(inodes)).string(folder).string(name);
}

/** What the launcher reads of one of them. `staging` as in `encodeSteps`. */
export function mountPayload(step: MountStep, w: Writer, staging: string): Buffer {
  switch (step.op) {
    case 'node':
      w.string(staging)
        .string(step.source)
        .u32(Number(step.type === 'b'))
        .u32(step.major)
        .u32(step.minor);
      return w.u32(step.mode).u32(step.uid).u32(step.gid).u32(Number(step.optional)).done();
    case 'device':
      return w.u32(step.index).string(step.target).u32(Number(step.optional)).done();
    case 'devpts':
      return w.string(step.target).u32(step.gid).done();
    case 'persist':
      w.string(step.folder).string(step.name).u32(step.mode).u32(step.uid).u32(step.gid);
      return w.string(step.target).done();
    case 'overlay':
      return upper(w.string(step.target).strings(step.lower), step.upper).done();
    case 'root_writable':
      return upper(w.string(staging), step.upper).done();
  }
}
