import { ThubanError, type Clock, type Code } from '../base/index.ts';
import type { Condition, EventBody, RuntimeEvent } from './events.ts';
import type { Exit, Oom } from './exit.ts';
import type { ProgramOverrides } from './plan-program.ts';
import type { Held } from './restore.ts';
import type { RestartHistory } from './restart.ts';
import type { SavedLimits, SavedManifest, SavedState } from './saved-state.ts';
import { transitions, type State } from './states.ts';

export interface LedgerOptions {
  onEvent?: (event: RuntimeEvent) => void;
  /**
   * Called at every change that a next daemon must know of. `soon`: what it tells can be worked out from what was saved before and from what
   * the launcher holds, so that nobody has to wait for it.
   */
  save?: (state: SavedState, soon: boolean) => void;
  clock: Clock;
}

/** Milliseconds on CLOCK_MONOTONIC, which is the same for every process of this boot. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A daemon that dies before it has saved one of these left a start that the launcher knows, or an exit that was saved. */
const WORKED_OUT: ReadonlySet<State> = new Set<State>(['running', 'stopped', 'failed']);

/** What is known of a container over all its runs, told as events and saved for a next daemon. */
export class Ledger {
  readonly id: string;
  state: State = 'stopped';
  since: string;
  message: string | undefined;
  intent: SavedState['intent'] = 'run';
  stopReason: string | undefined;
  /** Absent: too large to be saved. */
  loaded: SavedManifest | undefined;
  makesRoom = false;
  overrides: ProgramOverrides = {};
  /** In the place of those of the manifest, until that is another one. */
  limits: SavedLimits | undefined;
  history: RestartHistory = { restarts: 0 };
  restarts = 0;
  oomKills = 0;
  oomAnnounced = 0;
  /** RFC 3339: the present run was paused then. */
  pausedSince: string | undefined;
  /** The present or last run at the launcher. */
  run: string | undefined;
  groups: string[] = [];
  lastExit: Exit | undefined;
  /** Milliseconds on CLOCK_MONOTONIC. */
  nextStart: number | undefined;
  /** What its start waits for. */
  waiting: Condition | undefined;
  #accounted: string | undefined;
  readonly #options: LedgerOptions;

  constructor(id: string, options: LedgerOptions) {
    this.id = id;
    this.#options = options;
    this.since = this.#now();
  }

  become(state: State, message?: string, code?: Code): void {
    const previous = this.state;
    if (previous === state) return;
    this.waiting = undefined;
    if (!transitions[previous].includes(state))
      throw new ThubanError('TH9001', `a bug in Thuban: ${this.id} cannot go from ${previous} to ${state}`);
    this.state = state;
    this.since = this.#now();
    this.message = message;
    this.save(WORKED_OUT.has(state));
    const why = { ...(message === undefined ? {} : { message }), ...(code === undefined ? {} : { code }) };
    this.emit({ type: 'state', state, previous, ...why });
  }

  /** A start: noted before anything of it is made. */
  begin(run: string, groups: string[]): void {
    this.run = run;
    this.groups = groups;
    this.oomAnnounced = 0;
    this.pausedSince = undefined;
    this.waiting = undefined;
    if (this.state === 'starting') this.save();
    else this.become('starting');
  }

  /** A start that is not its turn yet. Nothing of it exists, so that a next daemon starts it anew. */
  awaitTurn(why = 'waiting for its turn to start'): void {
    this.run = undefined;
    this.groups = [];
    this.become('starting', why);
  }

  /** A start that waits for what is to be plugged in. */
  awaitDevices(hosts: readonly string[]): void {
    const message = `for ${hosts.join(', ')}`;
    this.awaitTurn(`waiting ${message}`);
    this.waiting = { type: 'waiting', since: this.#now(), message, code: 'TH3009' };
  }

  /** It was started at least once. */
  get lived(): boolean {
    return this.run !== undefined || this.lastExit !== undefined;
  }

  emit(body: EventBody): void {
    this.#options.onEvent?.({ time: this.#now(), container: this.id, ...body });
  }

  oom(oom: Oom): void {
    this.oomKills++;
    this.oomAnnounced = oom.kills;
    this.save();
    this.emit({ type: 'oom', oom });
  }

  /** `since`: the run is paused. */
  pause(event: Extract<EventBody, { type: 'paused' | 'resumed' }>, since: string | undefined): void {
    this.pausedSince = since;
    this.save();
    this.emit(event);
  }

  /** The end of the present run, before the launcher forgets it. */
  account(exit: Exit): void {
    this.lastExit = exit;
    this.#accounted = this.run;
    this.save();
  }

  save(soon = false): void {
    const state: SavedState = {
      v: 1,
      container: this.id,
      state: this.state,
      since: this.since,
      ...(this.message === undefined ? {} : { message: this.message }),
      intent: this.intent,
      ...(this.stopReason === undefined ? {} : { stop_reason: this.stopReason }),
      ...(this.loaded === undefined ? {} : { loaded: this.loaded }),
      ...(this.makesRoom ? { makes_room: true } : {}),
      overrides: this.overrides,
      ...(this.limits === undefined ? {} : { limits: this.limits }),
      ...(this.run === undefined ? {} : { run: this.run }),
      ...(this.#accounted === undefined ? {} : { accounted: this.#accounted }),
      ...(this.lastExit === undefined ? {} : { last_exit: this.lastExit }),
      restarts: this.restarts,
      oom_kills: this.oomKills,
      oom_announced: this.oomAnnounced,
      ...(this.pausedSince === undefined ? {} : { paused_since: this.pausedSince }),
      history: this.history,
      ...(this.nextStart === undefined ? {} : { next_start: this.nextStart }),
      groups: this.groups,
    };
    this.#options.save?.(state, soon);
  }

  /** Takes over what an earlier daemon left; `state` is what was made of it. */
  resume(state: State, saved: SavedState | undefined, held: Held | undefined): void {
    this.state = state;
    if (saved !== undefined) this.#remember(saved, state);
    if (held === undefined) return;
    this.run = String(held.listed.id);
    this.groups = held.record.groups.map((group) => group.path);
  }

  #remember(saved: SavedState, state: State): void {
    if (state === saved.state) {
      this.since = saved.since;
      this.message = saved.message;
    }
    this.intent = saved.intent;
    this.stopReason = saved.stop_reason;
    this.makesRoom = saved.makes_room === true;
    this.overrides = saved.overrides ?? {};
    this.limits = saved.limits;
    this.history = saved.history;
    this.restarts = saved.restarts;
    this.oomKills = saved.oom_kills;
    this.oomAnnounced = saved.oom_announced;
    this.pausedSince = saved.paused_since;
    this.run = saved.run;
    this.#accounted = saved.accounted;
    this.lastExit = saved.last_exit;
    this.nextStart = state === 'backoff' ? saved.next_start : undefined;
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}
