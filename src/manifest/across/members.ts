import { basename } from 'node:path';
import type { LoadedManifest } from '../manifest.ts';
import { compareVersions, matcher, satisfies } from '../versions.ts';

/** A file with errors, of which more is known than that it is there only where its text says it plainly. */
export interface UnreadMember {
  file: string;
  name?: string;
  version?: string;
}

/** One file of a repository. */
export type Member = LoadedManifest | UnreadMember;

export function isLoaded(member: Member): member is LoadedManifest {
  return 'manifest' in member;
}

export function idOf({ manifest }: LoadedManifest): string {
  return `${manifest.name}:${manifest.version}`;
}

/** Whether a file with errors may be a container of this name: as its text says, or its own name when that could not be read. */
export function couldBe(wanted: string, { file, name }: UnreadMember): boolean {
  if (name !== undefined) return name === wanted;
  return ['-', '.'].some((next) => basename(file).startsWith(wanted + next));
}

/** Finds the containers of a repository by name, and which version of one a requirement means. */
export class Members {
  readonly #loaded = new Map<string, LoadedManifest[]>();
  readonly #unread: readonly UnreadMember[];
  readonly #chosen = new Map<string, LoadedManifest | undefined>();

  /** `loaded`: no two of the same name and version. */
  constructor(loaded: readonly LoadedManifest[], unread: readonly UnreadMember[]) {
    this.#unread = unread;
    for (const one of loaded) {
      const { name } = one.manifest;
      const others = this.#loaded.get(name);
      if (others === undefined) this.#loaded.set(name, [one]);
      else others.push(one);
    }
    for (const versions of this.#loaded.values())
      versions.sort((a, b) => compareVersions(b.manifest.version, a.manifest.version));
  }

  get names(): Iterable<string> {
    return this.#loaded.keys();
  }

  /** Newest first. */
  versionsOf(name: string): readonly LoadedManifest[] {
    return this.#loaded.get(name) ?? [];
  }

  /** The newest one that a requirement allows. Many ask for the same. */
  newest(name: string, requirement: string): LoadedManifest | undefined {
    const key = `${name} ${requirement}`;
    if (!this.#chosen.has(key)) {
      const isMet = matcher(requirement);
      this.#chosen.set(
        key,
        this.versionsOf(name).find(({ manifest }) => isMet(manifest.version)),
      );
    }
    return this.#chosen.get(key);
  }

  /** Whether it may be one of the files with errors: then nobody is told that it is missing, who would only hear of it once more. */
  mayBeUnread(name: string, requirement: string): boolean {
    return this.#unread.some(
      (one) => couldBe(name, one) && (one.version === undefined || satisfies(one.version, requirement)),
    );
  }
}
