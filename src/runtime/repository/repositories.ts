import { dirname } from 'node:path';
import type { ThubanError } from '../../base/index.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import { containerId } from '../plan.ts';
import type { Desired, Wanted } from '../reconcile/index.ts';
import { RepositoryFolder, type FolderOptions, type IsComplete, type Look } from './folder.ts';
import { isRejected } from './load-file.ts';
import { rejectedFolder, type RejectedManifest } from './rejected.ts';
import { accept } from './scan.ts';
import type { VerifiedFile } from './verified-file.ts';

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
  /** Of repositories in which everything must be signed: the ids of the keys that count. */
  signers: ReadonlyMap<string, ReadonlySet<string>>;
  /** RFC 3339. */
  looked_at: string;
}

/** A container that the daemon has, and where it has it from: as long as that defines it, nobody else may. */
export interface Claim {
  id: string;
  repository: string;
  loaded: LoadedManifest;
}

/** One of them, as the configuration has it. */
export interface RepositoryOptions {
  dir: string;
  /** Files of the public keys whose signatures count. */
  keys: readonly string[];
  /** What has no good signature is rejected. */
  requireSignature: boolean;
  /** Packages that installing may bring it to, and bytes of them. */
  capacityNumber?: number;
  capacitySize?: number;
}

/** How long a look waits for packages that are hashed; what is decided meanwhile is decided without them. */
const PATIENCE_MS = 200;

/** All folders, in the order of the configuration: of two that define a container that the daemon has not yet the first counts. */
export class Repositories {
  readonly #folders: ReadonlyMap<string, RepositoryFolder>;
  readonly #verified: VerifiedFile;
  readonly #ending = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<Holdings> | undefined;

  constructor(
    repositories: Readonly<Record<string, RepositoryOptions>>,
    options: Omit<FolderOptions, 'verified' | 'signal'>,
    verified: VerifiedFile,
  ) {
    this.#verified = verified;
    const shared = { ...options, verified: verified.packages, signal: this.#ending.signal, patience: PATIENCE_MS };
    this.#folders = new Map(
      Object.entries(repositories).map(([id, { dir, keys, requireSignature }]): [string, RepositoryFolder] => [
        id,
        new RepositoryFolder(dir, { ...shared, keyFiles: keys, requireSignature }),
      ]),
    );
  }

  get dirs(): [id: string, dir: string][] {
    return [...this.#folders].map(([id, { dir }]) => [id, dir]);
  }

  folder(id: string): RepositoryFolder | undefined {
    return this.#folders.get(id);
  }

  /** Id of the repository that a file lies in. */
  holding(file: string): string | undefined {
    return this.dirs.find(([, dir]) => dir === dirname(file))?.[0];
  }

  /** A file was changed just now. */
  note(dir: string, name: string): void {
    for (const folder of this.#folders.values()) if (folder.dir === dir) folder.note(name);
  }

  /**
   * Looks at all folders. Looks follow each other; whoever asks while one is under way gets the next, as it may have passed by what they
   * have just written. `claims` is asked when all have been looked at.
   */
  look(claims: () => readonly Claim[], isComplete?: IsComplete): Promise<Holdings> {
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

  /** As often as it takes to have read everything that holds still: for those who have to know, and can wait. */
  async lookAtAll(claims: () => readonly Claim[], isComplete?: IsComplete): Promise<Holdings> {
    for (;;) {
      const holdings = await this.look(claims, isComplete);
      const reading = [...this.#folders.values()].filter(({ isReading }) => isReading);
      if (reading.length === 0 || this.#ending.signal.aborted) return holdings;
      await Promise.all(reading.map((folder) => folder.read()));
    }
  }

  /** A package was checked while it arrived: it need not be hashed again. */
  get verified(): VerifiedFile {
    return this.#verified;
  }

  /** Reads nothing any more, also not what it has begun with. */
  close(): void {
    this.#ending.abort();
    for (const folder of this.#folders.values()) folder.close();
  }

  async #lookNow(claims: () => readonly Claim[], isComplete: IsComplete | undefined): Promise<Holdings> {
    const looks = await Promise.all(
      [...this.#folders].map(async ([id, folder]): Promise<[string, Look]> => [id, await folder.look(isComplete)]),
    );
    this.#verified.save();
    return holdingsOf(new Map(looks), claims());
  }
}

/** Pure: which manifest counts, and which does not. */
export function holdingsOf(looks: ReadonlyMap<string, Look>, claims: readonly Claim[]): Holdings {
  const accepted = new Map<string, LoadedManifest>();
  const containers = new Map<string, Wanted>();
  const refused: Refused[] = [];
  const problems = new Map<string, ThubanError>();
  const owners = ownersOf(looks, claims);
  for (const [repository, look] of looks) {
    if (look.problem !== undefined) {
      problems.set(repository, look.problem);
      refused.push({ repository, rejected: rejectedFolder(look.dir, look.problem) });
      for (const { id, loaded } of claims.filter((claim) => claim.repository === repository))
        if (!accepted.has(id)) accepted.set(id, loaded);
      continue;
    }
    const before = new Set(accepted.keys());
    for (const rejected of accept(look.files, accepted, owners)) refused.push({ repository, rejected });
    for (const [id, loaded] of accepted) if (!before.has(id)) containers.set(id, { loaded, repository });
  }
  return {
    containers,
    refused,
    problems,
    signers: new Map(
      [...looks].flatMap(([id, { signers }]) => (signers === undefined ? [] : [[id, signers] as const])),
    ),
    looked_at: new Date().toISOString(),
    rejected: refused.map(({ rejected: { isDuplicate, ...rest } }) => ({ ...rest, isDuplicate: isDuplicate === true })),
    unusable: new Set(problems.keys()),
    unsettled: new Set([...looks.values()].flatMap(({ unsettled }) => unsettled)),
  };
}

/**
 * Which manifest defines a container that the daemon has: the one in the file that it has it from, or while that repository cannot be used the
 * one that is in force. A copy under a name that comes before it changes nothing.
 */
function ownersOf(looks: ReadonlyMap<string, Look>, claims: readonly Claim[]): Map<string, LoadedManifest> {
  const present = new Map<string, LoadedManifest>();
  for (const [repository, { files }] of looks)
    for (const content of files)
      if (!isRejected(content)) present.set(placeOf(containerId(content.manifest), repository, content), content);
  return new Map(
    claims.flatMap(({ id, repository, loaded }): [string, LoadedManifest][] => {
      const isUnusable = looks.get(repository)?.problem !== undefined;
      const owner = isUnusable ? loaded : present.get(placeOf(id, repository, loaded));
      return owner === undefined ? [] : [[id, owner]];
    }),
  );
}

function placeOf(id: string, repository: string, { file }: LoadedManifest): string {
  return [id, repository, file].join('\0');
}
