import { ThubanError, failpoint, messageOf, systemClock, type Clock } from '../base/index.ts';
import { restartDefaults, type LoadedManifest, type Restart } from '../manifest/index.ts';
import { describeFailure, type Container } from './container.ts';
import { optionalDeferred } from './deferred.ts';
import { carryOut, type Ending } from './ending.ts';
import { isLauncherLost, type Exit } from './exit.ts';
import { Ledger, monotonicMs, type LedgerOptions } from './ledger.ts';
import { withPosition } from './locate.ts';
import type { ProgramOverrides } from './plan-program.ts';
import { containerId } from './plan.ts';
import { afterRun, decideRestart } from './restart.ts';
import { restore, type Entry, type Held } from './restore.ts';
import { Runner, type RunnerOptions } from './runner.ts';
import type { SavedState } from './saved-state.ts';
import type { State } from './states.ts';
import { conditionsOf, statusOf, timeOf, type Status } from './status.ts';

export interface SupervisedOptions extends RunnerOptions, Omit<LedgerOptions, 'clock'> {
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
  readonly #ledger: Ledger;
  readonly #runner: Runner;
  #container: Container | undefined;
  #lastRun: Container | undefined;
  #attempt = optionalDeferred<Container>();
  #stopRequest: AbortController | undefined;
  #wake: AbortController | undefined;
  /** What was asked for, for a start that is still under way then. */
  #ending: Ending | undefined;
  #life: Promise<Exit> | undefined;
  #failure: unknown;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.loaded = options.loaded;
    this.id = containerId(options.loaded.manifest);
    this.#clock = options.clock ?? systemClock;
    this.#policy = options.once === true ? NO_RESTART : (options.loaded.manifest.restart ?? NO_RESTART);
    this.#ledger = new Ledger(this.id, { ...options, clock: this.#clock });
    this.#runner = new Runner(options, this.#ledger);
  }

  get state(): State {
    return this.#ledger.state;
  }

  /** What `ps` shows. */
  get status(): Status {
    return statusOf(this.#ledger, this.#container);
  }

  /** The error of the last start, when it failed. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The run that is alive. */
  get container(): Container | undefined {
    return this.#container;
  }

  /** The newest run, whether it is alive or not. */
  get lastRun(): Container | undefined {
    return this.#container ?? this.#lastRun;
  }

  /** Restarts that count against the manifest's limit. */
  get countedRestarts(): number {
    return this.#ledger.history.restarts;
  }

  /** Resolves when the start that is under way or to come has succeeded; rejects with its error, placed in the manifest. */
  get attempt(): Promise<Container> {
    return this.#attempt.promise;
  }

  /** Resolves when it rests. Absent: it never lived. */
  get life(): Promise<Exit> | undefined {
    return this.#life;
  }

  /** Starts it. Resolves with the last exit when it is stopped or has failed, that is, when no restart will follow. */
  start(overrides: ProgramOverrides = {}): Promise<Exit> {
    const { state } = this.#ledger;
    if (state !== 'stopped' && state !== 'failed')
      return Promise.reject(new ThubanError('TH9001', `a bug in Thuban: start of ${this.id} while it is ${state}`));
    this.#ledger.overrides = overrides;
    this.#ledger.intent = 'run';
    this.#ledger.history = { restarts: 0 };
    return this.#begin({ from: 'start' });
  }

  /** In `backoff`: starts it now. */
  startNow(): void {
    this.#wake?.abort();
  }

  /** Goes on where an earlier daemon left it. Says what that one had begun, which is to be carried through. */
  resume(saved: SavedState | undefined, held: Held | undefined): { then: 'stop' | 'restart' | undefined } {
    const { state, entry, then } = restore(saved, held, monotonicMs());
    this.#ledger.state = state;
    if (saved !== undefined) this.#ledger.remember(saved, state);
    if (held !== undefined) {
      this.#ledger.run = String(held.listed.id);
      this.#ledger.groups = held.record.groups.map((group) => group.path);
    }
    if (entry !== undefined) void this.#begin(entry);
    else this.#ledger.save();
    return { then };
  }

  /** Ends it and whatever restart was to come. Resolves when all is gone. `timeout` in seconds replaces the manifest's. */
  async stop(reason?: string, options: { timeout?: number } = {}): Promise<void> {
    await this.#end({ how: 'stop', reason, timeout: options.timeout }, 'stop');
  }

  /** Stops it, if it lives, and starts it with the same overrides. Resolves when the start is under way: see `attempt`. */
  async restart(reason: string, options: { timeout?: number } = {}): Promise<void> {
    if (this.#life !== undefined) await this.#end({ how: 'stop', reason, timeout: options.timeout }, 'restart');
    failpoint('restart.stopped');
    const { state, overrides } = this.#ledger;
    if (state === 'stopped' || state === 'failed') void this.start(overrides);
  }

  /** Kills everything of it at once. */
  async kill(reason?: string): Promise<void> {
    this.#ending = undefined; // a kill overtakes a stop
    await this.#end({ how: 'kill', reason, timeout: undefined }, 'stop');
  }

  async #end(ending: Ending, intent: 'stop' | 'restart'): Promise<void> {
    this.#ending ??= ending;
    this.#ledger.intent = intent;
    this.#ledger.stopReason = ending.reason;
    this.#stopRequest?.abort();
    if (this.#ledger.state === 'running') this.#ledger.become('stopping');
    else this.#ledger.save();
    failpoint('stop.saved');
    if (this.#container !== undefined) await carryOut(this.#container, ending);
    await this.#life;
  }

  #begin(entry: Entry): Promise<Exit> {
    this.#ending = undefined;
    this.#failure = undefined;
    this.#stopRequest = new AbortController();
    this.#attempt = optionalDeferred();
    this.#life = this.#live(entry, this.#stopRequest.signal);
    return this.#life;
  }

  async #live(entry: Entry, stop: AbortSignal): Promise<Exit> {
    let exit = await this.#enter(entry, stop);
    while (exit === undefined || (await this.#goesOn(exit, stop))) exit = await this.#runOnce({ from: 'start' }, stop);
    return exit;
  }

  /** Undefined: the next thing is a start. */
  async #enter(entry: Entry, stop: AbortSignal): Promise<Exit | undefined> {
    if (entry.from === 'exit') return entry.exit;
    if (entry.from !== 'backoff') return this.#runOnce(entry, stop);
    const goesOn = await this.#backOff(entry.delay, stop);
    return goesOn ? undefined : this.#ledger.lastExit;
  }

  /** What follows a run: false, it rests. */
  async #goesOn(exit: Exit, stop: AbortSignal): Promise<boolean> {
    const { state } = this.#ledger;
    if (state === 'stopped' || state === 'failed') return false;
    if (this.#options.board.recovered !== undefined && isLauncherLost(exit) && !stop.aborted)
      return this.#recover(stop);
    this.#ledger.history = afterRun(this.#ledger.history, this.#policy, exit.duration);
    const counted = this.#ledger.history.restarts;
    const decision = stop.aborted
      ? ({ action: 'stay', limit: false } as const)
      : decideRestart(this.#policy, exit, this.#ledger.history, (this.#options.random ?? Math.random)());
    if (decision.action === 'stay') {
      if (decision.limit) this.#ledger.become('failed', `restart limit reached: ${counted + 1} starts`);
      else this.#ledger.become(exit.reason === 'start_failed' ? 'failed' : 'stopped');
      return false;
    }
    const { number, delay } = decision;
    this.#ledger.nextStart = monotonicMs() + delay;
    this.#ledger.become('backoff');
    const { max_restarts: max, policy } = this.#policy;
    this.#ledger.emit({ type: 'restarting', number, max, delay: delay / 1000, policy });
    failpoint('backoff.saved');
    return this.#backOff(delay, stop);
  }

  async #backOff(delay: number, stop: AbortSignal): Promise<boolean> {
    this.#attempt = optionalDeferred();
    this.#wake = new AbortController();
    await this.#clock.sleep(delay, AbortSignal.any([stop, this.#wake.signal])).catch(() => undefined); // woken
    this.#wake = undefined;
    this.#ledger.nextStart = undefined;
    if (stop.aborted) {
      this.#ledger.become('stopped');
      return false;
    }
    failpoint('backoff.over');
    this.#ledger.history = { restarts: this.#ledger.history.restarts + 1 };
    this.#ledger.restarts++;
    return true;
  }

  /** The launcher ended and took this container with it; that is no fault of the container. */
  async #recover(stop: AbortSignal): Promise<boolean> {
    this.#attempt = optionalDeferred();
    this.#ledger.become('backoff', 'the launcher ended; it is started again with a new one');
    try {
      await this.#options.board.recovered?.();
    } catch (error) {
      this.#failure = error;
      this.#ledger.become('stopped', `there is no launcher: ${messageOf(error)}`);
      return false;
    }
    if (!stop.aborted) return true;
    this.#ledger.become('stopped');
    return false;
  }

  async #runOnce(entry: Entry & { from: 'start' | 'held' }, stop: AbortSignal): Promise<Exit> {
    const before = this.#clock.monotonic();
    let container: Container;
    try {
      container =
        entry.from === 'held' ? await this.#runner.adopt(entry.held, entry.accounted) : await this.#runner.start();
    } catch (error) {
      return this.#startFailed(error);
    }
    this.#container = container;
    if (this.#ledger.state !== 'stopping') this.#ledger.become('running'); // asked to stop before it was adopted
    this.#tellStarted(container, entry, before);
    this.#attempt.resolve(container);
    if (stop.aborted) {
      this.#ledger.become('stopping');
      void carryOut(container, this.#ending ?? { how: 'stop', reason: undefined, timeout: undefined });
    }
    const { exit, leftovers } = await container.ended;
    this.#container = undefined;
    this.#lastRun = container;
    this.#ledger.groups = [];
    if (leftovers.length > 0) this.#ledger.emit({ type: 'leftover', paths: leftovers.map(({ path }) => path) });
    if (entry.from === 'held' && entry.accounted) return this.#ledger.lastExit ?? exit;
    this.#ledger.emit({ type: 'exited', exit });
    return exit;
  }

  #tellStarted(container: Container, entry: Entry, before: number): void {
    const pid = container.started.program;
    if (entry.from === 'held') {
      const started_at = timeOf(container.started.time);
      if (!entry.accounted) this.#ledger.emit({ type: 'adopted', pid, started_at, restarts: this.#ledger.restarts });
      return;
    }
    failpoint('start.running');
    const degraded = conditionsOf(container);
    const conditions = degraded.length === 0 ? {} : { conditions: degraded };
    this.#ledger.emit({
      type: 'started',
      pid,
      duration_ms: Math.round((this.#clock.monotonic() - before) * 1000) / 1000,
      ...conditions,
    });
  }

  #startFailed(error: unknown): Exit {
    this.#failure = error;
    if (this.#ledger.state !== 'starting') this.#ledger.become('starting'); // it did not come so far as to have a plan
    const located = this.locate(error);
    const time = new Date(this.#clock.now()).toISOString();
    const exit: Exit = { reason: 'start_failed', time, duration: 0, error: describeFailure(located) };
    this.#ledger.groups = [];
    this.#ledger.account(exit);
    this.#ledger.emit({ type: 'exited', exit });
    this.#attempt.reject(located);
    return exit;
  }

  /** Gives an error the place in the manifest that its key stands at. */
  locate(error: unknown): unknown {
    return withPosition(error, this.loaded);
  }
}
