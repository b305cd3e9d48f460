import { ThubanError, formatDuration } from '../../base/index.ts';
import type { ContainerSummary, StartOverrides } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { isActive } from '../states.ts';
import { talk } from '../talk.ts';
import { perform } from './perform.ts';
import { targetsOf, type TargetFlags } from './targets.ts';
import { variable } from './variable.ts';

export interface StartFlags extends TargetFlags {
  env?: string[];
  init?: string;
}

/** Starts containers. `args` are the words after `--`: they replace those of the manifest for this run. */
export async function start(
  names: readonly string[],
  args: string[] | undefined,
  flags: StartFlags,
  context: Context,
): Promise<number> {
  const overrides = overridesOf(args, flags);
  const client = clientOf(context);
  const concerns = (container: ContainerSummary): boolean => !isActive(container) && container.resource !== true;
  const targets = await targetsOf(client, { verb: 'start', names, flags, concerns });
  if (Object.keys(overrides).length > 0 && targets.names.length > 1)
    throw new ThubanError('TH6011', '`--env`, `--init` and arguments are for one container', {
      hint: 'start them one after the other',
    });
  if (targets.names.length === 0 && !context.json) talk('no container is stopped');
  return perform(
    targets.names,
    {
      verb: 'start',
      past: 'started',
      run: (name) => client.start(name, overrides),
      // One that runs does not run with what was asked for.
      already: Object.keys(overrides).length > 0 ? [] : ['running', 'starting'],
      line: ({ id, pid }, took) => `started ${id} in ${formatDuration(took)}, pid ${pid}`,
      waitsFor: (pending) =>
        `waiting until ${pending.join(', ')} executes its program   (Ctrl-C leaves, the daemon goes on)`,
    },
    context,
  );
}

function overridesOf(args: string[] | undefined, { env, init }: StartFlags): StartOverrides {
  return {
    ...(args === undefined ? {} : { args }),
    ...(env === undefined ? {} : { env: Object.fromEntries(env.map(variable)) }),
    ...(init === undefined ? {} : { init }),
  };
}
