import { dirname } from 'node:path/posix';

/**
 * What stands above the groups of containers: the folder that all of them share, or the groups that a manifest names with `cgroups.parent`.
 * Of the latter only those that Thuban has made may ever be removed, and who has made them is not for the cgroups to know.
 */
export interface SharedGroups {
  /** It was not there, and was just made. */
  made(path: string): void;
  /** Those above these groups that may be removed when they are empty, the deepest first. */
  above(groups: readonly string[]): string[];
  /** It is not there any more. */
  gone(path: string): void;
}

/** The `levels` groups above each of these, without doubles, the deepest first. */
export function levelsAbove(groups: readonly string[], levels: number): string[] {
  const found = new Set<string>();
  let row = groups;
  for (let level = 0; level < levels; level++) {
    row = row.map((path) => dirname(path));
    for (const path of row) found.add(path);
  }
  return deepestFirst([...found]);
}

/** What contains others comes after them. */
export function deepestFirst(paths: readonly string[]): string[] {
  const depth = (path: string): number => path.split('/').length;
  return [...paths].sort((a, b) => depth(b) - depth(a));
}
