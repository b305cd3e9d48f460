import { suggest, type Diagnostic } from '../../base/index.ts';
import type { LoadedManifest } from '../manifest.ts';
import type { KeyPath } from '../tree.ts';
import { findingAt } from './finding.ts';
import type { Members } from './members.ts';

export interface AcrossOptions {
  /**
   * What it means that a container is not among the files: an error where they are a whole repository, a warning where others may lie
   * elsewhere, and nothing for one file alone.
   */
  absent: 'error' | 'warning' | 'ignore';
}

/** Each is compared with every name; nobody reads more suggestions. */
const MAX_SUGGESTIONS = 100;

/** What is said of a container that is not among the files. */
export class Absent {
  readonly #members: Members;
  readonly #weight: AcrossOptions['absent'];
  readonly #meant = new Map<string, string | undefined>();

  constructor(members: Members, weight: AcrossOptions['absent']) {
    this.#members = members;
    this.#weight = weight;
  }

  /** `requirement` of versions of `name` is not met; undefined when that is known already, or nobody can know. */
  finding(
    loaded: LoadedManifest,
    path: KeyPath,
    at: 'key' | 'value',
    { name, requirement }: { name: string; requirement: string },
    said: Pick<Diagnostic, 'code' | 'message' | 'label'> & { hint: string },
  ): Diagnostic | undefined {
    if (this.#weight === 'ignore' || this.#members.mayBeUnread(name, requirement)) return undefined;
    const meant = this.#members.versionsOf(name).length > 0 ? undefined : this.#suggest(name);
    const question = meant === undefined ? undefined : `did you mean \`${meant}\`?`;
    const hint = question ?? said.hint;
    const elsewhere = 'it may lie elsewhere: name its file too, or check the whole folder';
    return findingAt(
      loaded,
      path,
      at,
      {
        ...said,
        ...(question === undefined ? {} : { label: question }),
        hint: this.#weight === 'warning' ? `${hint}${question === undefined ? ';' : ''} ${elsewhere}` : hint,
      },
      this.#weight,
    );
  }

  #suggest(name: string): string | undefined {
    if (!this.#meant.has(name) && this.#meant.size < MAX_SUGGESTIONS)
      this.#meant.set(name, suggest(name, this.#members.names));
    return this.#meant.get(name);
  }
}
