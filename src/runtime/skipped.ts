import { count } from '../base/index.ts';
import type { RuntimeEvent } from './events.ts';

type Skipped = Pick<Extract<RuntimeEvent, { type: 'skipped' }>, 'due' | 'reason' | 'count'>;

const REASONS: Readonly<Record<Skipped['reason'], string>> = {
  overlap: 'it still runs',
  missed: 'the time passed unseen',
  limit: 'as many run as may be',
};

/** `1 run, it still runs; due 2026-01-31T03:00:00.000Z`. A reason that only a newer daemon knows is told as it comes. */
export function skippedSentence({ due, reason, count: times }: Skipped): string {
  const last = times === 1 ? 'due' : 'the last one due';
  return `${count(times, 'run')}, ${(REASONS[reason] as string | undefined) ?? reason}; ${last} ${due}`;
}
