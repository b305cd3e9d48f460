import type { GroupStats } from '../../cgroups/index.ts';
import { loadManifest, type CgroupsSection } from '../../manifest/index.ts';
import type { Container } from '../container.ts';
import type { Exit, Oom } from '../exit.ts';
import type { OutputSink } from '../output.ts';
import type { Session } from '../session.ts';
import { Supervised } from '../supervised.ts';

export interface ProbeSpec {
  name: string;
  /** For /bin/sh; no more is needed than busybox has. */
  script: string;
  cgroups: CgroupsSection;
  /** A folder of this host that the probe may write to, as /probe. */
  folder?: string;
}

/** More than any probe needs, so that one whose limit is ignored does no harm. */
const MOST_MEMORY = 256 * 1024 * 1024;
/** Nobody, on every distribution. */
export const NOBODY = 65_534;

/** A throw-away container that tries a limit, started as any other is. */
export class Probe {
  readonly ended: Promise<Exit>;
  /** When the kernel's kill was noticed, on the wall clock. */
  readonly ooms: readonly { oom: Oom; at: number }[];
  readonly #supervised: Supervised;
  readonly #output: string[];

  private constructor(supervised: Supervised, output: string[], ooms: Probe['ooms'], ended: Promise<Exit>) {
    this.ooms = ooms;
    this.#supervised = supervised;
    this.#output = output;
    this.ended = ended;
  }

  /** Resolves when its program runs. Rejects with what the plan or the kernel refuses. */
  static async start(session: Session, { name, script, cgroups, folder }: ProbeSpec): Promise<Probe> {
    const output: string[] = [];
    const sink: OutputSink = {
      write: (_stream, chunk) => {
        output.push(chunk.toString('utf8'));
        return true;
      },
      drained: () => Promise.resolve(),
    };
    const text = JSON.stringify({
      name: `doctor-${name}`,
      version: '1.0.0',
      uid: NOBODY,
      gid: NOBODY,
      rootfs: 'host',
      init: '/bin/sh',
      args: ['-c', script],
      io: { stdout: 'pipe', stderr: 'pipe' },
      rlimits: { as: { soft: MOST_MEMORY, hard: MOST_MEMORY } },
      cgroups,
      mounts: {
        '/dev': { type: 'dev' },
        ...(folder === undefined ? {} : { '/probe': { type: 'bind', host: folder, options: 'rw,nosuid,nodev' } }),
      },
    });
    const loaded = loadManifest(text, 'doctor.yaml');
    if (!loaded.ok) throw new Error(`a probe that cannot be read: ${JSON.stringify(loaded.diagnostics)}`);
    const ooms: { oom: Oom; at: number }[] = [];
    const supervised = new Supervised({
      board: session.board,
      loaded: loaded.manifest,
      planOptions: session.planOptions,
      resources: () => [],
      output: sink,
      once: true,
      onEvent: (event) => {
        if (event.type === 'oom') ooms.push({ oom: event.oom, at: Date.now() });
      },
    });
    const ended = supervised.start();
    try {
      await supervised.attempt;
    } catch (error) {
      await ended;
      throw error;
    }
    return new Probe(supervised, output, ooms, ended);
  }

  get container(): Container | undefined {
    return this.#supervised.container;
  }

  get output(): string {
    return this.#output.join('');
  }

  /** Undefined once it is gone. */
  stats(): GroupStats | undefined {
    const stats = this.#supervised.container?.stats();
    return stats === 'gone' ? undefined : stats;
  }

  /** Ends it at once, and waits until nothing of it is left. */
  async kill(): Promise<void> {
    await this.#supervised.kill('by the doctor');
  }

  /** Its exit, or undefined after so many milliseconds. */
  async endsWithin(ms: number): Promise<Exit | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        resolve(undefined);
      }, ms);
    });
    try {
      return await Promise.race([this.ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
