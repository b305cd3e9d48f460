import type { Change } from './control.ts';
import { differences, reconcile, View, keptFor, type Actual, type Desired } from './reconcile/index.ts';
import { isActive, isResting } from './states.ts';

/** Pure: what the daemon would do now, in the words of the console. What is being done already is among it. */
export function changesOf(desired: Desired, actual: readonly Actual[]): Change[] {
  const idle = actual.map((one) => ({ ...one, busy: false }));
  const byId = new Map(idle.map((one) => [one.id, one]));
  const changes = reconcile(desired, idle).map((step): Change => {
    const { id } = step;
    const one = byId.get(step.do === 'succeed' ? step.old : id);
    const runs = one !== undefined && isActive(one.state);
    const wanted = 'wanted' in step ? step.wanted.loaded : undefined;
    const file = wanted?.file ?? one?.loaded.file ?? '';
    const changed = one === undefined || wanted === undefined ? [] : differences(one.loaded.manifest, wanted);
    const plain = { id, restart: false, start: false, stop: false, changed, file };
    switch (step.do) {
      case 'add':
        return { ...plain, action: 'add', start: step.start };
      case 'start':
        return { ...plain, action: 'start', start: true };
      case 'take':
        return { ...plain, action: 'update', start: step.start };
      case 'replace':
        return { ...plain, action: 'replace', restart: true };
      case 'succeed':
        return { ...plain, action: 'replace', replaces: step.old, restart: runs, start: step.start && !runs };
      case 'remove':
        return { ...plain, action: 'remove', stop: one !== undefined && !isResting(one.state) };
    }
  });
  return changes.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** Pure: which containers go on as they are because of a file, or a folder, that cannot be used; by its path or id. */
export function keptBy(desired: Desired, actual: readonly Actual[]): Map<string, string[]> {
  const view = new View(desired, actual);
  const kept = new Map<string, string[]>();
  for (const one of actual) {
    const found = keptFor(one, view);
    if (found === undefined || found.why === 'unsettled') continue;
    const key = found.why === 'rejected' ? found.file : found.repository;
    kept.set(key, [...(kept.get(key) ?? []), one.id]);
  }
  return kept;
}
