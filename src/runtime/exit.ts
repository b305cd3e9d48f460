import { constants } from 'node:os';
import { codes, formatBytes, formatDuration, type ThubanError } from '../base/index.ts';

export type OomCause = 'own_limit' | 'ancestor' | 'system' | 'ancestor_or_system' | 'unknown';
export type ExitReason = 'exited' | 'signalled' | 'oom_killed' | 'start_failed' | 'unhealthy' | 'stopped';

/** What the kernel killed for want of memory since the start. `limit` in bytes, when the container has one. */
export interface Oom {
  cause: OomCause;
  kills: number;
  limit?: number;
  /** With the cause `ancestor`: whose limit it was; `limit` is null when it was lifted since. */
  ancestor?: { group: string; path: string; limit: number | null };
}

/** How a container ended (DESIGN: Exit). `reason` null: the kernel's counter could not be read, so nobody knows. */
export interface Exit {
  reason: ExitReason | null;
  code?: number;
  signal?: string;
  core_dumped?: boolean;
  oom?: Oom;
  /** RFC 3339, UTC. */
  time: string;
  /** Seconds. */
  duration: number;
  error?: Record<string, unknown>;
  /** Why it was stopped, for `stopped`. */
  stopped_for?: string;
  /** Seconds: the time-out of the stop, which was over before the program had ended, so that it was killed. */
  killed_after?: number;
}

const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export function signalName(signal: number): string {
  return names.get(signal) ?? `SIG${signal}`;
}

export function signalNames(): string[] {
  return [...names.values()];
}

export function signalNumber(name: string): number | undefined {
  return (constants.signals as Record<string, number>)[name];
}

/** waitpid(2): the low seven bits are the signal, bit 7 says that core was dumped, the next eight are the exit code. */
export function decodeStatus(status: number): { code: number } | { signal: number; coreDumped: boolean } {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal, coreDumped: (status & 0x80) !== 0 };
}

/** The exit code of `thuban run`, `exec` and `wait`: the container's, 128+n for signal n, 125 to 127 when it could not be started. */
export function processExitCode(exit: Exit): number {
  if (exit.code !== undefined) return exit.code;
  if (exit.signal !== undefined) return 128 + (signalNumber(exit.signal) ?? Number(exit.signal.slice(3)));
  return 125;
}

export function startFailureCode(error: ThubanError): number {
  return error.code === 'TH3001' ? 127 : error.code === 'TH3003' ? 126 : 125;
}

export function oomSentence(oom: Omit<Oom, 'kills'>): string {
  switch (oom.cause) {
    case 'own_limit':
      return oom.limit === undefined ? 'own limit reached' : `own limit of ${formatBytes(oom.limit)} reached`;
    case 'ancestor':
      return ancestorSentence(oom.ancestor);
    case 'system':
      return 'the board ran out of memory';
    case 'ancestor_or_system':
      return 'a limit above or the board’s memory was reached';
    case 'unknown':
      return 'cause unknown';
  }
}

function ancestorSentence(ancestor: Oom['ancestor']): string {
  if (ancestor === undefined) return 'the limit of a group above was reached';
  const limit = ancestor.limit === null ? '' : ` ${formatBytes(ancestor.limit)}`;
  return `limit${limit} of ${ancestor.group} reached`;
}

function ending(exit: Exit): string {
  const left = exit.error?.['code'] === 'TH2010' ? 'not all of it could be killed' : undefined;
  const how = programEnd(exit);
  return how === undefined ? (left ?? 'unknown') : left === undefined ? how : `${how}, ${left}`;
}

function programEnd(exit: Exit): string | undefined {
  if (exit.code !== undefined) return `code ${exit.code}`;
  if (exit.signal === undefined) return undefined;
  const number = signalNumber(exit.signal);
  return `killed by ${exit.signal}${number === undefined ? '' : ` (${number})`}${exit.core_dumped === true ? ', core dumped' : ''}`;
}

/** `on request`, `for replacement`, `after max_runtime 5 min`. */
export function stoppedFor({ stopped_for: why = 'on request' }: Exit): string {
  return why.startsWith('max_runtime') ? `after ${why}` : why;
}

/** One sentence for a person, in the words of the vocabulary. */
export function exitSentence(exit: Exit): string {
  switch (exit.reason) {
    case 'exited':
      return `${ending(exit)}${(exit.oom?.kills ?? 0) > 0 ? ' (a child was OOM-killed)' : ''}`;
    case 'signalled':
      return ending(exit);
    case 'oom_killed':
      return exit.oom === undefined ? 'OOM' : `OOM, ${oomSentence(exit.oom)}`;
    case 'start_failed':
      return `start failed: ${typeof exit.error?.['message'] === 'string' ? exit.error['message'] : codes.TH3010.summary}`;
    case 'unhealthy':
      return 'unhealthy';
    case 'stopped':
      return `stopped ${stoppedFor(exit)}, ${ending(exit)}`;
    case null:
      return `unknown: the counter could not be read (${ending(exit)} after ${formatDuration(exit.duration * 1000)})`;
  }
}

/** It was no end of the program's own: everything that the launcher held went with it. */
export function isLauncherLost(exit: Exit): boolean {
  return exit.error?.['code'] === 'TH3011';
}
