import type { LoadedManifest } from '../../src/manifest/index.ts';
import { Session, startExecution, type ExecExit, type ExecRequest, type Execution } from '../../src/runtime/index.ts';
import type { Supervised } from '../../src/runtime/index.ts';
import { leavesNothingBehind } from './leaks.ts';
import { Conversation, runIn, type Result, type TrialOptions } from './containers.ts';

export interface Executed extends ExecExit {
  stdout: string;
  stderr: string;
}

export interface Running {
  session: Session;
  supervised: Supervised;
  /** Starts a program in it, whose output is kept. */
  begin: (args: string[], request?: Partial<ExecRequest>) => Promise<Begun>;
  /** To its end. `stdin` is all that it gets to read. */
  exec: (args: string[], request?: Partial<ExecRequest>, stdin?: string | Buffer) => Promise<Executed>;
}

export interface Begun {
  execution: Execution;
  output: Conversation;
  ended: Promise<ExecExit>;
}

/** A container that runs while `body` does, and is stopped then. */
export async function inContainer(
  loaded: LoadedManifest,
  body: (running: Running) => Promise<void>,
  options: TrialOptions = {},
): Promise<Result> {
  let result: Result | undefined;
  await leavesNothingBehind(async () => {
    await using session = await Session.open({ prefix: 'thuban-test-' });
    let failure: unknown;
    result = await runIn(session, loaded, {
      ...options,
      whenRunning: async (supervised) => {
        try {
          await new Promise((resolve) => setImmediate(resolve)); // it is known as running right after it was told
          await body(runningOf(session, supervised));
        } catch (error) {
          failure = error;
        }
        await supervised.kill();
      },
    });
    if (failure !== undefined) throw failure as Error;
  });
  return result as unknown as Result;
}

function runningOf(session: Session, supervised: Supervised): Running {
  const begin = async (args: string[], request: Partial<ExecRequest> = {}): Promise<Begun> => {
    const { container, loaded } = supervised;
    if (container === undefined) throw new Error('it does not run');
    const execution = await startExecution(container, loaded.manifest, { args, ...request }, session.board);
    const output = new Conversation();
    return { execution, output, ended: execution.relay(output) };
  };
  return {
    session,
    supervised,
    begin,
    exec: async (args, request = {}, stdin) => {
      const { execution, output, ended } = await begin(args, { ...request, stdin: stdin !== undefined });
      if (stdin !== undefined) {
        execution.write(Buffer.from(stdin), () => undefined);
        execution.endInput();
      }
      return { ...(await ended), ...output.text };
    },
  };
}
