import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ThubanError, type Cleanup } from '../src/base/index.ts';
import { ConsoleClient } from '../src/console/index.ts';

const LISTEN_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 90_000;
const POLL_MS = 1;

/**
 * No settings of this board. A slow one may need longer than the usual lease to start the next daemon, and who asks for a hundred starts at once
 * opens a connection for each.
 */
const CONFIG = 'daemon: {lease: 5 min}\nconsole: {limits: {connections: 256}}\n';

/** The built daemon on folders of its own. It can leave its containers and be started anew beside them. */
export class DaemonProcess {
  readonly socket: string;
  readonly client: ConsoleClient;
  readonly #bundle: string;
  readonly #folder: string;
  readonly #repository: string;
  #child: ChildProcess | undefined;
  #launcher: number | undefined;

  /** `folder` is made and gets everything but the repository. */
  constructor(dist: string, folder: string, repository: string, cleanup: Cleanup) {
    mkdirSync(folder, { mode: 0o700 });
    this.socket = join(folder, 'console.sock');
    this.client = new ConsoleClient(this.socket);
    this.#bundle = join(dist, 'thuban.mjs');
    this.#folder = folder;
    this.#repository = repository;
    writeFileSync(this.#config, CONFIG, { mode: 0o600 });
    cleanup.defer('daemon', () => this.end());
  }

  /** Daemon and launcher. */
  get pids(): { daemon: number; launcher: number } {
    const daemon = this.#child?.pid;
    if (daemon === undefined || this.#launcher === undefined) throw new Error('the daemon does not run');
    return { daemon, launcher: this.#launcher };
  }

  /** Resolves when it answers, with the milliseconds from before its fork to the answer. */
  async start(): Promise<number> {
    const log = openSync(this.#logFile, 'a', 0o600);
    const settings = ['--config', this.#config, '--repository', this.#repository];
    const places = ['--run-dir', join(this.#folder, 'run'), '--socket', this.socket];
    const args = [this.#bundle, 'daemon', ...settings, ...places];
    const began = performance.now();
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log], env: withoutSettings() });
    closeSync(log);
    this.#child = child;
    for (;;) {
      const version = await this.#ask();
      const took = performance.now() - began;
      if (version !== undefined) {
        this.#launcher = version.launcher.pid;
        return took;
      }
      if (hasEnded(child) || took > LISTEN_TIMEOUT_MS)
        throw new Error(`the daemon does not answer: ${lastLines(readFileSync(this.#logFile, 'utf8'))}`);
      await sleep(POLL_MS);
    }
  }

  /** Ends the daemon and leaves its containers to the next one. */
  async leave(): Promise<void> {
    const child = this.#child;
    await this.client.shutdown({ keep: true });
    if (child !== undefined) await waitForEnd(child);
    this.#child = undefined;
  }

  /** Ends it with everything that it runs. */
  async end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) {
      this.#endLauncher();
      return;
    }
    child.kill('SIGTERM');
    if (await waitForEnd(child)) {
      this.#child = undefined;
      this.#launcher = undefined;
      return;
    }
    child.kill('SIGKILL');
    await waitForEnd(child);
    this.#child = undefined;
    this.#endLauncher();
    throw new Error(`the daemon did not end within ${END_TIMEOUT_MS / 1000} s of SIGTERM and was killed`);
  }

  /** One that was left: SIGTERM ends it with its containers. */
  #endLauncher(): void {
    if (this.#launcher !== undefined && existsSync(`/proc/${this.#launcher}`)) process.kill(this.#launcher, 'SIGTERM');
    this.#launcher = undefined;
  }

  get #config(): string {
    return join(this.#folder, 'thuban.yaml');
  }

  get #logFile(): string {
    return join(this.#folder, 'daemon.log');
  }

  async #ask(): Promise<Awaited<ReturnType<ConsoleClient['version']>> | undefined> {
    if (!existsSync(this.socket)) return undefined;
    try {
      const version = await this.client.version();
      return version.pid === this.#child?.pid ? version : undefined;
    } catch (error) {
      if (error instanceof ThubanError && error.code === 'TH6001') return undefined;
      throw error;
    }
  }
}

/** This environment without what would configure the daemon. */
function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('THUBAN_')));
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** False: it still runs. */
async function waitForEnd(child: ChildProcess): Promise<boolean> {
  if (hasEnded(child)) return true;
  const ended = once(child, 'exit').then(() => true);
  const timer = new AbortController();
  const late = sleep(END_TIMEOUT_MS, false, { signal: timer.signal }).catch(() => false);
  const result = await Promise.race([ended, late]);
  timer.abort();
  return result;
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n');
}
