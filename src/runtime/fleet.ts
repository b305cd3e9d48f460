import { dirname } from 'node:path';
import type { ThubanError } from '../base/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import { Catalogue, rejectedId, type Entry } from './catalogue.ts';
import type { DaemonBoard } from './daemon-board.ts';
import type { DaemonOptions } from './daemon-options.ts';
import type { EventHistory } from './event-history.ts';
import type { RuntimeEvent } from './events.ts';
import { exitSentence } from './exit.ts';
import { logEvent } from './log-event.ts';
import type { LogStore, LogStores } from './log-store.ts';
import { containerId, type PlanOptions } from './plan.ts';
import { duplicate, scanRepository, type RejectedManifest } from './repository.ts';
import { isFailure } from './restart.ts';
import type { Held } from './restore.ts';
import type { SavedState } from './saved-state.ts';
import type { StateFiles } from './state-files.ts';
import { Supervised } from './supervised.ts';
import { manifestOf, type Inheritance } from './take-over.ts';

export interface FleetParts {
  options: DaemonOptions;
  board: DaemonBoard;
  files: StateFiles;
  stores: LogStores;
  history: EventHistory;
  planOptions: PlanOptions;
  /** A container with `autostart: critical` has ended for good. */
  onCritical: (id: string) => void;
}

const CHUNK = '64 KiB';

/** All containers of the repositories, and what happens to them together. */
export class Fleet {
  readonly catalogue = new Catalogue();
  readonly #parts: FleetParts;
  /** From the moment on that they are somebody else's, nothing of them is noted here. */
  #detached = false;
  #stopping = false;
  /** What an earlier daemon knew already. */
  readonly #inherited = new Set<string>();

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  /** Reads the repositories. What cannot be read is listed as rejected, beside the others. */
  load(): void {
    const { options, history } = this.#parts;
    for (const [repository, { dir }] of Object.entries(options.repositories)) {
      const { manifests, rejected, problem } = scanRepository(dir, { restart: options.restart });
      if (problem !== undefined) this.#rejectFolder(repository, dir, problem);
      for (const loaded of manifests) {
        const id = containerId(loaded.manifest);
        const other = this.catalogue.entries.get(id);
        if (other !== undefined) {
          this.#reject(duplicate(loaded, other.supervised.loaded), repository);
          continue;
        }
        this.#add(loaded, repository);
        history.add({ type: 'manifest_loaded', container: id, file: loaded.file, digest: loaded.digest });
      }
      for (const entry of rejected) this.#reject(entry, repository);
    }
  }

  #reject(rejected: RejectedManifest, repository: string): void {
    const { options, history } = this.#parts;
    const { file, diagnostics } = rejected;
    const entry = { rejected, repository, loaded_at: new Date().toISOString() };
    this.catalogue.rejected.push(entry);
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    const [first] = errors;
    history.add({ type: 'manifest_rejected', container: rejectedId(entry), file, errors: diagnostics });
    options.log('warn', `${file} is rejected: ${first?.message ?? ''}`, { code: first?.code, errors: errors.length });
  }

  /** Goes on with what an earlier daemon left. */
  takeOver({ held, saved }: Inheritance, wasClean: boolean): void {
    const gone: Entry[] = [];
    for (const [id, { record }] of held) {
      if (this.catalogue.entries.has(id)) continue;
      // A run without its manifest: the file is gone, and the run goes too; or it cannot be used by now, and the run stays.
      const inTheWay = this.catalogue.rejected.find(
        ({ rejected }) => rejected.file === record.file || rejected.file === dirname(record.file),
      );
      const entry = this.#add(manifestOf(record), inTheWay?.repository ?? '');
      entry.stray = true;
      if (inTheWay === undefined) gone.push(entry);
    }
    for (const [id, entry] of this.catalogue.entries) this.#resume(entry, saved.get(id), held.get(id), wasClean);
    for (const entry of gone) void this.#remove(entry);
    const known = new Set([...this.catalogue.entries.keys(), ...[...saved.keys()].filter((id) => this.#mayReturn(id))]);
    for (const id of saved.keys()) if (!known.has(id)) this.#parts.files.remove(id);
    this.#parts.stores.sweep(known);
  }

  /** Its manifest may be among those that cannot be read. */
  #mayReturn(id: string): boolean {
    const [name] = id.split(':');
    return this.catalogue.rejected.some(({ rejected }) => rejected.name === undefined || rejected.name === name);
  }

  async #remove({ supervised }: Entry): Promise<void> {
    await supervised.stop('because its manifest is gone');
    if (this.#detached) return;
    this.catalogue.entries.delete(supervised.id);
    this.#parts.files.remove(supervised.id);
    this.#parts.stores.remove(supervised.id);
  }

  #resume(entry: Entry, saved: SavedState | undefined, held: Held | undefined, wasClean: boolean): void {
    if (saved === undefined && held === undefined) return;
    this.#inherited.add(entry.supervised.id);
    const { supervised, log } = entry;
    const hasOutput = held?.listed.stdout !== undefined || held?.listed.stderr !== undefined;
    if (hasOutput && !wasClean) log.remark(`the daemon was replaced; up to ${CHUNK} of output may be missing here`);
    if (held === undefined) for (const stream of ['stdout', 'stderr'] as const) log.end(stream); // what its last run left open
    const { then } = supervised.resume(saved, held);
    if (then === 'stop') void supervised.stop(saved?.stop_reason);
    if (then === 'restart') void supervised.restart(saved?.stop_reason ?? 'for restart');
  }

  /** Starts what has `autostart` and never lived, a few at a time. */
  async autostart(): Promise<void> {
    const waiting = this.catalogue.sorted.filter(
      ({ supervised: { id, loaded } }) => loaded.manifest.autostart !== undefined && !this.#inherited.has(id),
    );
    const worker = async (): Promise<void> => {
      for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
        if (this.#stopping || entry.supervised.state !== 'stopped') continue;
        void entry.supervised.start();
        await entry.supervised.attempt.catch(() => undefined); // its own events tell
      }
    };
    await Promise.all(Array.from({ length: this.#parts.options.concurrency }, worker));
  }

  /** Stops all at once; what still lives after `timeout` seconds is killed. */
  async stopAll(timeout: number): Promise<void> {
    this.#stopping = true;
    const all = [...this.catalogue.entries.values()].map(({ supervised }) => supervised);
    const timer = setTimeout(() => {
      void this.killAll('at the end of the shutdown’s time-out');
    }, timeout * 1000);
    await Promise.all(all.map((supervised) => supervised.stop('for shutdown')));
    clearTimeout(timer);
  }

  /** For whoever asks a second time: no more patience. */
  async killAll(reason: string): Promise<void> {
    await Promise.all([...this.catalogue.entries.values()].map(({ supervised }) => supervised.kill(reason)));
  }

  /** What happens from now on is another daemon's to note. */
  detach(): void {
    this.#detached = true;
    for (const { log } of this.catalogue.entries.values()) log.close();
  }

  /** After the orderly end, the next daemon begins anew. */
  forget(): void {
    for (const id of this.catalogue.entries.keys()) this.#parts.files.remove(id);
  }

  #add(loaded: LoadedManifest, repository: string): Entry {
    const { board, stores, files, planOptions } = this.#parts;
    const id = containerId(loaded.manifest);
    const log = stores.open(id);
    const supervised = new Supervised({
      board,
      loaded,
      planOptions,
      resources: () => this.catalogue.resources,
      output: log,
      onEvent: (event) => {
        this.#onEvent(event, log);
      },
      save: (state) => {
        // A daemon that dies while it shuts down is followed by one that goes on as if nothing had been asked.
        if (!this.#detached && !this.#stopping) files.save(id, state);
      },
      onOutputLost: () => {
        log.remark('the output of this run cannot be read any more');
      },
    });
    const entry: Entry = { supervised, log, repository, loaded_at: new Date().toISOString() };
    this.catalogue.entries.set(id, entry);
    return entry;
  }

  #onEvent(event: RuntimeEvent, log: LogStore): void {
    if (this.#detached) return;
    const { time, ...body } = event;
    this.#parts.history.add(body, time);
    logEvent(event, this.#parts.options.log);
    if (event.type === 'exited') log.remark(exitSentence(event.exit));
    if (event.type === 'state') this.#checkCritical(event.container);
  }

  #checkCritical(id: string): void {
    const supervised = this.catalogue.entries.get(id)?.supervised;
    if (this.#stopping || supervised?.loaded.manifest.autostart !== 'critical') return;
    const { state, last_exit: exit } = supervised.status;
    const failed = state === 'failed' || (state === 'stopped' && exit !== undefined && isFailure(exit));
    if (!failed) return;
    this.#parts.options.log('error', `the critical container \`${id}\` has ended; the daemon ends with it`, {
      container: id,
    });
    this.#parts.onCritical(id);
  }

  /** A folder that is not used is listed as well: nothing of it runs, and that must be seen. */
  #rejectFolder(repository: string, dir: string, { code, message, hint }: ThubanError): void {
    const place = { file: dir, line: 1, column: 1, length: 1, path: '' };
    const said = { code, message: `the repository is not used: ${message}`, ...(hint === undefined ? {} : { hint }) };
    this.#reject({ file: dir, diagnostics: [{ severity: 'error', ...said, ...place }] }, repository);
  }
}
