import { formatDuration, systemClock, type Clock } from '../base/index.ts';
import { readPressure, type Counter, type KernelFs, type Monitor } from '../cgroups/index.ts';
import type { LauncherClient, PressureReport } from '../launcher/index.ts';

/** What an event of type `pressure` tells. */
export interface PressureNews {
  /** `some`, `full` (v2), or the level (v1). */
  which: 'some' | 'full' | 'low' | 'medium' | 'critical';
  /** v2: seconds of waiting in each `window`, in seconds, from which on it is told. */
  threshold?: number;
  window?: number;
  /** v2: percent of the last 10 seconds that were waited for memory, when this was told. */
  avg10?: number;
  /** v2: microseconds that were waited for memory since the start. */
  total_us?: NonNullable<Counter>;
  /** How often the kernel has told it since the event before. */
  count: number;
}

export interface PressureWatchOptions {
  launcher: Pick<LauncherClient, 'monitor'>;
  id: bigint;
  fs: KernelFs;
  /** Those that the launcher holds. */
  monitors: readonly Monitor[];
  tell: (news: PressureNews) => void;
  clock?: Clock;
}

/** Levels of v1 have no window of their own. */
const LEVEL_WINDOW_MS = 2000;
const SHORTEST_MS = 1000;
const SECOND = 1_000_000;

/**
 * The early warnings of one run. A monitor that has spoken is armed again after its window, at least a second: so there is no more than one event
 * in that time, whatever the container does, and what came in between is counted in the next.
 */
export class PressureWatch {
  readonly #options: PressureWatchOptions;
  readonly #clock: Clock;
  readonly #end = new AbortController();

  constructor(options: PressureWatchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  receive({ kind, count }: PressureReport): void {
    const monitor = this.#options.monitors.find((each) => each.kind === kind);
    if (monitor === undefined || this.#end.signal.aborted) return;
    const trigger = triggerOf(monitor);
    this.#options.tell({ ...(trigger === undefined ? levelOf(monitor) : this.#measured(monitor, trigger)), count });
    const pause = Math.max(SHORTEST_MS, trigger === undefined ? LEVEL_WINDOW_MS : trigger.window * 1000);
    void this.#armAfter(pause, monitor);
  }

  /** Of a run that was adopted: who had heard its monitors speak may not have armed them again. */
  resume(): void {
    for (const monitor of this.#options.monitors) void this.#armAfter(0, monitor);
  }

  close(): void {
    this.#end.abort();
  }

  async #armAfter(ms: number, { kind }: Monitor): Promise<void> {
    const { launcher, id } = this.#options;
    try {
      if (ms > 0) await this.#clock.sleep(ms, this.#end.signal);
      await launcher.monitor(id, kind); // not there any more: the run has ended
    } catch {
      // closed while it slept; or the launcher ended, which everybody hears of
    }
  }

  #measured({ kind, file }: Monitor, trigger: Trigger): Omit<PressureNews, 'count'> {
    const pressure = readPressure(this.#options.fs, file);
    const { avg10 = null, total_us = null } = pressure?.[kind === 'full' ? 'full' : 'some'] ?? {};
    return { ...trigger, ...(avg10 === null ? {} : { avg10 }), ...(total_us === null ? {} : { total_us }) };
  }
}

interface Trigger {
  which: 'some' | 'full';
  threshold: number;
  window: number;
}

function triggerOf({ kind, text }: Monitor): Trigger | undefined {
  if (kind === 'level') return undefined;
  const [, stall, window] = text.split(' ').map(Number);
  return { which: kind, threshold: (stall ?? 0) / SECOND, window: (window ?? 0) / SECOND };
}

function levelOf({ text }: Monitor): Pick<PressureNews, 'which'> {
  return { which: text === 'low' || text === 'critical' ? text : 'medium' };
}

const LEVELS: Readonly<Record<string, string>> = {
  low: 'memory is reclaimed',
  medium: 'reclaiming memory gets hard',
  critical: 'the kernel is about to kill for want of memory',
};

/** One sentence for a person: `some waited 150 ms or more of 2 s for memory, 12.5 % of the last 10 s`. */
export function pressureSentence({ which, threshold, window, avg10, count }: PressureNews): string {
  const often = count > 1 ? `, ${count} times` : '';
  if (which !== 'some' && which !== 'full') return `level ${which}: ${LEVELS[which] ?? ''}${often}`;
  const who = which === 'some' ? 'a process' : 'every process';
  const time = threshold === undefined ? '' : ` ${formatDuration(threshold * 1000)} or more`;
  const of = window === undefined ? '' : ` of ${formatDuration(window * 1000)}`;
  const lately = avg10 === undefined ? '' : `, ${avg10} % of the last 10 s`;
  return `${which}: ${who} waited${time}${of} for memory${lately}${often}`;
}
