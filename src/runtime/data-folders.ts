import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ThubanError, checkTrustedFolder, reasonOf } from '../base/index.ts';
import type { Step } from '../launcher/index.ts';
import { keptFolders, keptName } from './kept-folders.ts';

/**
 * Makes the folders of the data directory that these steps keep something in. Whoever could put another folder in their place would be given
 * any file of the board, as the launcher changes the owner of what it finds there.
 *
 * @throws ThubanError TH3004, TH5010
 */
export function makeDataFolders(steps: readonly Step[]): void {
  for (const step of steps) {
    const folder = folderOf(step);
    if (folder === undefined) continue;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      checkTrustedFolder(folder);
    } catch (error) {
      const details = { folder, ...(step.key === undefined ? {} : { key: step.key }) };
      if (error instanceof ThubanError)
        throw new ThubanError(error.code, error.message, { ...pickHint(error), details, cause: error });
      throw new ThubanError('TH3004', `cannot make the folder \`${folder}\`: ${reasonOf(error)}`, {
        hint: 'check `data_dir` and its file system',
        details,
        cause: error,
      });
    }
  }
}

function pickHint({ hint }: ThubanError): { hint?: string } {
  return hint === undefined ? {} : { hint };
}

function folderOf(step: Step): string | undefined {
  if (step.op === 'persist') return step.folder;
  if (step.op !== 'overlay' && step.op !== 'root_writable') return undefined;
  return 'folder' in step.upper ? step.upper.folder : undefined;
}

/** What a container keeps, in all its versions. */
export function keptBy(dataDir: string, name: string): string[] {
  return keptFolders(dataDir).map((folder) => join(folder, keptName(name)));
}

/** Nothing of the container runs, and nobody else can see these folders, so that nothing in them is exchanged meanwhile. */
export async function removeKept(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    try {
      await rm(folder, { recursive: true, force: true });
    } catch (error) {
      const details = { folder };
      throw new ThubanError('TH5015', `cannot remove \`${folder}\`: ${reasonOf(error)}`, { details, cause: error });
    }
}
