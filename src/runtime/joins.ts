import type { AcquiredGroups } from '../cgroups/index.ts';
import type { SpawnRequest } from '../launcher/index.ts';

/** What a program joins, in the launcher's words. */
export function joinsOf(groups: AcquiredGroups): SpawnRequest['joins'] {
  const unified = groups.joins.find((join) => join.version === 2)?.path;
  const tasks = groups.joins.filter((join) => join.version === 1).map((join) => join.path);
  return unified === undefined ? { tasks } : { unified, tasks };
}
