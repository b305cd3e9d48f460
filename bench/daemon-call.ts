import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanup } from '../src/base/index.ts';
import { restartDefaults } from '../src/manifest/index.ts';
import { Daemon, type Control, type DaemonOptions, type EventRecord } from '../src/runtime/index.ts';
import type { Contestant, Turn } from './contestant.ts';
import { MEASURED, idOf } from './manifests.ts';

/** Lines of the log that one turn leaves, and some to spare. */
const LINES = 200;

/** The daemon without its console: what a start costs from the call on. It runs in this process, from the sources. */
export class DaemonCall implements Contestant {
  readonly name = 'thuban daemon, start call';
  readonly role = 'ours';
  readonly pids: readonly number[];
  readonly #control: Control;
  readonly #ended = new AbortController();
  readonly #events: AsyncIterator<EventRecord[]>;

  private constructor(control: Control) {
    this.#control = control;
    this.pids = [control.version().launcher.pid];
    const query = { follow: true, types: ['exited'], containers: [idOf(MEASURED)], since: 0 };
    this.#events = control.events(query, this.#ended.signal)[Symbol.asyncIterator]();
  }

  /** `folder` is made. `parent` of its groups, as in the configuration. */
  static async open(folder: string, repository: string, parent: string, cleanup: Cleanup): Promise<DaemonCall> {
    mkdirSync(folder, { mode: 0o700 });
    const daemon = await Daemon.open(optionsOf(folder, repository, parent));
    cleanup.defer('daemon in this process', () => daemon.close({ keep: false }));
    const contestant = new DaemonCall(daemon.control);
    cleanup.defer('events of the daemon in this process', () => {
      contestant.#ended.abort();
    });
    return contestant;
  }

  async turn(): Promise<Turn> {
    const ended = this.#events.next();
    const begin = process.hrtime.bigint();
    await this.#control.start(MEASURED);
    const next = await ended;
    const gone = process.hrtime.bigint();
    if (next.done === true) throw new Error('the daemon tells of nothing any more');
    const [event] = next.value;
    const exit = event?.['exit'] as { code?: number } | undefined;
    if (exit?.code !== 0) throw new Error(`the program ended otherwise: ${JSON.stringify(event)}`);
    return { begin, gone };
  }

  async stamps(): Promise<bigint[]> {
    const found: bigint[] = [];
    for await (const records of this.#control.logs(MEASURED, { tail: LINES }, this.#ended.signal))
      for (const record of records)
        if ('line' in record && record.stream === 'stdout' && /^\d+$/.test(record.line))
          found.push(BigInt(record.line));
    return found;
  }
}

/** No settings of this board, and nothing that would begin by itself. */
function optionsOf(folder: string, repository: string, parent: string): DaemonOptions {
  return {
    runDir: join(folder, 'run'),
    dataDir: join(folder, 'data'),
    repositories: { default: { dir: repository, keys: [], requireSignature: false } },
    installSize: 1 << 30,
    installPatience: 30,
    watch: { debounce: 0.5, rescan: 3600 },
    schedule: { gate: { mode: 'off', timeout: 0 }, timeZone: 'UTC' },
    cgroups: { parent, name: 'thuban-bench-call', enforce: 'strict', supervisor_memory_min: 0 },
    lease: 0,
    concurrency: 1,
    shutdownTimeout: 30,
    logs: { size: 1 << 20, files: 2, max_line: 4096, rate: 10_000, total_size: 1 << 24 },
    restart: restartDefaults,
    eventHistory: 1000,
    sockets: [],
    consoles: { open: () => Promise.reject(new Error('no container of the benchmark has a console')) },
    log: () => undefined,
  };
}
