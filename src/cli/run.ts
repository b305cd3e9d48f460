import { ThubanError, formatDuration } from '../base/index.ts';
import {
  Session,
  Supervised,
  exitSentence,
  oomSentence,
  processExitCode,
  startFailureCode,
  type Exit,
  type OutputSink,
  type RuntimeEvent,
} from '../runtime/index.ts';
import type { Context } from './context.ts';
import { loadOrExplain } from './load.ts';
import { JsonOutput, PassThrough } from './output.ts';
import { printError } from './print-error.ts';

export interface RunFlags {
  once?: boolean;
  cgroupParent?: string;
}

const CANNOT_START = 125;

/** One container in the foreground, without a daemon. Resolves with the container's exit code. */
export async function run(file: string, flags: RunFlags, context: Context): Promise<number> {
  const loaded = loadOrExplain(file, context);
  if (loaded === undefined) return CANNOT_START;
  const parent = flags.cgroupParent === undefined ? {} : { parent: flags.cgroupParent };
  let session: Session;
  try {
    session = await Session.open({ prefix: 'thuban-run-', ...parent });
  } catch (error) {
    printError(error, context);
    return CANNOT_START;
  }
  await using _ = session;
  const output: OutputSink = context.json ? new JsonOutput() : new PassThrough();
  const container = new Supervised({
    board: session.board,
    loaded,
    planOptions: session.planOptions,
    output,
    once: flags.once ?? false,
    onEvent: (event) => {
      show(event, context);
    },
  });
  const release = stopOnSignals(container, context);
  try {
    const exit = await container.start();
    return conclude(exit, container, context);
  } finally {
    release();
  }
}

function conclude(exit: Exit, container: Supervised, context: Context): number {
  if (exit.reason !== 'start_failed') return processExitCode(exit);
  const error = container.locate(container.failure);
  printError(error, context);
  return error instanceof ThubanError ? startFailureCode(error) : CANNOT_START;
}

/** The first Ctrl-C or SIGTERM stops gracefully, the second kills. */
function stopOnSignals(container: Supervised, context: Context): () => void {
  let asked = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    asked++;
    if (asked === 1) {
      const { stop } = container.loaded.manifest;
      const timeout = formatDuration((stop?.timeout ?? 10) * 1000);
      talk(`${signal}: stopping ${container.id}, it is killed in ${timeout} or at the next Ctrl-C`, context);
      void container.stop(`on ${signal}`);
    } else void container.kill(`on the second ${signal}`);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

function talk(text: string, context: Context): void {
  if (!context.quiet && !context.json) process.stderr.write(`thuban: ${text}\n`);
}

/** What a person in front of the terminal should know and the program's own output does not say. */
function show(event: RuntimeEvent, context: Context): void {
  if (context.json) {
    process.stdout.write(`${JSON.stringify(event)}\n`);
    return;
  }
  switch (event.type) {
    case 'oom':
      talk(
        `${event.container} ${context.err.style('red', 'oom')}: ${oomSentence(event.oom)}, killed by the kernel`,
        context,
      );
      return;
    case 'exited':
      if (event.exit.reason !== 'start_failed' && !(event.exit.reason === 'exited' && event.exit.code === 0))
        talk(
          `${event.container} exited: ${exitSentence(event.exit)}, after ${formatDuration(event.exit.duration * 1000)}`,
          context,
        );
      return;
    case 'restarting':
      talk(
        `${event.container} restart ${event.number} of ${event.max} in ${formatDuration(event.delay * 1000)} (restart.policy ${event.policy})`,
        context,
      );
      return;
    case 'state':
      if (event.state === 'failed' && event.message !== undefined)
        talk(`${event.container} failed: ${event.message}`, context);
      return;
    case 'leftover':
      talk(`${event.container} could not remove ${event.paths.join(', ')}`, context);
      return;
    case 'started':
      return;
  }
}
