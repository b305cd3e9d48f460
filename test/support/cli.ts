import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { shell } from './containers.ts';
import type { Manifest } from '../../src/manifest/index.ts';

export const BUNDLE = resolve(import.meta.dirname, '../../dist/thuban.mjs');

export interface CliEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions extends SpawnOptions {
  bundle?: string;
  /** Something else than the program itself. */
  program?: readonly string[];
}

/** The program as a user starts it, in a process group of its own. */
export class Cli {
  readonly ended: Promise<CliEnd>;
  readonly process: ChildProcess;
  readonly #text = { stdout: '', stderr: '' };
  readonly #waiting = new Map<() => void, string>();

  constructor(args: string[], { bundle = BUNDLE, program, ...options }: CliOptions = {}) {
    const [command = process.execPath, ...first] = program ?? [process.execPath, bundle];
    this.process = spawn(command, [...first, ...args], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...options,
    });
    for (const stream of ['stdout', 'stderr'] as const)
      this.process[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#text[stream] += chunk;
        for (const [found, text] of this.#waiting) if (this.#has(text)) found();
      });
    this.ended = new Promise((done, fail) => {
      this.process.once('error', fail).once('close', (code, signal) => {
        done({ code, signal, ...this.#text });
      });
    });
  }

  /** Waits for a text in either stream; the end without it is an error. */
  async saw(text: string): Promise<void> {
    if (this.#has(text)) return;
    const found = new Promise<true>((done) => {
      this.#waiting.set(() => {
        done(true);
      }, text);
    });
    const end = await Promise.race([found, this.ended]);
    if (end !== true && !this.#has(text)) throw new Error(`it ended without "${text}": ${JSON.stringify(end)}`);
  }

  /** A check that failed leaves nothing running: `using cli = new Cli(…)`. */
  [Symbol.dispose](): void {
    this.process.kill('SIGKILL'); // nothing, when it has ended
  }

  /** As a terminal does: to the whole process group. */
  signal(signal: NodeJS.Signals): void {
    process.kill(-(this.process.pid ?? 0), signal);
  }

  #has(text: string): boolean {
    return this.#text.stdout.includes(text) || this.#text.stderr.includes(text);
  }
}

/** Writes the manifest of a shell script to a file. */
export function manifestFile(folder: string, script: string, sections: Partial<Manifest> = {}): string {
  const file = join(folder, 'test.yaml');
  writeFileSync(file, JSON.stringify(shell(script, sections).manifest));
  return file;
}
