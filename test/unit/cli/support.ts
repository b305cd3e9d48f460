import { ConsoleServer } from '../../../src/console/index.ts';
import { Cli, type CliEnd, type CliOptions } from '../../support/cli.ts';
import { until } from '../../support/processes.ts';
import { socketAt, withConsole, type Bench } from '../console/support.ts';

export { socketAt, withConsole, type Bench };

const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', TZ: 'UTC' };

/** `thuban ARGS` that speaks to the console of a bench, not yet ended. */
export function begin({ path }: Pick<Bench, 'path'>, args: string[], options: CliOptions = {}): Cli {
  return new Cli(args, { ...options, env: { ...environment, THUBAN_SOCKET: path, ...options.env } });
}

/** `thuban ARGS` from its beginning to its end. */
export async function thuban(bench: Pick<Bench, 'path'>, ...args: string[]): Promise<CliEnd> {
  using cli = begin(bench, args);
  cli.process.stdin?.end();
  return await cli.ended;
}

/** Another daemon on the same socket, after the first has ended. */
export function again({ path, control }: Bench): Promise<ConsoleServer> {
  return ConsoleServer.listen({ control, sockets: [socketAt(path)] });
}

/** Until somebody follows a stream of the daemon. */
export async function following({ control }: Bench): Promise<void> {
  const asked = (): boolean =>
    control.calls.some(({ options }) => (options as { follow?: boolean } | undefined)?.follow === true);
  await until('somebody follows', () => asked() && control.streams > 0);
}
