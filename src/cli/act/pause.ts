import { formatDuration } from '../../base/index.ts';
import type { ContainerSummary } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { conditionWords } from '../states.ts';
import { talk } from '../talk.ts';
import { LEAVE } from './patience.ts';
import { perform } from './perform.ts';
import { targetsOf, type TargetFlags } from './targets.ts';

/** Holds all processes of containers; they keep their memory and get no processor. */
export async function pause(names: readonly string[], flags: TargetFlags, context: Context): Promise<number> {
  const client = clientOf(context);
  const concerns = (container: ContainerSummary): boolean => container.state === 'running' && !isPaused(container);
  const targets = await targetsOf(client, { verb: 'pause', names, flags, concerns });
  if (targets.names.length === 0 && !context.json) talk('no container is running');
  return perform(
    targets.names,
    {
      verb: 'pause',
      past: 'paused',
      run: (name) => client.pause(name),
      already: [],
      unchanged: ({ changed }) => (changed ? undefined : 'paused'),
      line: ({ id, processes }, took) =>
        `paused ${id} in ${formatDuration(took)}, ${processes} ${processes === 1 ? 'process' : 'processes'}`,
      waitsFor: (pending) => `waiting until every process of ${pending.join(', ')} is held${LEAVE}`,
    },
    context,
  );
}

export async function resume(names: readonly string[], flags: TargetFlags, context: Context): Promise<number> {
  const client = clientOf(context);
  const targets = await targetsOf(client, { verb: 'resume', names, flags, concerns: isPaused });
  if (targets.names.length === 0 && !context.json) talk('no container is paused');
  return perform(
    targets.names,
    {
      verb: 'resume',
      past: 'resumed',
      run: (name) => client.resume(name),
      already: [],
      unchanged: ({ changed }) => (changed ? undefined : 'running'),
      line: ({ id, duration }, took) =>
        `resumed ${id} in ${formatDuration(took)}${typeof duration === 'number' ? `, after ${formatDuration(duration * 1000)}` : ''}`,
      waitsFor: (pending) => `waiting until ${pending.join(', ')} goes on${LEAVE}`,
    },
    context,
  );
}

function isPaused(container: ContainerSummary): boolean {
  return conditionWords(container).includes('paused');
}
