import { readFileSync, rmSync } from 'node:fs';
import { hasErrno, messageOf, reasonOf, ThubanError, writeAtomically } from '../base/index.ts';
import type { KernelFs } from '../cgroups/index.ts';

export interface ValuesBeforeOptions {
  /** Where they are kept for a daemon that comes after one that was killed. It lies in the run directory, which ends with the groups. */
  file: string;
  /** The file of each group that was changed. */
  knob: string;
  onProblem: (error: ThubanError) => void;
}

/** What one file held in several groups before Thuban changed it, be it this daemon or an earlier one. */
export class ValuesBefore {
  readonly #fs: KernelFs;
  readonly #options: ValuesBeforeOptions;
  readonly #values: Map<string, string>;

  constructor(fs: KernelFs, options: ValuesBeforeOptions) {
    this.#fs = fs;
    this.#options = options;
    this.#values = read(options);
  }

  /** To be called before the change. A value that an earlier daemon found is the older one. */
  keep(found: readonly { path: string; before: string }[]): void {
    for (const { path, before } of found) if (!this.#values.has(path)) this.#values.set(path, before);
    if (this.#values.size > 0)
      writeAtomically(this.#options.file, JSON.stringify(Object.fromEntries(this.#values)), { mode: 0o600 });
  }

  /** Writes back what is known. A group that is gone needs nothing. */
  restore(): void {
    const { file, knob, onProblem } = this.#options;
    for (const [path, value] of this.#values) {
      try {
        this.#fs.write(`${path}/${knob}`, value);
      } catch (error) {
        if (!hasErrno(error, 'ENOENT', 'ENODEV'))
          onProblem(
            new ThubanError('TH2016', `${path}/${knob} could not be set back to ${value}: ${reasonOf(error)}`, {
              cause: error,
            }),
          );
      }
    }
    this.#values.clear();
    rmSync(file, { force: true });
  }
}

function read({ file, onProblem }: ValuesBeforeOptions): Map<string, string> {
  try {
    const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return new Map(Object.entries(known).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch (error) {
    if (!hasErrno(error, 'ENOENT'))
      onProblem(new ThubanError('TH2016', `${file} is not used: ${messageOf(error)}`, { cause: error }));
    return new Map();
  }
}
