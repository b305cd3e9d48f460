import { ThubanError, failpoint } from '../base/index.ts';
import { checkUse, useRefused } from './check-use.ts';
import { batches, executeBatch } from './execute.ts';
import type { KernelFs } from './kernel-fs.ts';
import type { CgroupWrite, Notice } from './plan-types.ts';
import type { CgroupUpdate } from './plan-update.ts';
import { WriteJournal, type Standing } from './write-journal.ts';

/**
 * Writes other limits into groups that live: all or nothing. On a refusal what stood before is written back, in reverse, and read again; the
 * error says that the old limits stand, or what does (TH2017). TH2005: a limit is below the use, and nothing was written. `force`: that is not
 * asked. Returns what a `best_effort` plan could not have.
 */
export function applyUpdate(fs: KernelFs, update: CgroupUpdate, { force = false } = {}): Notice[] {
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
    return degraded;
  } catch (error) {
    const refused = tooLowFor(fs, writes, error) ?? error;
    const standing = journal.undo();
    throw standing.length === 0 ? oldStand(refused) : mixed(refused, standing, current);
  }
}

function tooLowFor(fs: KernelFs, writes: readonly CgroupWrite[], error: unknown): ThubanError | undefined {
  if (!(error instanceof ThubanError)) return undefined;
  const { path, file, value } = error.details;
  const write = writes.find((one) => one.path === path && one.file === file && one.value === value);
  return write === undefined ? undefined : useRefused(fs, write, error.cause);
}

function oldStand(error: unknown): unknown {
  if (!(error instanceof ThubanError)) return error;
  const { code, message, hint, details, cause } = error;
  return new ThubanError(code, `${message}; the old limits stand`, {
    ...(hint === undefined ? {} : { hint }),
    details: { ...details, stands: 'old' },
    cause,
  });
}

function mixed(error: unknown, standing: readonly Standing[], current: CgroupWrite | undefined): ThubanError {
  const why = error instanceof Error ? error.message : String(error);
  const what = standing.map(({ file, was, stands }) => `${file} is \`${stands}\` and was \`${was}\``).join(', ');
  return new ThubanError('TH2017', `${why}; not all of it could be taken back: ${what}`, {
    hint: 'write these limits again with `thuban update`, or restart the container',
    details: {
      stands: standing.map((one) => ({ ...one })),
      ...(current?.key === undefined ? {} : { key: current.key }),
      ...(error instanceof ThubanError ? { refused: error.toJSON() } : {}),
    },
    cause: error,
  });
}
