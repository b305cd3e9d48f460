import { formatDuration } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { Exit } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import { confirmed, listed } from '../confirm.ts';
import type { Context } from '../context.ts';
import { readTimeout } from '../durations.ts';
import { ending } from '../last-exit.ts';
import { isActive } from '../states.ts';
import { talk } from '../talk.ts';
import { LEAVE, stopProgress } from './patience.ts';
import { perform } from './perform.ts';
import { targetsOf, type TargetFlags } from './targets.ts';

/** The longest that the console takes; 0, which means for ever, is as long. */
const LONGEST_S = 86_400;

export interface StopFlags extends TargetFlags {
  timeout?: string;
  yes?: boolean;
}

/** Stops containers; each line comes when all of the container is gone. */
export async function stop(names: readonly string[], flags: StopFlags, context: Context): Promise<number> {
  const asked = await prepare('stop', names, flags, context);
  if (asked === undefined) return 1;
  const { client, targets, timeout } = asked;
  return perform(
    targets,
    {
      verb: 'stop',
      past: 'stopped',
      run: (name) => client.stop(name, timeout),
      already: ['stopped', 'failed'],
      line: ({ id, exit }, took) => `stopped ${id} in ${formatDuration(took)}${how(exit)}`,
      waitsFor: (pending) => patience('stopping', pending, client, timeout.timeout),
    },
    context,
  );
}

/** Stops and starts containers again; one that does not run is started. */
export async function restart(names: readonly string[], flags: StopFlags, context: Context): Promise<number> {
  const asked = await prepare('restart', names, flags, context);
  if (asked === undefined) return 1;
  const { client, targets, timeout } = asked;
  return perform(
    targets,
    {
      verb: 'restart',
      past: 'restarted',
      run: (name) => client.restart(name, timeout),
      already: [],
      line: ({ id, pid }, took) => `restarted ${id} in ${formatDuration(took)}, pid ${pid}`,
      waitsFor: (pending) => patience('restarting', pending, client, timeout.timeout),
    },
    context,
  );
}

async function prepare(
  verb: 'stop' | 'restart',
  names: readonly string[],
  flags: StopFlags,
  context: Context,
): Promise<{ client: ConsoleClient; targets: string[]; timeout: { timeout?: number } } | undefined> {
  const seconds = readTimeout(flags.timeout);
  const client = clientOf(context);
  const targets = await targetsOf(client, { verb, names, flags, concerns: isActive });
  if (flags.all === true && targets.names.length > 0) {
    const loss = `${verb} ${listed(targets.names, 'running container')}`;
    if (!(await confirmed(loss, flags.yes === true, context))) return undefined;
  }
  if (targets.names.length === 0 && !context.json) talk('no container is running');
  const timeout = seconds === undefined ? {} : { timeout: Math.min(seconds, LONGEST_S) };
  return { client, targets: targets.names, timeout };
}

/** `, code 0`; a signal that the container asks to be stopped by has not killed it. */
function how(exit: Exit | null): string {
  if (exit === null) return '';
  return `, ${ending(exit).replace(/^killed by (?!SIGKILL)/, 'ended by ')}`;
}

/** For what, and of a single container since when and until when. */
async function patience(
  doing: string,
  pending: string[],
  client: ConsoleClient,
  timeout: number | undefined,
): Promise<string> {
  const [name] = pending;
  const alone = pending.length === 1 && name !== undefined ? await stopProgress(client, name, timeout) : undefined;
  return `${doing} ${pending.join(', ')}${alone === undefined ? '' : `: ${alone}`}${LEAVE}`;
}
