import { isDeepStrictEqual } from 'node:util';
import type { CgroupsSection, LoadedManifest, Manifest } from '../manifest/index.ts';

/** What stands in the way of a change while the program runs: it takes a new start. */
export interface Obstacle {
  key: string;
  message: string;
}

/**
 * Parts of `cgroups` that a run has from its start on: where its groups are, what it may do without, and what is watched when its groups are
 * made.
 */
const FIXED: readonly (readonly [key: string, of: (section: CgroupsSection) => unknown, why: string])[] = [
  ['cgroups.parent', ({ parent }) => parent, 'groups that a program is in cannot be moved'],
  ['cgroups.enforce', ({ enforce }) => enforce, 'what may be left out is decided at the start'],
  ['cgroups.memory.pressure', ({ memory }) => memory?.pressure, 'what is watched is decided at the start'],
];

/** Pure: what of another `cgroups` section cannot be put in force while the program runs, whatever the kernel says. */
export function fixedParts(from: CgroupsSection, to: CgroupsSection): Obstacle[] {
  return FIXED.flatMap(([key, of, message]) => (isDeepStrictEqual(of(from), of(to)) ? [] : [{ key, message }]));
}

/** Pure: whether two manifests differ in nothing but limits. What came in a package is as new as its image. */
export function onlyLimitsDiffer(from: Omit<LoadedManifest, 'position'>, to: LoadedManifest): boolean {
  if (from.image !== undefined || to.image !== undefined) return false;
  return isDeepStrictEqual(withoutLimits(from.manifest), withoutLimits(to.manifest));
}

function withoutLimits({ cgroups: _, ...rest }: Manifest): Omit<Manifest, 'cgroups'> {
  return rest;
}
