import { formatDuration } from '../../base/index.ts';
import { clientOf } from '../client.ts';
import { confirmed, listed } from '../confirm.ts';
import type { Context } from '../context.ts';
import { isActive } from '../states.ts';
import { talk } from '../talk.ts';
import { perform } from './perform.ts';
import { readSignal } from './signals.ts';
import { targetsOf, type TargetFlags } from './targets.ts';

export interface KillFlags extends TargetFlags {
  signal?: string;
  yes?: boolean;
}

/** Sends a signal to the programs of containers; SIGKILL ends everything in them. */
export async function kill(names: readonly string[], flags: KillFlags, context: Context): Promise<number> {
  const signal = readSignal(flags.signal ?? 'SIGKILL');
  const isEnd = signal === 'SIGKILL';
  const client = clientOf(context);
  const targets = await targetsOf(client, { verb: 'kill', names, flags, concerns: isActive });
  if (flags.all === true && targets.names.length > 0) {
    const loss = `${isEnd ? 'kill' : `send ${signal} to`} ${listed(targets.names, 'running container')}`;
    if (!(await confirmed(loss, flags.yes === true, context))) return 1;
  }
  if (targets.names.length === 0 && !context.json) talk('no container is running');
  return perform(
    targets.names,
    {
      verb: 'kill',
      past: isEnd ? 'killed' : `sent ${signal} to`,
      run: (name) => client.kill(name, { signal }),
      // A signal that reaches nobody did not do its work; an end that is there did.
      already: isEnd ? ['stopped', 'failed'] : [],
      line: ({ id }, took) => (isEnd ? `killed ${id} in ${formatDuration(took)}` : `sent ${signal} to ${id}`),
      waitsFor: (pending) => `waiting until ${pending.join(', ')} is gone   (Ctrl-C leaves, the daemon goes on)`,
    },
    context,
  );
}
