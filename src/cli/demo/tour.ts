import { existsSync } from 'node:fs';
import { formatDuration, systemClock } from '../../base/index.ts';
import type { LoadedManifest } from '../../manifest/index.ts';
import {
  Supervised,
  exitSentence,
  oomSentence,
  pressureSentence,
  type Exit,
  type RuntimeEvent,
  type Session,
} from '../../runtime/index.ts';
import { LineOutput } from '../output.ts';
import type { Screen } from './screen.ts';

const QUOTA = 0.2;
const TOLERANCE = 0.02;
const MEASURE_MS = 5000;

/** One container of the tour with everything that was seen of it. */
interface Guest {
  supervised: Supervised;
  events: RuntimeEvent[];
  lines: string[];
  groups: string[];
}

/** The four steps. Each prints what happens as it happens, then checks it. */
export class Tour {
  readonly guests: Supervised[] = [];
  /** Every group that was made, to be looked for at the end. */
  readonly groups = new Set<string>();
  readonly #session: Session;
  readonly #screen: Screen;
  readonly #stop: AbortSignal;
  #silent = false;

  constructor(session: Session, screen: Screen, stop: AbortSignal) {
    this.#session = session;
    this.#screen = screen;
    this.#stop = stop;
  }

  #invite(loaded: LoadedManifest, note?: (supervised: Supervised) => string): Guest {
    const events: RuntimeEvent[] = [];
    const lines: string[] = [];
    const groups: string[] = [];
    const supervised: Supervised = new Supervised({
      board: this.#session.board,
      loaded,
      planOptions: this.#session.planOptions,
      output: new LineOutput((line) => {
        lines.push(line);
        this.#screen.output(line);
      }),
      onEvent: (event) => {
        events.push(event);
        for (const group of supervised.container?.groups.groups ?? []) {
          groups.push(group.path);
          this.groups.add(group.path);
        }
        this.#tell(event, note?.(supervised));
      },
    });
    this.guests.push(supervised);
    return { supervised, events, lines, groups };
  }

  /** From now on events are not shown: the shutdown has a line of its own. */
  silence(): void {
    this.#silent = true;
  }

  #tell(event: RuntimeEvent, note: string | undefined): void {
    if (this.#silent) return;
    switch (event.type) {
      case 'started':
        this.#screen.event('started', `pid ${event.pid}${note === undefined ? '' : `, ${note}`}`);
        return;
      case 'oom':
        this.#screen.event('oom', `${oomSentence(event.oom)}, killed by the kernel`);
        return;
      case 'exited':
        this.#screen.event('exited', event.exit.reason === 'oom_killed' ? 'oom_killed' : exitSentence(event.exit));
        return;
      case 'pressure':
        this.#screen.event('pressure', pressureSentence(event));
        return;
      case 'restarting':
        this.#screen.event(
          'backoff',
          `restart ${event.number} of ${event.max} in ${formatDuration(event.delay * 1000)} (restart.policy ${event.policy})`,
        );
        return;
      case 'state':
        if (event.state === 'failed') this.#screen.event('failed', event.message ?? 'it could not be started');
        return;
      case 'leftover':
        this.#screen.event('leftover', event.paths.join(', '));
        return;
      case 'paused': // these are a daemon's doing
      case 'resumed':
      case 'adopted':
      case 'scheduled':
      case 'skipped':
      case 'updated':
        return;
    }
  }

  async hello(loaded: LoadedManifest): Promise<void> {
    const guest = this.#invite(loaded, () => `uid ${loaded.manifest.uid}, no capabilities, own network`);
    const exit = await guest.supervised.start();
    const expected = 'Hello from hello:1.0.0. I see 2 processes and 1 network interface.';
    const left = guest.groups.filter((path) => existsSync(path));
    const right = guest.lines.join('\n') === expected && exit.code === 0 && left.length === 0;
    this.#screen.check(
      right,
      'output captured, exit code 0, cgroup removed',
      `"${expected}" and code 0`,
      `"${guest.lines.join('\n')}" and ${exitSentence(exit)}, ${left.length} cgroups left`,
    );
  }

  async quota(loaded: LoadedManifest): Promise<void> {
    const guest = this.#invite(loaded, limitOf('cgroups.cpu.quota'));
    const life = guest.supervised.start();
    const groups = (await this.#running(guest, life))?.groups;
    const before = groups?.cpuUsage();
    const began = performance.now();
    await systemClock.sleep(MEASURE_MS, this.#stop);
    const seconds = (performance.now() - began) / 1000;
    const after = groups?.cpuUsage();
    if (before == null || after == null) {
      this.#screen.check(false, 'share of one CPU measured', 'two readings', 'none');
      return;
    }
    const share = (after.usage_us - before.usage_us) / 1e6 / seconds;
    const throttled = (after.nr_throttled ?? 0) - (before.nr_throttled ?? 0);
    const periods = (after.nr_periods ?? 0) - (before.nr_periods ?? 0);
    const percent = (share * 100).toFixed(1);
    this.#screen.line(
      `  ${this.#screen.bar(share)}  ${percent} % of one CPU over ${seconds.toFixed(1)} s, throttled in ${throttled} of ${periods}`,
    );
    this.#screen.line('                          periods (without a quota it would take 100 %)');
    const right = Math.abs(share - QUOTA) <= TOLERANCE && throttled > 0;
    this.#screen.check(
      right,
      'share is within 20 % +- 2 points',
      '18 to 22 % and throttled',
      `${percent} %, throttled ${throttled} times`,
    );
  }

  async oom(loaded: LoadedManifest): Promise<void> {
    const guest = this.#invite(loaded, limitOf('cgroups.memory.memory_hard_limit'));
    const exit = await guest.supervised.start();
    if (exit.reason === 'start_failed') {
      this.#screen.check(false, 'shown', 'a memory limit', exitSentence(exit));
      return;
    }
    const { restarts, oom_kills: kills, state } = guest.supervised.status;
    const exits = guest.events.filter((event) => event.type === 'exited');
    // The kernel's counter of each run, not the exit code, says that it was the memory.
    const counted = exits.every((event) => event.exit.reason === 'oom_killed' && (event.exit.oom?.kills ?? 0) > 0);
    const ordered =
      guest.events.findIndex((e) => e.type === 'oom') < guest.events.findIndex((e) => e.type === 'exited');
    const right = counted && ordered && exits.length === 3 && restarts === 2 && kills === 3 && state === 'failed';
    this.#screen.check(
      right,
      'OOM known from the kernel’s counter at each exit, not from code 137',
      '3 starts, 3 OOM kills, failed',
      `${exits.length} starts, ${kills} OOM kills, ${state}`,
    );
  }

  async crash(loaded: LoadedManifest): Promise<void> {
    const guest = this.#invite(loaded);
    const exit = await guest.supervised.start();
    const { restarts, state } = guest.supervised.status;
    const right = exit.code === 42 && restarts === 0 && state === 'stopped';
    this.#screen.check(
      right,
      'exit code 42 reported',
      'code 42, no restart',
      `${exitSentence(exit)}, ${restarts} restarts`,
    );
  }

  async #running(guest: Guest, life: Promise<Exit>): Promise<Supervised['container']> {
    while (guest.supervised.state === 'starting') await systemClock.sleep(5, this.#stop);
    if (guest.supervised.container === undefined) this.#screen.event('failed', exitSentence(await life));
    return guest.supervised.container;
  }
}

/** The file and value of the limit that the step is about; the file's name differs between cgroups v1 and v2. */
function limitOf(key: string): (supervised: Supervised) => string {
  return (supervised) => {
    const write = supervised.container?.plan?.cgroup.writes.find(
      (candidate) => candidate.key === key && candidate.file !== undefined,
    );
    const value = write?.value ?? 'none';
    return `${write?.file ?? key} = ${value.includes(' ') ? `"${value}"` : value}`;
  };
}
