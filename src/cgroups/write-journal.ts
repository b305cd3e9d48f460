import { dirname, basename } from 'node:path/posix';
import { hasErrno } from '../base/index.ts';
import type { KernelFs } from './kernel-fs.ts';
import { freshValue, isAction } from './fresh-values.ts';
import { readIf } from './read.ts';
import { settingsIn, textOf } from './settings.ts';
import type { Standing } from './standing.ts';
import { cpusetAbove } from './strategies.ts';

interface Entry {
  path: string;
  text: string;
  before: string;
}

/**
 * Notes every write with what stood in the file before, and can take them back. Going back the same way in the other direction meets only states
 * that the kernel has accepted before, so that it needs no order of its own.
 */
export class WriteJournal {
  /** The kernel, seen through the journal. */
  readonly fs: KernelFs;
  readonly #kernel: KernelFs;
  readonly #entries: Entry[] = [];

  constructor(kernel: KernelFs) {
    this.#kernel = kernel;
    this.fs = {
      mkdir: (path) => {
        kernel.mkdir(path);
      },
      rmdir: (path) => {
        kernel.rmdir(path);
      },
      read: (path) => kernel.read(path),
      list: (path) => kernel.list(path),
      stat: (path) => kernel.stat(path),
      watch: (path, changed) => kernel.watch(path, changed),
      write: (path, text) => {
        const before = shownIn(kernel, path);
        kernel.write(path, text);
        if (before !== undefined) this.#entries.push({ path, text, before });
      },
    };
  }

  /** How many writes the kernel has taken. */
  get length(): number {
    return this.#entries.length;
  }

  /** Takes everything back. What the kernel does not take back is returned. */
  undo(): Standing[] {
    for (const entry of [...this.#entries].reverse()) this.#set(entry);
    // A write of one file can change another one (cpu.max and the burst before Linux 6.10): what differs is written once more.
    for (const { entry } of this.#differences()) this.#set(entry);
    return this.#differences().map(({ entry: { path }, was, stands }) => ({
      path: dirname(path),
      file: basename(path),
      was,
      stands,
    }));
  }

  #set({ path, text, before }: Entry): void {
    for (const line of this.#linesBefore(path, text, before)) {
      try {
        this.#kernel.write(path, line);
      } catch {
        // Whether it is as it was is read afterwards, and told.
      }
    }
  }

  /** What sets the settings of a write back to what the file showed. One that it did not show was that of a new group. */
  #linesBefore(path: string, text: string, before: string): string[] {
    const [directory, file] = [dirname(path), basename(path)];
    const shown = settingsIn(file, before);
    return [...settingsIn(file, text).keys()].flatMap((name) => {
      const value = shown.get(name) === '' ? cpusetAbove(this.#kernel, directory, file) : shown.get(name);
      if (value !== undefined) return [textOf(file, name, value)];
      const fresh = freshValue({ op: 'write', controller: '', path: directory, file, value: text }, name);
      return fresh?.value === undefined || fresh.strategy === 'inherit' ? [] : [fresh.value];
    });
  }

  /** By the first write to each setting: what stood there before all of it. */
  #differences(): { entry: Entry; was: string; stands: string }[] {
    const seen = new Set<string>();
    return this.#entries.flatMap((entry) => {
      const file = basename(entry.path);
      const [was, now] = [settingsIn(file, entry.before), settingsIn(file, readIf(this.#kernel, entry.path) ?? '')];
      return namesIn(entry).flatMap((name) => {
        if (seen.has(`${entry.path} ${name}`)) return [];
        seen.add(`${entry.path} ${name}`);
        const [a, b] = [was.get(name) ?? '', now.get(name) ?? ''];
        const isSame = a === b || (a === '' && b === cpusetAbove(this.#kernel, dirname(entry.path), file));
        return isSame ? [] : [{ entry, was: a, stands: b }];
      });
    });
  }
}

/** Undefined: there is nothing to take back, because the file shows nothing, or the write was no setting. */
function shownIn(kernel: KernelFs, path: string): string | undefined {
  if (isAction(basename(path))) return undefined;
  try {
    return readIf(kernel, path);
  } catch (error) {
    if (hasErrno(error, 'EINVAL', 'EACCES')) return undefined;
    throw error;
  }
}

function namesIn({ path, text }: Entry): string[] {
  return [...settingsIn(basename(path), text).keys()];
}
