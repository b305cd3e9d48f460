import type { Catalogue, RejectedEntry } from './catalogue.ts';
import { rejectedId } from './catalogue.ts';
import type { DaemonLog } from './daemon-options.ts';
import type { EventHistory } from './event-history.ts';
import type { Refused } from './repository/index.ts';

/** Keeps the list of what is rejected, and tells of each once: not at every look that finds it as it was. */
export class Refusals {
  readonly #catalogue: Catalogue;
  readonly #history: EventHistory;
  readonly #log: DaemonLog;
  /** What was told, by repository and file. */
  readonly #told = new Map<string, string>();

  constructor(catalogue: Catalogue, history: EventHistory, log: DaemonLog) {
    this.#catalogue = catalogue;
    this.#history = history;
    this.#log = log;
  }

  update(refused: readonly Refused[]): void {
    const before = new Map(this.#catalogue.rejected.map((entry) => [keyOf(entry), entry]));
    const now = new Date().toISOString();
    const entries = refused.map((one): RejectedEntry => {
      const key = keyOf(one);
      const old = before.get(key);
      const isOld = old !== undefined && this.#told.get(key) === signatureOf(one);
      return { ...one, loaded_at: isOld ? old.loaded_at : now };
    });
    this.#catalogue.rejected.splice(0, Infinity, ...entries);
    for (const entry of entries) {
      const key = keyOf(entry);
      const signature = signatureOf(entry);
      if (this.#told.get(key) === signature) continue;
      this.#told.set(key, signature);
      this.#tell(entry);
    }
    const present = new Set(entries.map(keyOf));
    for (const key of this.#told.keys()) if (!present.has(key)) this.#told.delete(key);
  }

  #tell(entry: RejectedEntry): void {
    const { file, diagnostics } = entry.rejected;
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const [first] = errors;
    this.#history.add({ type: 'manifest_rejected', container: rejectedId(entry), file, errors: diagnostics });
    this.#log('warn', `${file} is rejected: ${first?.message ?? ''}`, { code: first?.code, errors: errors.length });
  }
}

function keyOf({ repository, rejected }: Refused): string {
  return `${repository}\0${rejected.file}`;
}

function signatureOf({ rejected: { digest, diagnostics } }: Refused): string {
  return JSON.stringify([digest, diagnostics]);
}
