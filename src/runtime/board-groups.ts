import { dirname } from 'node:path/posix';
import { failpoint } from '../base/index.ts';
import { deepestFirst, levelsAbove, type SharedGroups } from '../cgroups/index.ts';
import type { Intended, MadeGroups } from './made-groups.ts';

export interface BoardGroupsParts {
  made: Pick<MadeGroups, 'intend' | 'made' | 'has' | 'files' | 'gone'>;
  /** The folder that all containers share stays when the last of them goes; whoever made this board removes it at the end. */
  keepTop: boolean;
  /** The launcher has to be told what it removes from now on. */
  onChange: () => void;
}

/**
 * The groups of a board's containers and those above them, as far as Thuban may remove them: here when the last container in them ends, by
 * the launcher when nobody comes back in time.
 */
export class BoardGroups implements SharedGroups {
  readonly #parts: BoardGroupsParts;
  /** By path: how many groups above it the manifest names; 0 where there is the folder that all share. */
  readonly #levels = new Map<string, number>();
  /** Starts under way, by their first group. */
  readonly #begun = new Map<string, Intended>();
  #isChanging = false;

  constructor(parts: BoardGroupsParts) {
    this.#parts = parts;
  }

  /** Groups that exist. False: they were known. */
  add(groups: readonly string[], levels = 0): boolean {
    const before = this.#levels.size;
    for (const group of groups) this.#levels.set(group, levels);
    return this.#levels.size > before;
  }

  /** Groups that are about to be made. True: the launcher has to be told first. `end` when they are made, or will not be. */
  begin(groups: readonly string[], levels = 0): boolean {
    const isNew = this.add(groups, levels);
    const [first] = groups;
    if (levels === 0 || first === undefined) return isNew;
    const begun = this.#parts.made.intend(levelsAbove(groups, levels));
    this.#begun.set(first, begun);
    failpoint('start.noted');
    return isNew || begun.missing.length > 0;
  }

  /** What was noted of it at its beginning is of no use any more. */
  end([first = '']: readonly string[]): void {
    const begun = this.#begun.get(first);
    if (begun === undefined) return;
    begun.end();
    this.#begun.delete(first);
    // What somebody else has made meanwhile is his, and the launcher must not remove it; of the rest it removes the notes as well.
    if (begun.missing.length > 0) this.#change();
  }

  made(path: string): void {
    if (!this.#isNamed(path)) return;
    failpoint('start.level');
    this.#parts.made.made(path);
  }

  above(groups: readonly string[]): string[] {
    const found = new Set<string>();
    for (const group of groups) {
      const levels = this.#levels.get(group);
      if (levels === 0) {
        if (!this.#parts.keepTop) found.add(dirname(group));
        continue;
      }
      // Of one that an earlier daemon noted it is not known: then whatever above it was made for a container.
      const all = levelsAbove([group], levels ?? group.split('/').length - 2);
      for (const path of all) if (this.#parts.made.has(path)) found.add(path);
    }
    return deepestFirst([...found]);
  }

  gone(path: string): void {
    this.#parts.made.gone(path);
    this.#change();
  }

  /** What the launcher removes, in this order: groups as far as they are empty, then files and folders. */
  lease(): { groups: string[]; files: string[] } {
    const { made } = this.#parts;
    const shared = new Set<string>();
    for (const [group, levels] of this.#levels) {
      if (levels === 0) shared.add(dirname(group));
      else for (const path of levelsAbove([group], levels)) if (this.#isOurs(path)) shared.add(path);
    }
    const begun = [...this.#begun.values()].map(({ file }) => file);
    return {
      groups: [...this.#levels.keys(), ...deepestFirst([...shared])],
      files: [...begun, ...made.files([...shared])],
    };
  }

  /** Once for all that happens in this turn. */
  #change(): void {
    if (this.#isChanging) return;
    this.#isChanging = true;
    queueMicrotask(() => {
      this.#isChanging = false;
      this.#parts.onChange();
    });
  }

  #isOurs(path: string): boolean {
    return this.#parts.made.has(path) || [...this.#begun.values()].some(({ missing }) => missing.includes(path));
  }

  #isNamed(path: string): boolean {
    return [...this.#levels].some(([group, levels]) => levels > 0 && levelsAbove([group], levels).includes(path));
  }
}
