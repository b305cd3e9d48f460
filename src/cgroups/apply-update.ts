import { ThubanError, failpoint } from '../base/index.ts';
import { checkUse, useRefused } from './check-use.ts';
import { batches, executeBatch } from './execute.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { CgroupWrite, Notice } from './plan-types.ts';
import type { CgroupUpdate } from './plan-update.ts';
import { mixed, oldStand, type Standing } from './standing.ts';
import { WriteJournal } from './write-journal.ts';

export interface AppliedUpdate {
  /** What a `best_effort` plan could not have. */
  degraded: Notice[];
  /** What belongs to the change was refused after all: takes the writes back as well. Returns the error that says what stands. */
  takeBack: (because: unknown) => unknown;
}

/**
 * Writes other limits into groups that live: all or nothing. On a refusal what stood before is written back, in reverse, and read again; the
 * error says that the old limits stand, or what does (TH2017). TH2005: a limit is below the use, and nothing was written. `force`: that is not
 * asked.
 */
export function applyUpdate(fs: KernelFs, update: CgroupUpdate, { force = false } = {}): AppliedUpdate {
  const { writes } = update;
  if (!force) checkUse(fs, writes);
  const journal = new WriteJournal(fs);
  const degraded: Notice[] = [...update.degraded];
  let current: CgroupWrite | undefined;
  try {
    for (const batch of batches(writes)) {
      current = batch[0];
      degraded.push(...executeBatch(journal.fs, batch));
      if (journal.length > 0) failpoint('update.written');
    }
  } catch (error) {
    throw takenBack(journal, tooLowFor(fs, writes, error) ?? error, current?.key);
  }
  return { degraded, takeBack: (because) => takenBack(journal, because) };
}

function takenBack(journal: WriteJournal, because: unknown, key?: string): unknown {
  const { error, standing, about = key } = alreadyMixed(because);
  const all = [...standing, ...journal.undo()];
  return all.length === 0 ? oldStand(error) : mixed(error, all, about);
}

/** Rules about devices that could not be taken back are told together with the limits that could not. */
function alreadyMixed(because: unknown): { error: unknown; standing: Standing[]; about?: string } {
  if (!(because instanceof ThubanError) || because.code !== 'TH2017') return { error: because, standing: [] };
  const { stands, key } = because.details as { stands: Standing[]; key?: string };
  return { error: because.cause, standing: stands, ...(key === undefined ? {} : { about: key }) };
}

function tooLowFor(fs: KernelFs, writes: readonly CgroupWrite[], error: unknown): ThubanError | undefined {
  if (!(error instanceof ThubanError)) return undefined;
  const { path, file, value } = error.details;
  const write = writes.find((one) => one.path === path && one.file === file && one.value === value);
  return write === undefined ? undefined : useRefused(fs, write, error.cause);
}
