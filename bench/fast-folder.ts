import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../src/base/index.ts';

/** f_type of statfs(2). */
const TMPFS_MAGIC = 0x0102_1994;

/** The first of the folders that is in memory. Undefined: none of them is. */
export function inMemory(
  folders: readonly string[],
  typeOf: (folder: string) => number = fileSystemType,
): string | undefined {
  return folders.find((folder) => typeOf(folder) === TMPFS_MAGIC);
}

function fileSystemType(folder: string): number {
  try {
    return statfsSync(folder).type;
  } catch {
    return 0; // it is not there, so it is nothing to choose
  }
}

/**
 * A folder for run directories and states, of all runtimes alike: they belong in memory (/run), and on a disk would measure the disk.
 */
export function fastFolder(cleanup: Cleanup): string {
  const folder = mkdtempSync(join(inMemory(['/run', '/dev/shm']) ?? tmpdir(), 'thuban-bench-run-'));
  cleanup.defer('run directories', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
