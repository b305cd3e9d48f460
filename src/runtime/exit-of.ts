import { ThubanError } from '../base/index.ts';
import type { ProgramExit } from '../launcher/index.ts';
import { decodeStatus, signalName, type Exit } from './exit.ts';
import type { OomTracker } from './oom-tracker.ts';

/** That somebody ended it, and why. */
export interface Stopping {
  for: string;
  /** Seconds of a time-out after which it was killed. */
  killedAfter?: number;
}

export interface EndFacts {
  /** Undefined: it was killed and has not ended. */
  ended: ProgramExit | undefined;
  /** Something of it cannot be killed, so that its end is not waited for any longer. */
  isHeld?: boolean;
  /** When it started: nanoseconds on CLOCK_MONOTONIC. */
  startedMono: bigint;
  stopping: Stopping | undefined;
  oom: OomTracker;
}

/** How a run ended. The counters must be final: the program was reaped, and its groups are still there. */
export function exitOf({ ended, isHeld = false, startedMono, stopping, oom: tracker }: EndFacts): Exit {
  if (ended === undefined) return unkillable(startedMono, stopping ?? { for: 'on request' });
  const duration = Math.max(0, Math.round(Number(ended.mono - startedMono) / 1e6)) / 1000;
  const base = { time: new Date(Number(ended.time / 1_000_000n)).toISOString(), duration };
  if (ended.status === null)
    return {
      ...base,
      reason: null,
      error: new ThubanError('TH3011', 'the launcher ended, and its containers with it').toJSON(),
    };
  const decoded = decodeStatus(ended.status);
  const how =
    'code' in decoded
      ? { code: decoded.code }
      : { signal: signalName(decoded.signal), ...(decoded.coreDumped ? { core_dumped: true } : {}) };
  const oomKilled = tracker.verdict(decoded, stopping !== undefined);
  const oom = tracker.total();
  const held = isHeld ? { error: notAllKilled() } : {};
  const withOom = { ...base, ...how, ...held, ...(oom === undefined ? {} : { oom }) };
  if (oomKilled === true) return { ...withOom, reason: 'oom_killed' };
  if (stopping !== undefined) return { ...withOom, reason: 'stopped', ...stoppedBy(stopping) };
  if (oomKilled === null) return { ...withOom, reason: null };
  return { ...withOom, reason: 'code' in decoded ? 'exited' : 'signalled' };
}

function unkillable(startedMono: bigint, stopping: Stopping): Exit {
  const duration = Math.round(Number(process.hrtime.bigint() - startedMono) / 1e6) / 1000;
  const error = notAllKilled();
  return { time: new Date().toISOString(), duration, reason: 'stopped', ...stoppedBy(stopping), error };
}

function notAllKilled(): NonNullable<Exit['error']> {
  return new ThubanError('TH2010', 'a process of it is in uninterruptible sleep and cannot be killed').toJSON();
}

function stoppedBy(stopping: Stopping): Pick<Exit, 'stopped_for' | 'killed_after'> {
  const { for: stopped_for, killedAfter } = stopping;
  return { stopped_for, ...(killedAfter === undefined ? {} : { killed_after: killedAfter }) };
}
