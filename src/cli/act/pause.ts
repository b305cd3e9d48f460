import { formatDuration } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { ContainerSummary } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { conditionWords } from '../states.ts';
import { talk } from '../talk.ts';
import { LEAVE } from './patience.ts';
import { perform, type Action } from './perform.ts';
import { targetsOf, type TargetFlags } from './targets.ts';

/** What holding and letting go on differ in. `unchanged`: it is so already. */
interface Hold<R extends { id: string }> extends Pick<Action<R>, 'line' | 'waitsFor'> {
  verb: 'pause' | 'resume';
  past: string;
  unchanged: string;
  concerns: (container: ContainerSummary) => boolean;
  nobody: string;
  run: (client: ConsoleClient, name: string) => Promise<R>;
}

/** Holds all processes of containers; they keep their memory and get no processor. */
export function pause(names: readonly string[], flags: TargetFlags, context: Context): Promise<number> {
  return hold(names, flags, context, {
    verb: 'pause',
    past: 'paused',
    unchanged: 'paused',
    concerns: (container) => container.state === 'running' && !isPaused(container),
    nobody: 'no container is running',
    run: (client, name) => client.pause(name),
    line: ({ id, processes }, took) =>
      `paused ${id} in ${formatDuration(took)}, ${processes} ${processes === 1 ? 'process' : 'processes'}`,
    waitsFor: (pending) => `waiting until every process of ${pending.join(', ')} is held${LEAVE}`,
  });
}

export function resume(names: readonly string[], flags: TargetFlags, context: Context): Promise<number> {
  return hold(names, flags, context, {
    verb: 'resume',
    past: 'resumed',
    unchanged: 'running',
    concerns: isPaused,
    nobody: 'no container is paused',
    run: (client, name) => client.resume(name),
    line: ({ id, duration }, took) =>
      `resumed ${id} in ${formatDuration(took)}${typeof duration === 'number' ? `, after ${formatDuration(duration * 1000)}` : ''}`,
    waitsFor: (pending) => `waiting until ${pending.join(', ')} goes on${LEAVE}`,
  });
}

async function hold<R extends { id: string; changed: boolean }>(
  names: readonly string[],
  flags: TargetFlags,
  context: Context,
  { concerns, nobody, unchanged, run, ...action }: Hold<R>,
): Promise<number> {
  const client = clientOf(context);
  const targets = await targetsOf(client, { verb: action.verb, names, flags, concerns });
  if (targets.names.length === 0 && !context.json) talk(nobody);
  const shared = {
    run: (name: string) => run(client, name),
    already: [],
    unchanged: ({ changed }: R) => (changed ? undefined : unchanged),
  };
  return perform(targets.names, { ...action, ...shared }, context);
}

function isPaused(container: ContainerSummary): boolean {
  return conditionWords(container).includes('paused');
}
