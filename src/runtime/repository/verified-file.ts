import { readFileSync, rmSync } from 'node:fs';
import { ThubanError, hasErrno, reasonOf, readTrustedFile, writeAtomically } from '../../base/index.ts';
import { VerifiedPackages } from '../../package/index.ts';

/** A thousand entries have less than 300 KiB. */
const MAX_BYTES = 1024 * 1024;

/**
 * The packages whose every byte was hashed, kept in a file for a daemon that takes over from one that died, which then need not hash them again.
 * Only a cache: without it, or when it is damaged, that is the price. A disk can be changed while nobody looks: so a daemon that begins anew
 * believes nothing of it, and it names its boot, because nobody promises that the run directory is a tmpfs.
 */
export class VerifiedFile {
  readonly packages: VerifiedPackages;
  readonly #path: string;
  readonly #onProblem: (error: ThubanError) => void;
  #saved: number;
  #isFailing = false;

  /** `isSuccessor`: the launcher of the daemon that wrote the file lives, which was here a moment ago. */
  constructor(path: string, isSuccessor: boolean, onProblem: (error: ThubanError) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
    if (!isSuccessor) rmSync(path, { force: true }); // not for a successor of this one either
    this.packages = isSuccessor ? VerifiedPackages.fromJSON(read(path, onProblem)) : new VerifiedPackages();
    this.#saved = this.packages.additions;
  }

  /** Writes the file when there is something new. */
  save(): void {
    const { additions } = this.packages;
    if (additions === this.#saved) return;
    try {
      writeAtomically(this.#path, JSON.stringify({ boot: bootId(), packages: this.packages }), { mode: 0o600 });
      this.#saved = additions;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#onProblem(notKept(this.#path, error));
      this.#isFailing = true;
    }
  }
}

function notKept(path: string, cause: unknown): ThubanError {
  return new ThubanError('TH4006', `cannot keep in ${path} which packages were checked: ${reasonOf(cause)}`, {
    hint: 'free space; without it the next daemon hashes them again',
    details: { path },
    cause,
  });
}

/** What is in the file if it is of this boot; anything else is as good as nothing. */
function read(path: string, onProblem: (error: ThubanError) => void): unknown {
  try {
    const found = JSON.parse(readTrustedFile(path, { maxBytes: MAX_BYTES }).toString()) as {
      boot?: unknown;
      packages?: unknown;
    } | null;
    return found?.boot === bootId() ? found.packages : undefined;
  } catch (error) {
    if (!hasErrno(error, 'ENOENT'))
      onProblem(
        new ThubanError('TH7008', `${path} cannot be used, so all packages are hashed again: ${reasonOf(error)}`, {
          details: { path },
          cause: error,
        }),
      );
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}
