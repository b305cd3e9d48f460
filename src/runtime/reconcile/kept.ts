import type { Actual } from './board.ts';
import type { View } from './view.ts';

/** Why a container goes on as it is, though nobody knows what its repository wants of it. */
export type Kept =
  | { why: 'repository'; repository: string }
  | { why: 'rejected'; file: string }
  /** Its file is being written. */
  | { why: 'unsettled'; file: string };

/** What is broken never stops anything. Undefined: the repositories say plainly what is wanted. */
export function keptFor(actual: Pick<Actual, 'id' | 'loaded' | 'repository'>, view: View): Kept | undefined {
  const { file } = actual.loaded;
  const { unusable, containers, unsettled } = view.desired;
  if (unusable.has(actual.repository)) return { why: 'repository', repository: actual.repository };
  // Even when another file defines it as well: that its own one is broken for now is no reason to run anything else.
  if (view.isBroken(file)) return { why: 'rejected', file };
  if (containers.has(actual.id)) return undefined;
  if (unsettled.has(file)) return { why: 'unsettled', file };
  const moved = view.brokenFor(actual);
  return moved === undefined ? undefined : { why: 'rejected', file: moved.file };
}
