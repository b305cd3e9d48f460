import { diskOf, isSameFile, type FileIdentity } from '../base/index.ts';

interface Entry {
  identity: FileIdentity;
  digest: string;
  /** Of `diskOf`. */
  disk: string;
}

/** More packages than any board has. */
const MAX_ENTRIES = 1000;

/**
 * Which packages were hashed as a whole, so that a daemon does not read the same images again and again. An entry holds for one file, as the
 * kernel tells files and their changes apart, with one text of `checksums`; that text is read each time, and so are signature and manifest.
 * So an entry says nothing about keys, and holds under any. A disk can be changed elsewhere: an entry does not outlive that it is
 * taken out, and must not outlive the boot.
 */
export class VerifiedPackages {
  /** By file; the one that was used longest ago comes first. */
  readonly #entries = new Map<string, Entry>();
  #additions = 0;

  /** How many were added so far: whoever keeps them elsewhere sees that there are new ones. */
  get additions(): number {
    return this.#additions;
  }

  has(identity: FileIdentity, digest: string): boolean {
    const key = keyOf(identity);
    if (!this.#holds(key, identity, digest)) return false;
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    if (entry !== undefined) this.#entries.set(key, entry);
    return true;
  }

  /** Notes a file whose every byte was hashed and fits this text of `checksums`. */
  add(identity: FileIdentity, digest: string, disk = diskOf(identity.dev)): void {
    const key = keyOf(identity);
    if (!this.#holds(key, identity, digest)) this.#additions++;
    this.#entries.delete(key);
    this.#entries.set(key, { identity, digest, disk });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#entries.delete(oldest);
  }

  #holds(key: string, identity: FileIdentity, digest: string): boolean {
    const entry = this.#entries.get(key);
    return entry?.digest === digest && isSameFile(entry.identity, identity) && entry.disk === diskOf(identity.dev);
  }

  toJSON(): unknown {
    return [...this.#entries.values()];
  }

  /** Reads what `toJSON` gave; what has another form is left out, and only costs that a package is hashed again. */
  static fromJSON(json: unknown): VerifiedPackages {
    const verified = new VerifiedPackages();
    for (const entry of Array.isArray(json) ? (json as unknown[]) : []) {
      const { identity, digest, disk } = (entry ?? {}) as Partial<Record<keyof Entry, unknown>> & {
        identity?: Partial<FileIdentity> | null;
      };
      const { dev, ino, size, ctime_ns } = identity ?? {};
      if (![dev, ino, size, ctime_ns].every((text) => typeof text === 'string' && /^\d{1,20}$/.test(text))) continue;
      if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) continue;
      if (typeof disk !== 'string' || !/^\d{0,20}$/.test(disk)) continue;
      verified.add({ dev, ino, size, ctime_ns } as FileIdentity, digest, disk);
    }
    return verified;
  }
}

/** A file that has changed takes the place of what it was. */
function keyOf({ dev, ino }: FileIdentity): string {
  return `${dev}:${ino}`;
}
