import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ThubanError, nextStep, type Diagnostic } from '../base/index.ts';
import { couldBe, type Manifest } from '../manifest/index.ts';
import {
  resourceMounts,
  resourceOf,
  scanRepository,
  type FileRules,
  type Repository,
  type Resource,
} from '../runtime/index.ts';
import type { Given } from './load-given.ts';

/**
 * The containers whose files a manifest may mount when no daemon has repositories to look in: those in the folder of its file, or in one that
 * was named. By the rules of a repository, for nobody has named these files; who owns the file that was named may write them as well, because
 * he could as well have written that one. With keys they must be signed too: what they hold becomes a part of what is run.
 */
export class Neighbours {
  readonly resources: readonly Resource[];
  readonly #manifest: Manifest;
  readonly #dir: string;
  readonly #found: Repository;

  private constructor(manifest: Manifest, dir: string, found: Repository) {
    this.#manifest = manifest;
    this.#dir = dir;
    this.#found = found;
    this.resources = found.manifests.flatMap((one) => resourceOf(one) ?? []);
  }

  /** Looks only when the manifest mounts files of others. `file`: what was named. */
  static async of(file: string, { loaded, keys }: Given, repository?: string): Promise<Neighbours> {
    const { manifest } = loaded;
    const dir = resolve(repository ?? dirname(file));
    const isAlone = resourceMounts(manifest).length === 0;
    const found = isAlone ? { manifests: [], rejected: [] } : await scanRepository(dir, rulesFor(file, keys));
    return new Neighbours(manifest, dir, found);
  }

  /** Says of a resource that is missing where it was looked for, and what stands in the way. */
  explain(error: unknown): unknown {
    if (!(error instanceof ThubanError) || error.code !== 'TH1402') return error;
    const { details, position, cause, message } = error;
    const wanted = resourceMounts(this.#manifest).find(([target]) => details['key'] === `mounts.${target}`)?.[1].name;
    const { why, hint } = this.#reason(wanted ?? '');
    const text = why === undefined ? message : `${message}: ${why}`;
    return new ThubanError('TH1402', text, { hint, details, cause, ...(position === undefined ? {} : { position }) });
  }

  #reason(name: string): { why?: string; hint: string } {
    const elsewhere = `put a container \`${name}\` with files of its own into ${this.#dir}, or name another folder with --repository`;
    const { problem, rejected } = this.#found;
    if (problem !== undefined)
      return { why: `${this.#dir} is not used, ${problem.message}`, hint: problem.hint ?? elsewhere };
    const suspect = rejected.find((one) => isNamed(name, one)) ?? rejected.find(isUnread);
    const finding = suspect === undefined ? undefined : errorOf(suspect);
    if (suspect !== undefined && finding !== undefined)
      return { why: `${suspect.file} is not used, ${finding.message}`, hint: nextStep(finding, suspect.file) };
    return { hint: elsewhere };
  }
}

function rulesFor(file: string, keys: Given['keys']): FileRules {
  const uid = statSync(file, { throwIfNoEntry: false })?.uid ?? 0;
  // Root is trusted anyway; then it is whoever runs this process.
  return { keys, requireSignature: keys.length > 0, ...(uid === 0 ? {} : { owner: uid }) };
}

type Rejected = Repository['rejected'][number];

function isNamed(wanted: string, one: Rejected): boolean {
  return one.isDuplicate !== true && couldBe(wanted, one);
}

/** Others may write it, so nobody has looked at what it is. */
function isUnread(one: Rejected): boolean {
  return errorOf(one)?.code === 'TH5010';
}

function errorOf({ diagnostics }: Rejected): Diagnostic | undefined {
  return diagnostics.find(({ severity }) => severity === 'error');
}
