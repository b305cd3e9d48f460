import type { ThubanError } from '../../base/index.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import type { Desired, Wanted } from '../reconcile/index.ts';
import { RepositoryFolder, type FolderOptions, type Look } from './folder.ts';
import { rejectedFolder, type RejectedManifest } from './rejected.ts';
import { accept } from './scan.ts';

/** A rejected manifest, or a folder that is not used. */
export interface Refused {
  repository: string;
  rejected: RejectedManifest;
}

/** What all repositories hold, after one look at each. */
export interface Holdings extends Desired {
  refused: readonly Refused[];
  /** Why a repository cannot be used, by its id. */
  problems: ReadonlyMap<string, ThubanError>;
  /** RFC 3339. */
  looked_at: string;
}

/** Of a container of a repository that cannot be used by now: nobody else may define it meanwhile. */
export interface Claim {
  id: string;
  repository: string;
  loaded: LoadedManifest;
}

/** All folders, in the order of the configuration: of two that define the same container the first counts. */
export class Repositories {
  readonly #folders: ReadonlyMap<string, RepositoryFolder>;
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<Holdings> | undefined;

  constructor(dirs: Readonly<Record<string, { dir: string }>>, options: FolderOptions) {
    this.#folders = new Map(
      Object.entries(dirs).map(([id, { dir }]): [string, RepositoryFolder] => [id, new RepositoryFolder(dir, options)]),
    );
  }

  get dirs(): [id: string, dir: string][] {
    return [...this.#folders].map(([id, { dir }]) => [id, dir]);
  }

  /** A file was changed just now. */
  note(dir: string, name: string): void {
    for (const folder of this.#folders.values()) if (folder.dir === dir) folder.note(name);
  }

  /**
   * Looks at all folders. Looks follow each other; whoever asks while one is under way gets the next, as it may have passed by what they
   * have just written. `claims` is asked when all have been looked at.
   */
  look(claims: () => readonly Claim[], isComplete?: (file: string, changed: number) => boolean): Promise<Holdings> {
    if (this.#next !== undefined) return this.#next;
    const next = this.#last
      .catch(() => undefined) // told to whoever asked for it
      .then(() => {
        this.#next = undefined;
        return this.#lookNow(claims, isComplete);
      });
    this.#next = next;
    this.#last = next;
    return next;
  }

  async #lookNow(
    claims: () => readonly Claim[],
    isComplete: ((file: string, changed: number) => boolean) | undefined,
  ): Promise<Holdings> {
    const looks = new Map<string, Look>();
    for (const [id, folder] of this.#folders) looks.set(id, await folder.look(isComplete));
    return holdingsOf(looks, claims());
  }
}

/** Pure: which manifest counts, and which does not. */
export function holdingsOf(looks: ReadonlyMap<string, Look>, claims: readonly Claim[]): Holdings {
  const accepted = new Map<string, LoadedManifest>();
  const containers = new Map<string, Wanted>();
  const refused: Refused[] = [];
  const problems = new Map<string, ThubanError>();
  for (const [repository, look] of looks) {
    if (look.problem !== undefined) {
      problems.set(repository, look.problem);
      refused.push({ repository, rejected: rejectedFolder(look.dir, look.problem) });
      for (const { id, loaded } of claims.filter((claim) => claim.repository === repository))
        if (!accepted.has(id)) accepted.set(id, loaded);
      continue;
    }
    const before = new Set(accepted.keys());
    for (const rejected of accept(look.files, accepted)) refused.push({ repository, rejected });
    for (const [id, loaded] of accepted) if (!before.has(id)) containers.set(id, { loaded, repository });
  }
  return {
    containers,
    refused,
    problems,
    looked_at: new Date().toISOString(),
    rejected: refused.map(({ rejected: { isDuplicate, ...rest } }) => ({ ...rest, isDuplicate: isDuplicate === true })),
    unusable: new Set(problems.keys()),
    unsettled: new Set([...looks.values()].flatMap(({ unsettled }) => unsettled)),
  };
}
