import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConsoleClient } from '../../src/console/index.ts';
import type { Manifest } from '../../src/manifest/index.ts';
import type { ContainerSummary, EventRecord } from '../../src/runtime/index.ts';
import { shell } from './containers.ts';
import { temporaryFolder } from './folders.ts';
import { isGone } from './launcher.ts';
import { until } from './processes.ts';

const DIST = resolve(import.meta.dirname, '../../dist');

export interface DaemonStart {
  /** `step:n`: it dies there. Only the test build has such places. */
  failpoint?: string;
  args?: string[];
  env?: NodeJS.ProcessEnv;
  /** The folder of a cgroup that it is started in. */
  group?: string;
}

/** Until the next daemon of a test is there: on an emulated board beside others that may take minutes. */
const LEASE = process.env['THUBAN_EMULATED'] === undefined ? '20 s' : '5 min';

/** A daemon with a repository and a run directory of its own, as it is started on a board. */
export class TestDaemon implements AsyncDisposable {
  readonly folder: ReturnType<typeof temporaryFolder>;
  readonly repository: string;
  /** A folder that containers may bind. */
  readonly shared: string;
  readonly runDir: string;
  readonly socket: string;
  readonly client: ConsoleClient;
  readonly logFile: string;
  #process: ChildProcess | undefined;
  #ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }> | undefined;
  readonly #launchers = new Set<number>();
  #logStart = 0;

  constructor(config = `daemon: {lease: ${LEASE}}\n`, beside?: TestDaemon) {
    this.folder = beside?.folder ?? temporaryFolder();
    const { path } = this.folder;
    this.repository = join(path, 'repository');
    this.shared = join(path, 'shared');
    this.runDir = join(path, 'run');
    this.socket = join(this.runDir, 'console.sock');
    this.client = new ConsoleClient(this.socket);
    this.logFile = join(path, beside === undefined ? 'daemon.log' : 'second.log');
    if (beside !== undefined) return;
    for (const folder of [this.repository, this.shared]) mkdirSync(folder, { mode: 0o755 });
    writeFileSync(join(path, 'thuban.yaml'), config, { mode: 0o644 });
  }

  /** Writes the configuration anew, for the next start. */
  configure(config: string): void {
    writeFileSync(join(this.folder.path, 'thuban.yaml'), config, { mode: 0o644 });
  }

  /** A second daemon for the same folders. This one disposes of both. */
  beside(): TestDaemon {
    return new TestDaemon('', this);
  }

  /** Writes the manifest of a shell script. */
  add(name: string, script: string, sections: Record<string, unknown> = {}): string {
    const file = join(this.repository, `${name}.yaml`);
    const { manifest } = shell(script, { ...(sections as Partial<Manifest>), name });
    writeFileSync(file, JSON.stringify(manifest, null, 1), { mode: 0o644 });
    return file;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Resolves when the console answers. */
  async start(options: DaemonStart = {}): Promise<void> {
    this.launch(options);
    await until('the daemon is ready', () => this.isDead || this.log.slice(this.#logStart).includes('"ready":true'));
    if (this.isDead) throw new Error(`the daemon ended: ${this.log}`);
    this.#launchers.add((await this.client.version()).launcher.pid);
  }

  /** Does not wait. */
  launch({ failpoint, args = [], env = {}, group }: DaemonStart = {}): void {
    const bundle = join(DIST, failpoint === undefined ? 'thuban.mjs' : 'test/thuban.mjs');
    const output = openSync(this.logFile, 'a');
    this.#logStart = fstatSync(output).size;
    const config = join(this.folder.path, 'thuban.yaml');
    const flags = [
      '--config',
      config,
      // The flag would replace what the file says of repositories.
      ...(readFileSync(config, 'utf8').includes('repositories:') ? [] : ['--repository', this.repository]),
      '--run-dir',
      this.runDir,
      '--data-dir',
      join(this.folder.path, 'data'),
    ];
    const command = [process.execPath, '--disallow-code-generation-from-strings', bundle, 'daemon', ...flags, ...args];
    const inGroup = group === undefined ? [] : ['/bin/sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', group];
    const [program = '', ...words] = [...inGroup, ...command];
    this.#process = spawn(program, words, {
      stdio: ['ignore', output, output],
      env: { ...process.env, ...env, ...(failpoint === undefined ? {} : { THUBAN_FAILPOINT: failpoint }) },
    });
    closeSync(output);
    const child = this.#process;
    this.#ended = new Promise((done) => {
      child.once('exit', (code, signal) => {
        done({ code, signal });
      });
    });
  }

  get isDead(): boolean {
    return this.#process === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Waits for its end. */
  async end(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return (await this.#ended) ?? { code: null, signal: null };
  }

  signal(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.#process?.kill(signal);
    return this.end();
  }

  async container(name: string): Promise<ContainerSummary> {
    const found = (await this.client.containers()).find((entry) => entry.name === name);
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  }

  /** Waits until a container is in that state. */
  async reached(name: string, state: ContainerSummary['state']): Promise<ContainerSummary> {
    for (const end = Date.now() + 60_000; ;) {
      const found = (await this.client.containers()).find((entry) => entry.name === name);
      if (found?.state === state) return found;
      if (Date.now() > end)
        throw new Error(`${name} is ${found?.state ?? 'not there'} and does not become ${state}\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until a file is listed as rejected. */
  async rejects(file: string): Promise<ContainerSummary> {
    for (const end = Date.now() + 60_000; ;) {
      const found = (await this.client.containers()).find(({ id, state }) => id === file && state === 'rejected');
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`${file} is not rejected\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits for an event of this type and container, and gives all of them. */
  async told(type: string, container: string): Promise<EventRecord[]> {
    for (const end = Date.now() + 60_000; ;) {
      const found = (await this.events([type])).filter((event) => event.container === container);
      if (found.length > 0) return found;
      if (Date.now() > end) throw new Error(`no ${type} of ${container}\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async events(types?: string[]): Promise<EventRecord[]> {
    const found: EventRecord[] = [];
    for await (const event of this.client.events(types === undefined ? {} : { types })) found.push(event);
    return found;
  }

  async lines(name: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { stream, line } of this.client.logs(name, {}))
      found.push(stream === 'thuban' ? `- ${line}` : line);
    return found;
  }

  /** Whether a program has written this line, as far as it was kept. */
  hasLog(name: string, line: string): boolean {
    const logs = join(this.runDir, 'logs');
    return readdirSync(logs, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.startsWith(name) && file.includes('/'))
      .some((file) => readFileSync(join(logs, file), 'utf8').includes(` F ${line}\n`));
  }

  /** Also after a check that failed: nothing stays on the machine. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isDead) await this.signal('SIGTERM');
    for (const pid of [...this.#launchers, ...this.#launcherNow()]) {
      if (isGone(pid) || !this.#isLauncher(pid)) continue;
      process.kill(pid, 'SIGTERM');
      await until('the launcher has ended', () => isGone(pid));
    }
    rmSync(this.folder.path, { recursive: true, force: true });
  }

  /** The launcher that listens in our run directory, whether a daemon told of it or not. */
  #launcherNow(): number[] {
    return [...this.log.matchAll(/"launcher":(\d+)/g)].map((match) => Number(match[1]));
  }

  /** A number may be another's by now. */
  #isLauncher(pid: number): boolean {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.runDir);
    } catch {
      return false;
    }
  }
}
