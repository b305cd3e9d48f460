import type { Schedule } from '../../manifest/index.ts';
import { CORRECTION_MS } from './next-run.ts';

/** What is kept of a schedule. Times are milliseconds since 1970. */
export interface LastRun {
  v: 1;
  /** The latest instant that a run was for; absent as long as there was none. */
  due?: number | undefined;
  /** When the last run began; without one, when the schedule was first seen. */
  began: number;
  /** The latest time that was known then, also when the clock has been set back since. */
  clock: number;
  /** Cron and zone that this was noted for. */
  expression?: string;
  /** From when on its expression is in force, if there was another one before. */
  since?: number | undefined;
  /** Until then more runs may have begun, which are not noted in this file. */
  until?: number | undefined;
  /** Counts the notes: of two files the one with more is newer. */
  number?: number;
}

/** What a schedule says of its notes: what they are for, and whether they must survive a loss of power, as runs are made up for. */
export function notesOf({ cron, time_zone, catch_up }: Schedule): { expression: string; lasting: boolean } {
  return { expression: `${cron} ${time_zone}`, lasting: catch_up === 'once' };
}

/** The latest time that a date can show. */
const LATEST = 8.64e15;

export function isLastRun(value: unknown): value is LastRun {
  if (typeof value !== 'object' || value === null) return false;
  const {
    v,
    due,
    began,
    clock,
    expression,
    since,
    until,
    number = 0,
  } = value as Partial<Record<keyof LastRun, unknown>>;
  if (v !== 1 || !isTime(began) || !isTime(clock)) return false;
  const isText = expression === undefined || typeof expression === 'string';
  return isText && Number.isInteger(number) && [due, since, until].every((time) => time === undefined || isTime(time));
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= LATEST;
}

/** Of what was due until then nothing was missed, as far as anybody knows. */
export function judgedUntil({ due, began, since = -Infinity, until = -Infinity }: LastRun): number {
  return Math.max(due ?? began, since, until);
}

/** The clock, and the time that it says more than when it is set. */
export interface Reading {
  now: number;
  builtAt: number;
}

/** What was noted hours ahead of a clock that is set was noted when that was wrong. One that is not set says nothing of what has been. */
export function credible(noted: number | undefined, { now, builtAt }: Reading): number | undefined {
  return noted !== undefined && now >= builtAt && noted - now >= CORRECTION_MS ? undefined : noted;
}

/** The later one of what was noted, as far as it is credible, and what is to be. */
export function laterOf(noted: number | undefined, time: number | undefined, reading: Reading): number | undefined {
  const before = credible(noted, reading);
  return before === undefined || time === undefined ? (time ?? before) : Math.max(before, time);
}
