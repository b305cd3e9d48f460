import { constants } from 'node:os';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ThubanError, formatDuration } from '../base/index.ts';
import { stopDefaults, type LoadedManifest } from '../manifest/index.ts';
import {
  Session,
  Supervised,
  containerId,
  exitSentence,
  isResource,
  noProgram,
  oomSentence,
  pressureSentence,
  processExitCode,
  startFailureCode,
  type Exit,
  type OutputSink,
  type RuntimeEvent,
  withPosition,
} from '../runtime/index.ts';
import type { Context } from './context.ts';
import { loadGiven } from './load-given.ts';
import { Neighbours } from './neighbours.ts';
import { JsonOutput, PassThrough } from './output.ts';
import { printError } from './print-error.ts';
import { flushStandardStreams, standardStream } from './standard-streams.ts';

export interface RunFlags {
  once?: boolean;
  cgroupParent?: string;
  key?: string[];
  repository?: string;
  dataDir?: string;
}

const CANNOT_START = 125;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What is run, and where the files of others that it mounts come from. */
interface Prepared {
  loaded: LoadedManifest;
  neighbours: Neighbours;
}

/** One container in the foreground, without a daemon. Resolves with the container's exit code. */
export async function run(file: string, flags: RunFlags, context: Context): Promise<number> {
  const prepared = await prepare(file, flags, context);
  if (prepared === undefined) return CANNOT_START;
  const signals = new StopSignals(context);
  try {
    return await runInSession(prepared, flags, signals, context);
  } finally {
    signals.release(); // everything is gone; a signal now only cuts off the rest of the output
    await flushStandardStreams(signals.first !== undefined);
  }
}

/** Reads everything that is to be read, while a signal may still end this process at once. Undefined after the errors were printed. */
async function prepare(file: string, flags: RunFlags, context: Context): Promise<Prepared | undefined> {
  try {
    const given = await loadGiven(file, flags.key, context);
    if (given === undefined) return undefined;
    const { loaded } = given;
    if (isResource(loaded.manifest)) throw withPosition(noProgram(loaded.manifest), loaded);
    if (loaded.manifest.schedule !== undefined)
      talk(`${containerId(loaded.manifest)} has a schedule, which only a daemon follows: it runs once, now`, context);
    return { loaded, neighbours: await Neighbours.of(file, given, flags.repository) };
  } catch (error) {
    printError(error, context);
    return undefined;
  }
}

async function runInSession(
  { loaded, neighbours }: Prepared,
  flags: RunFlags,
  signals: StopSignals,
  context: Context,
): Promise<number> {
  const { cgroupParent: parent, dataDir } = flags;
  const where = {
    ...(parent === undefined ? {} : { parent }),
    ...(dataDir === undefined ? {} : { dataDir: resolve(dataDir) }),
  };
  let session: Session;
  try {
    session = await Session.open({ prefix: 'thuban-run-', ...where });
  } catch (error) {
    // Ctrl-C of a terminal also meets the launcher, until that has a session of its own: then it is the reason, and known by the next turn.
    await setImmediate();
    if (signals.first !== undefined) return codeOf(signals.first);
    printError(error, context);
    return CANNOT_START;
  }
  await using _ = session;
  if (signals.first !== undefined) return codeOf(signals.first);
  const output: OutputSink = context.json ? new JsonOutput() : new PassThrough();
  const container = new Supervised({
    board: session.board,
    loaded,
    planOptions: session.planOptions,
    resources: () => neighbours.resources,
    output,
    once: flags.once ?? false,
    onEvent: (event) => {
      show(event, context);
    },
  });
  const life = container.start();
  signals.passTo(container);
  return conclude(await life, container, neighbours, context);
}

function codeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

function conclude(exit: Exit, container: Supervised, neighbours: Neighbours, context: Context): number {
  if (exit.reason !== 'start_failed') return processExitCode(exit);
  const error = withPosition(neighbours.explain(container.failure), container.loaded);
  printError(error, context);
  return error instanceof ThubanError ? startFailureCode(error) : CANNOT_START;
}

/** The first Ctrl-C or SIGTERM stops gracefully, the second kills. Heard from the beginning, so that nothing is left half made. */
class StopSignals {
  first: NodeJS.Signals | undefined;
  readonly #context: Context;
  #container: Supervised | undefined;

  constructor(context: Context) {
    this.#context = context;
    for (const signal of STOP_SIGNALS) process.on(signal, this.#onSignal);
  }

  passTo(container: Supervised): void {
    this.#container = container;
  }

  release(): void {
    for (const signal of STOP_SIGNALS) process.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const again = this.first !== undefined;
    this.first ??= signal;
    const container = this.#container;
    if (container === undefined) return;
    if (again) {
      void container.kill(`on the second ${signal}`);
      return;
    }
    const timeout = formatDuration((container.loaded.manifest.stop ?? stopDefaults).timeout * 1000);
    talk(`${signal}: stopping ${container.id}, it is killed in ${timeout} or at the next Ctrl-C`, this.#context);
    void container.stop(`on ${signal}`);
  };
}

function talk(text: string, context: Context): void {
  if (!context.quiet && !context.json) standardStream('stderr').write(`thuban: ${text}\n`);
}

/** What a person in front of the terminal should know and the program's own output does not say. */
function show(event: RuntimeEvent, context: Context): void {
  if (context.json) {
    standardStream('stdout').write(`${JSON.stringify(event)}\n`);
    return;
  }
  switch (event.type) {
    case 'oom':
      talk(
        `${event.container} ${context.err.style('red', 'oom')}: ${oomSentence(event.oom)}, killed by the kernel`,
        context,
      );
      return;
    case 'pressure':
      talk(`${event.container} ${context.err.style('yellow', 'pressure')}: ${pressureSentence(event)}`, context);
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
      if (event.state === 'starting' && event.message !== undefined)
        talk(`${event.container} is ${event.message}`, context);
      return;
    case 'leftover':
      if (event.removed === undefined) talk(`${event.container} could not remove ${event.paths.join(', ')}`, context);
      return;
    case 'started':
      for (const { code, message } of event.conditions ?? [])
        talk(`${event.container} ${context.err.style('yellow', `degraded[${code}]`)}: ${message}`, context);
      return;
    case 'paused': // these are a daemon's doing
    case 'resumed':
    case 'adopted':
    case 'scheduled':
    case 'skipped':
    case 'updated':
      return;
  }
}
