import { mkdirSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ThubanError, failpoint, hasErrno, messageOf, reasonOf } from '../base/index.ts';
import { consoleFile, consolesFolder, type PlannedConsole } from './plan-console.ts';
import type { LaunchPlan } from './plan.ts';

/** The console of a run as it was begun: a next daemon opens it again. */
export interface ContainerConsole extends PlannedConsole {
  /** Owner of the socket: the program's user. */
  uid: number;
  gid: number;
}

/** Undefined: it has none, or is not going to be started. */
export function consoleOf({ console, launch: { uid, gid }, problems }: LaunchPlan): ContainerConsole | undefined {
  return console === undefined || problems.length > 0 ? undefined : { ...console, uid, gid };
}

export interface ConsoleRequest extends Omit<ContainerConsole, 'folder'> {
  /** Who asks, whatever comes through this socket. */
  id: string;
  /** The file of the socket. */
  path: string;
}

/** What answers containers. The runtime knows no HTTP. */
export interface ConsoleHost {
  /** Resolves when it listens. `close` ends all connections, and removes the file. */
  open(request: ConsoleRequest): Promise<{ close(): Promise<void> }>;
}

export interface ConsolesParts {
  runDir: string;
  host: ConsoleHost;
  /** Tells the launcher what it removes when the lease ends: `files`. */
  register: () => Promise<void>;
  onProblem: (error: ThubanError) => void;
}

/** The consoles of a daemon's containers: each has its folder while its run lives. */
export class Consoles {
  readonly #parts: ConsolesParts;
  /** By folder. What closes is waited for by what opens there next. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #folders = new Set<string>();

  constructor(parts: ConsolesParts) {
    this.#parts = parts;
  }

  /** What is there, files before their folders. */
  get files(): string[] {
    return [...this.#folders].flatMap((folder) => [consoleFile(folder), folder]);
  }

  /** Removes what belongs to no run that lives. `held`: folders that are mounted in containers, and must stay the same ones. */
  sweep(held: readonly string[]): void {
    const all = consolesFolder(this.#parts.runDir);
    const kept = new Set(held);
    for (const name of readdirSync(all)) {
      const folder = join(all, name);
      if (!kept.has(folder)) rmSync(folder, { recursive: true, force: true });
    }
    for (const folder of held) this.#folders.add(folder);
  }

  /** Opens the console before the start, which connects to it, and closes it when all of the run is gone. */
  async around<Run extends { ended: Promise<unknown> }>(
    id: string,
    console: ContainerConsole | undefined,
    start: () => Promise<Run>,
  ): Promise<Run> {
    if (console === undefined) return start();
    const close = await this.#open(id, console);
    failpoint('start.console');
    try {
      const run = await start();
      void run.ended.then(close);
      return run;
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Opens it again for a run that another daemon began. The container runs on when that cannot be done, and it is told. */
  async reopen(id: string, console: ContainerConsole, adopted: Promise<{ ended: Promise<unknown> }>): Promise<void> {
    try {
      const close = await this.#open(id, console);
      void adopted.then(({ ended }) => ended).then(close, close);
    } catch (error) {
      this.#parts.onProblem(asProblem(error));
    }
  }

  async #open(id: string, { folder, ...rest }: ContainerConsole): Promise<() => Promise<void>> {
    await this.#closing.get(folder);
    this.#folders.add(folder);
    try {
      await this.#parts.register();
      makeFolder(folder);
      const opened = await this.#parts.host.open({ id, path: consoleFile(folder), ...rest });
      return () => this.#close(folder, () => opened.close());
    } catch (error) {
      this.#remove(folder);
      throw asProblem(error);
    }
  }

  #close(folder: string, close: () => Promise<void>): Promise<void> {
    const closed = close()
      .catch((error: unknown) => {
        this.#parts.onProblem(asProblem(error));
      })
      .then(() => {
        this.#remove(folder);
        this.#closing.delete(folder);
      });
    this.#closing.set(folder, closed);
    return closed;
  }

  #remove(folder: string): void {
    this.#folders.delete(folder);
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      this.#parts.onProblem(asProblem(error));
    }
  }
}

/** Of root, for everybody to enter: its owner and mode are what the container sees, its place is closed by the folder above. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    if (!hasErrno(error, 'EEXIST') || !lstatSync(path).isDirectory())
      throw new ThubanError('TH3010', `cannot make the folder of the console, ${path}: ${reasonOf(error)}`, {
        details: { key: 'console' },
        cause: error,
      });
  }
}

function asProblem(error: unknown): ThubanError {
  if (error instanceof ThubanError && error.details['key'] === 'console') return error;
  return new ThubanError('TH3010', `the console of the container cannot be opened: ${messageOf(error)}`, {
    details: { key: 'console' },
    cause: error,
  });
}
