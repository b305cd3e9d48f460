import { existsSync } from 'node:fs';
import { machine, release } from 'node:os';
import { ThubanError, count, version } from '../base/index.ts';
import type { DaemonVersion } from '../runtime/index.ts';
import type { Context } from './context.ts';
import { print, talk } from './talk.ts';
import { clockTime } from './times.ts';

/** The version of this program, and of the daemon when one answers. */
export async function versionCommand(context: Context): Promise<number> {
  const facts = { version, node: process.version.slice(1), kernel: release(), arch: machine() };
  const daemon = await askDaemon(context);
  if (context.json) {
    print(JSON.stringify({ ...facts, ...(daemon === undefined ? {} : { daemon }) }));
    return 0;
  }
  print(`thuban ${version}   Node ${facts.node}, Linux ${facts.kernel} ${facts.arch}`);
  if (daemon !== undefined) {
    const { pid, started_at, cgroups, containers } = daemon;
    const since = clockTime(started_at, context.out);
    print(
      `daemon ${daemon.version}   Node ${daemon.node}, pid ${pid} since ${since}, cgroups ${cgroups}, ${count(containers, 'container')}`,
    );
  }
  return 0;
}

/** That no daemon runs is an answer here; only who named its socket, or asked for details, is told why. */
async function askDaemon(context: Context): Promise<DaemonVersion | undefined> {
  const isWanted = context.socketFrom !== undefined || context.verbose > 0;
  if (!isWanted && !existsSync(context.socket)) return undefined;
  const { clientOf } = await import('./client.ts');
  try {
    return await clientOf(context).version();
  } catch (error) {
    if (!(error instanceof ThubanError)) throw error;
    if (isWanted) talk(error.message);
    return undefined;
  }
}
