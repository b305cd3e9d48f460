import { isDeepStrictEqual } from 'node:util';
import { meanTheSame } from '../same-meaning.ts';
import { isActive, isResting } from '../states.ts';
import type { Actual, Desired, Step, Wanted } from './board.ts';
import { keptFor } from './kept.ts';
import { View } from './view.ts';

/**
 * Pure: what is to be done so that the daemon has what the repositories want. It looks only at how things are, never at what happened, so it
 * can be asked at any time and as often as one likes; when all steps are done it has no more. What is busy gets no step. Nothing in it
 * depends on the time: what has to wait for a time, a restart for example, is the container's own business.
 */
export function reconcile(desired: Desired, actual: readonly Actual[]): Step[] {
  const view = new View(desired, actual);
  const leaving = new Map<string, Actual[]>();
  for (const one of actual) {
    const heir = isLeaving(one, view) ? view.heirOf(one) : undefined;
    if (heir !== undefined) leaving.set(heir, [...(leaving.get(heir) ?? []), one]);
  }
  const steps: Step[] = [];
  for (const one of actual) {
    if (one.busy || keptFor(one, view) !== undefined) continue;
    const wanted = desired.containers.get(one.id);
    const step = wanted === undefined ? leave(one, leaving, view) : bring(one, wanted, view);
    if (step !== undefined) steps.push(step);
  }
  for (const [id, wanted] of desired.containers) {
    // Whose place it takes makes room for it first.
    if (view.byId.has(id) || leaving.has(id)) continue;
    steps.push({ do: 'add', id, wanted, start: view.startsByItself(id, wanted) });
  }
  return steps;
}

/** One that its repository wants. */
function bring(one: Actual, wanted: Wanted, view: View): Step | undefined {
  const { id, state } = one;
  const mayStart = isResting(state) && view.startsByItself(id, wanted);
  const comesBack = one.makesRoom && isResting(state); // its file came back before the other version had taken its place
  const start = comesBack || (mayStart && (one.foundResources || (!one.lived && !one.isDecided)));
  if (isUnchanged(one, wanted)) return start ? { do: 'start', id } : undefined;
  if (meanTheSame(one.loaded, wanted.loaded)) return { do: 'take', id, wanted, start };
  if (state === 'running' && one.canFollow?.(wanted.loaded) === true) return { do: 'live', id, wanted };
  if (isActive(state)) return { do: 'replace', id, wanted };
  // Another manifest is what `failed` waits for. Who was stopped on request stays so.
  return { do: 'take', id, wanted, start: comesBack || (mayStart && (state === 'failed' || !one.lived)) };
}

/** One that no repository wants any more. */
function leave(one: Actual, leaving: ReadonlyMap<string, Actual[]>, view: View): Step | undefined {
  const heir = view.heirOf(one);
  const wanted = heir === undefined ? undefined : view.desired.containers.get(heir);
  if (heir === undefined || wanted === undefined) return { do: 'remove', id: one.id };
  const before = leaving.get(heir) ?? [];
  // Several versions can go at once. All but one just go, and that one waits for them.
  const last = before.find(isInUse) ?? before[0];
  if (last !== one) return { do: 'remove', id: one.id };
  if (before.length > 1) return undefined;
  const start = isInUse(one) || view.startsByItself(heir, wanted, one.id);
  return { do: 'succeed', id: heir, old: one.id, wanted, start };
}

function isLeaving(one: Actual, view: View): boolean {
  return !view.desired.containers.has(one.id) && keptFor(one, view) === undefined;
}

function isInUse({ state, makesRoom }: Actual): boolean {
  return isActive(state) || makesRoom;
}

function isUnchanged({ loaded, repository }: Actual, wanted: Wanted): boolean {
  const other = wanted.loaded;
  return (
    loaded.digest === other.digest &&
    loaded.file === other.file &&
    loaded.signer === other.signer &&
    repository === wanted.repository &&
    isDeepStrictEqual(loaded.image, other.image)
  );
}
