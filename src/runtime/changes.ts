import type { Change } from './control.ts';
import {
  differences,
  idsOf,
  reconcile,
  View,
  keptFor,
  type Actual,
  type Begun,
  type Desired,
  type Step,
} from './reconcile/index.ts';
import { isActive, isResting } from './states.ts';

/** Pure: what the daemon does and would do now, in the words of the console. `underWay`: steps that have begun. */
export function changesOf(desired: Desired, actual: readonly Actual[], underWay: readonly Begun[] = []): Change[] {
  const begun = underWay.filter(({ step }) => isStillWanted(step, desired));
  const busy = new Set(begun.flatMap(({ step }) => idsOf(step)));
  // What has begun and is overtaken by another wish is told as the other.
  const board = actual.map((one) => ({ ...one, busy: busy.has(one.id) }));
  const byId = new Map(board.map((one) => [one.id, one]));
  const steps = reconcile(desired, board).filter((step) => idsOf(step).every((id) => !busy.has(id)));
  const changes = [...begun, ...steps.map((step): Begun => ({ step }))].map(({ step, before }): Change => {
    const { id } = step;
    const one = byId.get(step.do === 'succeed' ? step.old : id);
    const runs = one !== undefined && (isActive(one.state) || one.makesRoom);
    const wanted = 'wanted' in step ? step.wanted.loaded : undefined;
    const file = wanted?.file ?? one?.loaded.file ?? '';
    const from = before ?? one?.loaded.manifest;
    const changed = from === undefined || wanted === undefined ? [] : differences(from, wanted);
    const plain = { id, restart: false, start: false, stop: false, changed, file };
    switch (step.do) {
      case 'add':
        return { ...plain, action: 'add', start: step.start };
      case 'start':
        return { ...plain, action: 'start', start: true };
      case 'take':
        return { ...plain, action: 'update', start: step.start };
      case 'live':
        return { ...plain, action: 'live' };
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

/** Pure: what should run and has given up, beside what changes. Looking at the files again does not help it. */
export function failedOf(actual: readonly Actual[], changes: readonly Change[]): string[] {
  const told = new Set(changes.map(({ id }) => id));
  return actual
    .filter(
      ({ id, state, loaded: { manifest } }) => state === 'failed' && manifest.autostart !== undefined && !told.has(id),
    )
    .map(({ id }) => id)
    .sort();
}

function isStillWanted(step: Step, { containers }: Desired): boolean {
  const now = containers.get(step.id)?.loaded;
  if (step.do === 'remove') return now === undefined;
  return now !== undefined && (step.do === 'start' || step.wanted.loaded.digest === now.digest);
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
