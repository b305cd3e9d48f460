import { ThubanError, systemClock, type Clock } from '../base/index.ts';
import { restartDefaults, type LoadedManifest, type Restart } from '../manifest/index.ts';
import { Container, describeFailure, type Board } from './container.ts';
import type { Condition, EventBody, RuntimeEvent } from './events.ts';
import type { Exit } from './exit.ts';
import { gatherFacts } from './facts.ts';
import { keyPath } from './key-path.ts';
import { discardOutput, type OutputSink } from './output.ts';
import { containerId, plan, type PlanOptions } from './plan.ts';
import { afterRun, decideRestart, type RestartHistory } from './restart.ts';
import { transitions, type State } from './states.ts';

export interface SupervisedOptions {
  board: Board;
  loaded: LoadedManifest;
  planOptions: PlanOptions;
  output?: OutputSink;
  onEvent?: (event: RuntimeEvent) => void;
  clock?: Clock;
  random?: () => number;
  /** Run once, whatever the manifest's restart policy says. */
  once?: boolean;
}

const NO_RESTART: Restart = { ...restartDefaults, policy: 'never' };

/** One container over all its runs: starts it, restarts it as its manifest says, and knows its state. */
export class Supervised {
  readonly id: string;
  readonly loaded: LoadedManifest;
  readonly #options: SupervisedOptions;
  readonly #clock: Clock;
  readonly #policy: Restart;
  #state: State = 'stopped';
  #container: Container | undefined;
  #history: RestartHistory = { restarts: 0 };
  #stopRequest: AbortController | undefined;
  /** What was asked for, for a start that is still under way then. */
  #ending: { how: 'stop' | 'kill'; reason: string | undefined } | undefined;
  #life: Promise<Exit> | undefined;
  #restarts = 0;
  #oomKills = 0;
  #lastExit: Exit | undefined;
  #startedAt: number | undefined;
  #conditions: Condition[] = [];
  #failure: unknown;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.loaded = options.loaded;
    this.id = containerId(options.loaded.manifest);
    this.#clock = options.clock ?? systemClock;
    this.#policy = options.once === true ? NO_RESTART : (options.loaded.manifest.restart ?? NO_RESTART);
  }

  get state(): State {
    return this.#state;
  }

  /** What `ps` shows. */
  get status(): {
    id: string;
    state: State;
    conditions: Condition[];
    pid?: number;
    uptime_ms?: number;
    restarts: number;
    oom_kills: number;
    last_exit?: Exit;
  } {
    const running = this.#state === 'running' || this.#state === 'stopping';
    return {
      id: this.id,
      state: this.#state,
      ...(running && this.#container !== undefined ? { pid: this.#container.started.program } : {}),
      ...(running && this.#startedAt !== undefined ? { uptime_ms: this.#clock.monotonic() - this.#startedAt } : {}),
      conditions: running ? this.#conditions : [],
      restarts: this.#restarts,
      oom_kills: this.#oomKills,
      ...(this.#lastExit === undefined ? {} : { last_exit: this.#lastExit }),
    };
  }

  /** The error of the last start, when it failed. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The run that is alive, for measurements. */
  get container(): Container | undefined {
    return this.#container;
  }

  /** Starts it. Resolves with the last exit when it is stopped or has failed, that is, when no restart will follow. */
  start(): Promise<Exit> {
    if (this.#state !== 'stopped' && this.#state !== 'failed')
      return Promise.reject(
        new ThubanError('TH9001', `a bug in Thuban: start of ${this.id} while it is ${this.#state}`),
      );
    this.#ending = undefined;
    this.#stopRequest = new AbortController();
    this.#life = this.#live(this.#stopRequest.signal);
    return this.#life;
  }

  /** Ends it and whatever restart was to come. Resolves when all is gone. */
  async stop(reason?: string): Promise<void> {
    this.#ending ??= { how: 'stop', reason };
    this.#stopRequest?.abort();
    if (this.#state === 'running') this.#become('stopping');
    await this.#container?.stop(reason);
    await this.#life;
  }

  /** Kills everything of it at once. */
  async kill(reason?: string): Promise<void> {
    this.#ending = { how: 'kill', reason };
    this.#stopRequest?.abort();
    if (this.#state === 'running') this.#become('stopping');
    await this.#container?.kill(reason);
    await this.#life;
  }

  async #live(stop: AbortSignal): Promise<Exit> {
    for (;;) {
      const exit = await this.#runOnce(stop);
      this.#history = afterRun(this.#history, this.#policy, exit.duration);
      const decision = stop.aborted
        ? ({ action: 'stay', limit: false } as const)
        : decideRestart(this.#policy, exit, this.#history, (this.#options.random ?? Math.random)());
      if (decision.action === 'stay') {
        if (decision.limit) this.#become('failed', `restart limit reached: ${this.#history.restarts + 1} starts`);
        else this.#become(exit.reason === 'start_failed' ? 'failed' : 'stopped');
        return exit;
      }
      this.#become('backoff');
      this.#emit({
        type: 'restarting',
        number: decision.number,
        max: this.#policy.max_restarts,
        delay: decision.delay / 1000,
        policy: this.#policy.policy,
      });
      if (!(await this.#wait(decision.delay, stop))) {
        this.#become('stopped');
        return exit;
      }
      this.#history = { restarts: decision.number };
      this.#restarts++;
    }
  }

  async #wait(ms: number, stop: AbortSignal): Promise<boolean> {
    try {
      await this.#clock.sleep(ms, stop);
      return true;
    } catch {
      return false; // asked to stop
    }
  }

  async #runOnce(stop: AbortSignal): Promise<Exit> {
    this.#become('starting');
    const before = this.#clock.monotonic();
    let container: Container;
    try {
      container = await this.#startContainer();
    } catch (error) {
      return this.#startFailed(error);
    }
    this.#container = container;
    this.#startedAt = this.#clock.monotonic();
    this.#become('running');
    this.#conditions = conditionsOf(container, new Date(this.#clock.now()).toISOString());
    const conditions = this.#conditions.length === 0 ? {} : { conditions: this.#conditions };
    const duration_ms = this.#startedAt - before;
    this.#emit({ type: 'started', pid: container.started.program, duration_ms, ...conditions });
    if (stop.aborted) {
      this.#become('stopping');
      void container[this.#ending?.how ?? 'stop'](this.#ending?.reason);
    }
    const { exit, leftovers } = await container.ended;
    this.#container = undefined;
    this.#finished(exit);
    if (leftovers.length > 0) this.#emit({ type: 'leftover', paths: leftovers.map((leftover) => leftover.path) });
    return exit;
  }

  #startContainer(): Promise<Container> {
    const { board, output, planOptions } = this.#options;
    const facts = gatherFacts(this.loaded.manifest);
    return Container.start(plan(this.loaded.manifest, facts, planOptions), board, {
      output: output ?? discardOutput,
      onOom: (oom) => {
        this.#oomKills++;
        this.#emit({ type: 'oom', oom });
      },
    });
  }

  #startFailed(error: unknown): Exit {
    this.#failure = error;
    const exit: Exit = {
      reason: 'start_failed',
      time: new Date(this.#clock.now()).toISOString(),
      duration: 0,
      error: describeFailure(this.locate(error)),
    };
    this.#finished(exit);
    return exit;
  }

  #finished(exit: Exit): void {
    this.#lastExit = exit;
    this.#emit({ type: 'exited', exit });
  }

  /** Gives an error the place in the manifest that its key stands at. */
  locate(error: unknown): unknown {
    return withPosition(error, this.loaded);
  }

  #become(state: State, message?: string): void {
    const previous = this.#state;
    if (previous === state) return;
    if (!transitions[previous].includes(state))
      throw new ThubanError('TH9001', `a bug in Thuban: ${this.id} cannot go from ${previous} to ${state}`);
    this.#state = state;
    this.#emit({ type: 'state', state, previous, ...(message === undefined ? {} : { message }) });
  }

  #emit(body: EventBody): void {
    this.#options.onEvent?.({ time: new Date(this.#clock.now()).toISOString(), container: this.id, ...body });
  }
}

function conditionsOf(container: Container, since: string): Condition[] {
  return container.degraded.map(({ code, message }) => ({ type: 'degraded', since, message, code }));
}

export function withPosition(error: unknown, loaded: LoadedManifest): unknown {
  if (!(error instanceof ThubanError) || error.position !== undefined) return error;
  const key = error.details['key'];
  if (typeof key !== 'string') return error;
  const located = new ThubanError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: error.details,
    cause: error.cause,
    position: loaded.position(keyPath(key)),
  });
  return located;
}
