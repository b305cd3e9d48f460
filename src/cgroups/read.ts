import { hasErrno } from '../base/index.ts';
import type { KernelEntry, KernelFs } from './kernel-fs.ts';

/** Errors of a group that was removed meanwhile (ENOENT for a fresh open, ENODEV for an old one) or of a file switched off. */
const GONE = ['ENOENT', 'ENODEV', 'ENOTDIR'] as const;

/** A file's text, or undefined when group or file is not there (any more). */
export function readIf(fs: KernelFs, path: string): string | undefined {
  try {
    return fs.read(path);
  } catch (error) {
    if (hasErrno(error, ...GONE, 'EOPNOTSUPP')) return undefined;
    throw error;
  }
}

export function exists(fs: KernelFs, path: string): boolean {
  try {
    fs.stat(path);
    return true;
  } catch (error) {
    if (hasErrno(error, ...GONE)) return false;
    throw error;
  }
}

/** Directories directly below; none when the group vanished. Most have none, and asking for that is cheaper than a list of their files. */
export function childGroups(fs: KernelFs, path: string): string[] {
  if (!hasChildren(fs, path)) return [];
  return listIf(fs, path)
    .filter((entry) => entry.directory)
    .map((entry) => `${path}/${entry.name}`);
}

/** Names of the group's files; none when it vanished. */
export function fileNames(fs: KernelFs, path: string): string[] {
  return listIf(fs, path)
    .filter((entry) => !entry.directory)
    .map((entry) => entry.name);
}

function hasChildren(fs: KernelFs, path: string): boolean {
  try {
    return fs.stat(path).children > 0;
  } catch (error) {
    if (hasErrno(error, ...GONE)) return false;
    throw error;
  }
}

function listIf(fs: KernelFs, path: string): KernelEntry[] {
  try {
    return fs.list(path);
  } catch (error) {
    if (hasErrno(error, ...GONE)) return [];
    throw error;
  }
}

/** The group and everything below it, deepest first. A group that vanishes during the walk is no failure. */
export function subtree(fs: KernelFs, path: string): string[] {
  return [...childGroups(fs, path).flatMap((child) => subtree(fs, child)), path];
}

/**
 * `key value` lines. Unknown keys are kept, since the kernel adds some in almost every release; a line of another shape
 * is left out; a value above 2^53 is a bigint.
 */
export function flatKeyed(text: string): Map<string, number | bigint> {
  const values = new Map<string, number | bigint>();
  for (const line of text.split('\n')) {
    const match = /^(\S+) (-?\d+)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], integer(match[2]));
  }
  return values;
}

export function integer(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** A file with one number; null for `max`, for a v1 "no limit" (2^63 rounded down to a page) and for an absent file. */
export function numberOrNull(fs: KernelFs, path: string): number | null {
  const text = readIf(fs, path)?.trim();
  if (text === undefined || !/^\d+$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}
