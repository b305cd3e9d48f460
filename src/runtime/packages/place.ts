import type { DaemonOptions } from '../daemon-options.ts';
import type { EventHistory } from '../event-history.ts';
import type { Outcome } from '../executor.ts';
import type { Fleet } from '../fleet.ts';
import type { RejectedManifest, Repositories, RepositoryFolder, RepositoryOptions } from '../repository/index.ts';

/** A repository that can be used. */
export interface Place {
  id: string;
  folder: RepositoryFolder;
  options: RepositoryOptions;
}

export interface PackageParts {
  options: DaemonOptions;
  fleet: Fleet;
  history: EventHistory;
  repositories: Repositories;
  /** Looks at the repositories now, and resolves when what follows for this container is done. */
  bring: (id: string) => Promise<{ outcome: Outcome | undefined; rejected: readonly RejectedManifest[] }>;
  /** Removes a file of a repository, so that the next look does not find it. */
  discard: (folder: RepositoryFolder, name: string) => Promise<void>;
}
