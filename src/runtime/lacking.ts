import type { Catalogue, Entry } from './catalogue.ts';
import { chooseResource, resourceMounts } from './resources.ts';

/** Whether the last start failed only because it mounts files that no container had, and by now there are some. */
export function foundItsResources(entry: Entry, catalogue: Catalogue): boolean {
  const { supervised } = entry;
  const { state, last_exit: exit } = supervised.status;
  if (state !== 'failed' || exit?.reason !== 'start_failed' || exit.error?.['code'] !== 'TH1402') return false;
  const offered = catalogue.resourcesFor(entry);
  return resourceMounts(supervised.loaded.manifest).every(([, mount]) => chooseResource(mount, offered) !== undefined);
}
