import { dirname } from 'node:path/posix';
import type { KernelFs } from './kernel-fs.ts';
import { below } from './paths.ts';
import { isTrueRoot } from './prepare-parent.ts';
import { readIf } from './read.ts';

export const MEMORY_MIN = 'memory.min';

export interface ProtectionRequest {
  /** Top of the mount. */
  mountpoint: string;
  /** The group whose memory is to be protected. */
  leaf: string;
  /** A group above it that somebody else made for us: its own files are that one's to write (cgroup-v2.rst, "Delegation"). */
  delegated: string;
  /** Whole pages. */
  bytes: number;
}

export interface MemoryProtection {
  /** What is to be written, the highest group first, and what is there now. */
  writes: { path: string; before: string }[];
  /** Groups above, the highest first, that protect less. */
  lower: { path: string; bytes: number }[];
  /** The mount shows the whole tree. If not, groups that nobody here can see may protect less as well. */
  whole: boolean;
}

/**
 * What makes `memory.min` of a group count. Protection is handed down: a group never gets more of it than the group above has, so each one
 * between has to ask for as much (cgroup-v2.rst, "memory.min"). Only the true root sets no bound, and has no such file.
 *
 * The mount option memory_recursiveprot (Linux 5.7) does not change that bound. It only hands on what a group above is granted and nobody below
 * asks for, in proportion to the use (effective_protection() in mm/page_counter.c, in mm/memcontrol.c before 6.11). So nothing here depends on it.
 */
export function planProtection(fs: KernelFs, request: ProtectionRequest): MemoryProtection {
  const { mountpoint, leaf, delegated, bytes } = request;
  const writes: MemoryProtection['writes'] = [];
  const lower: MemoryProtection['lower'] = [];
  for (let path = leaf; below(mountpoint, path) !== undefined; path = dirname(path)) {
    const before = readIf(fs, `${path}/${MEMORY_MIN}`)?.trim();
    if (before === undefined) continue;
    const has = before === 'max' ? Infinity : Number(before);
    const isOurs = path !== delegated && below(delegated, path) !== undefined;
    if (isOurs && (has < bytes || (path === leaf && has !== bytes))) writes.unshift({ path, before });
    else if (has < bytes) lower.unshift({ path, bytes: has });
  }
  return { writes, lower, whole: isTrueRoot(fs, mountpoint) };
}
