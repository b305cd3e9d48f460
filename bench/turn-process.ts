import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Contestant, Turn } from './contestant.ts';

/** `BEGIN FIRST GONE` or `! WHY` (bench/native/turn.h). Throws what the program says did not work. */
export function readTurn(line: string): Required<Turn> {
  if (line.startsWith('! ')) throw new Error(line.slice(2));
  const [begin, first, gone] = line.split(' ').map((word) => (/^\d+$/.test(word) ? BigInt(word) : undefined));
  if (begin === undefined || first === undefined || gone === undefined) throw new Error(`cannot read \`${line}\``);
  return { begin, first, gone };
}

/** A contestant that a small native program carries out, one turn for each line that it is sent. */
export class TurnProcess implements Contestant, AsyncDisposable {
  readonly name: string;
  readonly role: Contestant['role'];
  hostNetwork = false;
  readonly pids: readonly number[];
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(name: string, role: Contestant['role'], path: string, args: readonly string[]) {
    this.name = name;
    this.role = role;
    const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    // Whatever is wrong with it, it has ended then, and the next turn tells.
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    this.#reader = createInterface({ input: child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#child = child;
    this.pids = child.pid === undefined ? [] : [child.pid];
  }

  async turn(): Promise<Turn> {
    this.#child.stdin?.write('\n');
    const { value, done } = (await this.#lines.next()) as IteratorResult<string, undefined>;
    if (done === true) throw new Error(`${this.#child.spawnfile} ended`);
    return readTurn(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined) await ended;
    this.#reader.close();
  }
}
