import type { CgroupsSection, LoadedManifest } from '../manifest/index.ts';
import type { Ledger } from './ledger.ts';
import { meanTheSame } from './same-meaning.ts';
import { savedManifest } from './saved-state.ts';

/** What is wanted by then; undefined when nothing is any more. */
export type NextManifest = () => LoadedManifest | undefined;

/** The manifest of a container: what runs was started with it, and the next start will be. A next daemon finds it in the ledger. */
export class ManifestInForce {
  readonly #ledger: Ledger;
  #loaded: LoadedManifest;
  /** For the next run, whoever starts it. */
  #next: NextManifest | undefined;

  constructor(loaded: LoadedManifest, ledger: Ledger) {
    this.#ledger = ledger;
    this.#loaded = loaded;
    ledger.loaded = savedManifest(loaded);
  }

  get loaded(): LoadedManifest {
    return this.#loaded;
  }

  /** Limits in the place of its own. */
  get limits(): CgroupsSection | undefined {
    const { limits } = this.#ledger;
    return limits?.digest === this.#loaded.digest ? limits.cgroups : undefined;
  }

  take(loaded: LoadedManifest): void {
    // Changed limits are about a meaning, not about its text.
    const { limits } = this.#ledger;
    const isSame = limits?.digest === this.#loaded.digest && meanTheSame(this.#loaded, loaded);
    this.#ledger.limits = isSame ? { ...limits, digest: loaded.digest } : undefined;
    this.#loaded = loaded;
    this.#ledger.loaded = savedManifest(loaded);
    this.#ledger.save();
  }

  /** The present run is ended for another manifest: a next daemon starts that one, from the first step on. */
  prepare(next: NextManifest): void {
    this.#next = next;
    this.#ledger.loaded = savedManifest(next() ?? this.#loaded);
  }

  /**
   * The present run has ended. When nothing is wanted any more, the container is to rest, and is known to have been active: whatever is wanted
   * instead goes on from there.
   */
  takeNext(): void {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined) return;
    const loaded = next();
    if (loaded === undefined && this.#ledger.intent !== 'stop') {
      this.#ledger.intent = 'stop';
      this.#ledger.makesRoom = true;
    }
    this.take(loaded ?? this.#loaded);
  }
}
