import type { ThubanError } from '../../base/index.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import { containerId } from '../plan.ts';
import { RepositoryFolder } from './folder.ts';
import { isRejected, type FileContent, type FileRules } from './load-file.ts';
import { duplicate, type RejectedManifest } from './rejected.ts';

export interface Repository {
  manifests: LoadedManifest[];
  rejected: RejectedManifest[];
  /** Why the folder as a whole is not used. */
  problem?: ThubanError;
}

/**
 * Reads every manifest of a folder once, as it is now, in name order; hidden files and folders are not looked at. A manifest is root on the
 * board, so the folder, those above it and each file must be out of the reach of others (TH5010). One bad manifest never harms the others: it
 * stands among the rejected ones with all its errors. Of two that define the same container the first counts.
 */
export async function scanRepository(dir: string, rules: FileRules = {}): Promise<Repository> {
  const { files, problem } = await new RepositoryFolder(dir, { ...rules, settle: 0 }).look();
  if (problem !== undefined) return { manifests: [], rejected: [], problem };
  const manifests = new Map<string, LoadedManifest>();
  return { rejected: accept(files, manifests), manifests: [...manifests.values()] };
}

/** Adds to `accepted` what no file before has defined, and nobody else owns, by container; gives everything else. */
export function accept(
  files: readonly FileContent[],
  accepted: Map<string, LoadedManifest>,
  owners: ReadonlyMap<string, LoadedManifest> = new Map(),
): RejectedManifest[] {
  return files.flatMap((content) => {
    if (isRejected(content)) return [content];
    const id = containerId(content.manifest);
    const other = accepted.get(id) ?? owners.get(id);
    if (other !== undefined && other !== content) return [duplicate(content, other)];
    accepted.set(id, content);
    return [];
  });
}
