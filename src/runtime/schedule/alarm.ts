import { createTask, type ScheduledTask } from 'node-cron';
import { messageOf } from '../../base/index.ts';
import type { DaemonLog } from '../daemon-options.ts';

/** Rings once at a time of the wall clock. */
export interface Alarm {
  /** Replaces what it was set to. A whole second, as all instants of expressions are. */
  set(at: number): void;
  clear(): void;
}

export interface AlarmParts {
  ring: () => void;
  /** Called shortly before anything rings, so that a clock that was set is seen by others first. It may set or clear the alarm. */
  look: () => void;
  log: DaemonLog;
}

export type MakeAlarm = (parts: AlarmParts) => Alarm;

/** The longest that node-cron sleeps. */
const LONGEST_MS = 24 * 3_600_000;
const LOOK_BEFORE_MS = 5;

/**
 * An alarm by node-cron. It is given one instant, as an expression in UTC that comes once a year, and never the schedule itself: when the
 * clock is set forward, node-cron goes through all that it missed without a pause, which for a schedule of every minute and a year is
 * half a million callbacks. So it is one, and mostly none, as there is a look before it wakes. Whoever is rung looks at the clock: a bell
 * may come early or in the wrong year.
 */
export function cronAlarm({ ring, look, log }: AlarmParts): Alarm {
  let task: ScheduledTask | undefined;
  let before: NodeJS.Timeout | undefined;
  let overdue: NodeJS.Immediate | undefined;
  const clear = (): void => {
    clearTimeout(before);
    clearImmediate(overdue);
    void task?.destroy(); // takes it out of node-cron's registry, which is global
    task = undefined;
  };
  const lookBefore = (at: number): void => {
    const rest = at - Date.now();
    if (rest <= LOOK_BEFORE_MS) return;
    before = setTimeout(
      () => {
        lookBefore(at);
        look();
      },
      Math.min(LONGEST_MS, rest) - LOOK_BEFORE_MS,
    );
  };
  return {
    set(at) {
      clear();
      const date = new Date(at);
      const fields = [date.getUTCSeconds(), date.getUTCMinutes(), date.getUTCHours(), date.getUTCDate()];
      const rung = (): void => {
        if (task !== mine) return;
        clear();
        ring();
      };
      const mine = createTask(`${fields.join(' ')} ${date.getUTCMonth() + 1} *`, rung, {
        timezone: 'UTC',
        logger: loggerOf(log),
        suppressMissedWarning: true,
      });
      task = mine;
      mine.on('execution:missed', rung); // late by more than a second; how late is too late is not node-cron's to say
      void mine.start();
      lookBefore(at);
      // It may have come while this was made, and then node-cron waits for the next year.
      if (Date.now() >= at) overdue = setImmediate(rung);
    },
    clear,
  };
}

/** node-cron writes to the terminal unless it is told otherwise. */
function loggerOf(log: DaemonLog): Pick<Console, 'info' | 'warn' | 'error' | 'debug'> {
  const write =
    (level: Parameters<DaemonLog>[0]) =>
    (message: unknown): void => {
      log(level, `node-cron: ${messageOf(message)}`);
    };
  return { info: write('info'), warn: write('warn'), error: write('error'), debug: write('debug') };
}
