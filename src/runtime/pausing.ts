import { ThubanError, systemClock, type Clock } from '../base/index.ts';
import { controllerRemedy, frozenAbove, taskList, type AcquiredGroups, type KernelFs } from '../cgroups/index.ts';
import type { Condition, EventBody } from './events.ts';
import { isRoot } from './rootless.ts';

export interface PausingParts {
  id: string;
  fs: KernelFs;
  groups: AcquiredGroups;
  /** RFC 3339: when an earlier daemon paused this run. */
  since?: string | undefined;
  /** `since`: for a next daemon. */
  onEvent: (event: Extract<EventBody, { type: 'paused' | 'resumed' }>, since: string | undefined) => void;
  clock?: Clock;
}

/** `changed: false`: there was nothing left to do. */
export interface PauseResult {
  changed: boolean;
  /** How many are held. */
  processes: number;
}

export interface ResumeResult {
  changed: boolean;
  /** Seconds for which it was paused. null: nobody knows. Absent: it was not. */
  duration?: number | null;
}

/** Milliseconds that a freezer gets, which waits for every process to come to rest. */
const TIMEOUT_MS = 5000;

/** Pauses one run of a container. The kernel knows whether it is paused; only since when is known here. */
export class Pausing {
  readonly #parts: PausingParts;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  #since: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PausingParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#since = parts.since;
  }

  /** Resolves when every process is held. TH2001 without a freezer, TH2009 when not all come to rest: then none is held. */
  pause(): Promise<PauseResult> {
    return this.#inTurn(async () => {
      const { groups, id } = this.#parts;
      this.#mustHaveFreezer();
      if (isPaused(groups)) return { changed: false, processes: groups.pids().length };
      const began = this.#clock.monotonic();
      const result = await groups.freeze({ clock: this.#clock, timeout: TIMEOUT_MS, signal: this.#ending.signal });
      if (result.outcome === 'timeout') throw notFrozen(id, result.running);
      if (result.outcome !== 'frozen') throw hasEnded(id, 'pause');
      this.#since = this.#now();
      const processes = groups.pids().length;
      const duration_ms = Math.round((this.#clock.monotonic() - began) * 1000) / 1000;
      this.#parts.onEvent({ type: 'paused', processes, duration_ms }, this.#since);
      return { changed: true, processes };
    });
  }

  /** Resolves when its processes go on. TH2009 when a group above is frozen: that cannot be undone from below. */
  resume(): Promise<ResumeResult> {
    return this.#inTurn(async () => {
      const { groups, id } = this.#parts;
      this.#mustHaveFreezer();
      const before = groups.freezerState();
      if (before === null) throw hasEnded(id, 'resume');
      if (before.state === 'thawed' && !before.self) return { changed: false };
      const result = await groups.thaw({ clock: this.#clock, timeout: TIMEOUT_MS });
      if (result.outcome === 'gone') throw hasEnded(id, 'resume');
      const duration = this.#since === undefined ? null : (this.#clock.now() - Date.parse(this.#since)) / 1000;
      this.#since = undefined;
      if (before.self) this.#parts.onEvent({ type: 'resumed', duration }, undefined);
      if (result.outcome === 'held') throw stillFrozen(id, result.by);
      return { changed: true, duration };
    });
  }

  /** For the end of the run: a pause that is under way is given up, and none begins any more. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#last;
  }

  /**
   * Lets everything go on, so that the program can follow the signal that it was sent. What a group above holds stays held: the kill after the
   * time-out has to meet that as well.
   */
  async release(): Promise<void> {
    await this.close();
    const { groups } = this.#parts;
    const state = groups.freezerState();
    if (state === null) return;
    await groups.thaw({ clock: this.#clock, timeout: 0, below: true });
    if (state.self) this.#since = undefined;
  }

  /** Whoever froze it: it does not run, and whoever looks is told so. */
  get condition(): Condition | undefined {
    const { groups, fs } = this.#parts;
    const state = groups.freezerState();
    const group = groups.freezer;
    if (state?.state === 'thawed') this.#since = undefined; // somebody else let it go on
    if (state === null || state.state === 'thawed' || group === undefined) return undefined;
    const since = this.#since ?? this.#now();
    if (state.self)
      return {
        type: 'paused',
        since,
        message: this.#since === undefined ? `another program froze ${group.path}` : 'on request',
      };
    return { type: 'paused', since, message: `the group ${frozenAbove(fs, group) ?? 'above'} is frozen` };
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#ending.signal.aborted) throw hasEnded(this.#parts.id, 'pause');
      return action();
    });
    this.#last = result.catch(() => undefined); // whoever asked is told; the next one begins anew
    return result;
  }

  #mustHaveFreezer(): void {
    if (this.#parts.groups.freezer !== undefined) return;
    if (!isRoot())
      throw new ThubanError('TH7001', `\`${this.#parts.id}\` cannot be paused: this user has no group for it`, {
        hint: 'use sudo, or have groups delegated: docs/guide/without-root.md',
        details: { id: this.#parts.id, controller: 'freezer' },
      });
    throw new ThubanError('TH2001', `\`${this.#parts.id}\` cannot be paused: it has no group in a freezer hierarchy`, {
      hint: `${controllerRemedy('freezer')}; a container that an older Thuban started has one after \`thuban restart ${this.#parts.id}\``,
      details: { id: this.#parts.id, controller: 'freezer' },
    });
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function isPaused(groups: AcquiredGroups): boolean {
  const state = groups.freezerState();
  return state?.self === true && state.state === 'frozen';
}

function notFrozen(id: string, running: Parameters<typeof taskList>[0]): ThubanError {
  const what = running.length === 1 ? '1 process' : `${running.length === 0 ? 'its' : running.length} processes`;
  return new ThubanError('TH2009', `\`${id}\` goes on: ${what} did not come to rest within ${TIMEOUT_MS / 1000} s`, {
    hint: running.length === 0 ? `thuban pause ${id}` : `they wait in the kernel: ${taskList(running)}`,
    details: { id, tasks: running },
  });
}

function stillFrozen(id: string, by: string): ThubanError {
  return new ThubanError('TH2009', `\`${id}\` does not go on: the group ${by} is frozen`, {
    hint: `whoever froze that group has to thaw it`,
    details: { id, path: by },
  });
}

function hasEnded(id: string, action: string): ThubanError {
  return new ThubanError('TH6005', `\`${id}\` ends, so there is nothing to ${action}`, {
    hint: `thuban inspect ${id}`,
    details: { id, state: 'stopping', action },
  });
}
