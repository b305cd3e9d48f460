import type { LoadedManifest } from '../manifest/index.ts';
import type { Held } from './restore.ts';
import { meanTheSame } from './same-meaning.ts';
import type { SavedLimits, SavedState } from './saved-state.ts';

/**
 * Pure: the limits in the place of those of the manifest that an earlier daemon left. What it noted with a run is newer than what it saved: that
 * comes after. Limits for another manifest are none.
 */
export function keptLimits(
  saved: SavedState | undefined,
  held: Held | undefined,
  loaded: LoadedManifest,
): SavedLimits | undefined {
  const { digest } = loaded;
  if (held === undefined || !meanTheSame(held.record, loaded))
    return saved?.limits?.digest === digest ? saved.limits : undefined;
  const { cgroups, manifest } = held.record;
  // A manifest that is too large to be noted has its limits noted in its place.
  const isOwn = cgroups === undefined || (manifest === undefined && saved?.limits === undefined);
  return isOwn ? undefined : { digest, cgroups };
}
