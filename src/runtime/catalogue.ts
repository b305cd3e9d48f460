import { ThubanError, suggest } from '../base/index.ts';
import { compareVersions } from '../manifest/index.ts';
import type { LogStore } from './log-store.ts';
import type { Kept } from './reconcile/index.ts';
import type { RejectedManifest } from './repository/index.ts';
import { resourceOf, resourcesInUse, type Resource } from './resources.ts';
import type { Scheduled } from './schedule/index.ts';
import type { Supervised } from './supervised.ts';
import { mayMount } from './trust.ts';

/** A container of the repository, with its log. */
export interface Entry {
  supervised: Supervised;
  log: LogStore;
  /** Which repository it comes from. */
  repository: string;
  /** Folder of the sockets of manifests. */
  sockets: string;
  /** RFC 3339: when its manifest was read. */
  loaded_at: string;
  /** Whether it starts by itself was decided; what else happens on the board does not make it start any more. */
  isDecided: boolean;
  /** It is one more run of another entry's container, which the clock started while that one ran. */
  beside?: Beside;
  /** The clock starts it. */
  scheduled?: Scheduled;
  /** It goes on as it is, because its file or its repository cannot be used now. */
  kept?: Kept;
}

export interface Beside {
  /** Id of the container. */
  of: string;
  /** 2 and more. */
  number: number;
}

export interface RejectedEntry {
  rejected: RejectedManifest;
  repository: string;
  loaded_at: string;
}

/** What the repositories hold, by name; finds what a person means by a name. */
export class Catalogue {
  readonly entries = new Map<string, Entry>();
  readonly rejected: RejectedEntry[] = [];
  /** Repositories in which everything must be signed, with the ids of the keys that count there. */
  signers: ReadonlyMap<string, ReadonlySet<string>> = new Map();

  /** By name, then newest version first. */
  get sorted(): Entry[] {
    return [...this.entries.values()].sort((a, b) => {
      const [x, y] = [a.supervised.loaded.manifest, b.supervised.loaded.manifest];
      if (x.name !== y.name) return x.name < y.name ? -1 : 1;
      return compareVersions(y.version, x.version) || (a.beside?.number ?? 1) - (b.beside?.number ?? 1);
    });
  }

  /** The runs beside a container's own. */
  besides(id: string): Entry[] {
    return [...this.entries.values()].filter(({ beside }) => beside?.of === id);
  }

  /** What the others offer to this container. */
  resourcesFor(own: Entry): Resource[] {
    return [...this.entries.values()].flatMap((entry) => {
      const resource = resourceOf(entry.supervised.loaded);
      return resource !== undefined && mayMount(own, entry, this) ? [resource] : [];
    });
  }

  /** What is wrong with the file or the repository of a container that goes on all the same. */
  rejectionOf({ kept, repository }: Entry): RejectedEntry | undefined {
    if (kept === undefined || kept.why === 'unsettled') return undefined;
    return this.rejected.find((one) =>
      kept.why === 'rejected' ? one.rejected.file === kept.file : one.repository === repository,
    );
  }

  /** Ids of the containers that would mount the files of this one if they were started now. */
  mountedBy(id: string): string[] {
    return this.sorted
      .filter((entry) => {
        if (entry.beside !== undefined) return false;
        return resourcesInUse(entry.supervised.loaded.manifest, this.resourcesFor(entry)).includes(id);
      })
      .map(({ supervised }) => supervised.id);
  }

  /** `name` is the only or newest version. TH6003 when there is none. */
  find(name: string): Entry | RejectedEntry {
    const exact = this.entries.get(name);
    if (exact !== undefined) return exact;
    const newest = this.sorted.find(
      ({ supervised, beside }) => beside === undefined && supervised.loaded.manifest.name === name,
    );
    if (newest !== undefined) return newest;
    const rejected = this.rejected.find(
      (entry) => rejectedId(entry) === name || entry.rejected.name === name || rejectedName(entry) === name,
    );
    if (rejected !== undefined) return rejected;
    throw this.#unknown(name);
  }

  #unknown(name: string): ThubanError {
    const manifests = [...this.entries.values()].map(({ supervised }) => supervised.loaded.manifest);
    const [wantedName = name] = name.split(':');
    const versions = manifests.filter((manifest) => manifest.name === wantedName).map(({ version }) => version);
    if (versions.length > 0)
      return new ThubanError('TH6003', `no container \`${name}\``, {
        hint: `\`${wantedName}\` has version ${versions.join(', ')}`,
        details: { name },
      });
    const meant = suggest(wantedName, new Set(manifests.map((manifest) => manifest.name)));
    const hint = meant === undefined ? 'thuban ps lists them' : `did you mean \`${meant}\`?`;
    return new ThubanError('TH6003', `no container \`${name}\``, { hint, details: { name } });
  }
}

/** What a rejected manifest is called: by its file. */
export function rejectedId({ rejected }: RejectedEntry): string {
  return rejected.file.slice(rejected.file.lastIndexOf('/') + 1);
}

function rejectedName({ rejected }: RejectedEntry): string | undefined {
  return rejected.name === undefined || rejected.version === undefined
    ? undefined
    : `${rejected.name}:${rejected.version}`;
}
