import { spawn } from 'node:child_process';
import { hasErrno } from '../base/index.ts';

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  input?: AsyncIterable<Uint8Array>;
  signal?: AbortSignal;
}

/** As much as is kept of what a program prints. */
const MAX_OUTPUT = 64 * 1024;

/**
 * Runs a program to its end. That it reads its input to the end is its own matter: what its exit code says counts.
 *
 * @throws what kept it from being started, what `input` throws, and the reason of `signal`.
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { env, input, signal: abort } = options;
  const child = spawn(program, args, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(env === undefined ? {} : { env }),
    ...(abort === undefined ? {} : { signal: abort }),
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      output[stream] = (output[stream] + text).slice(0, MAX_OUTPUT);
    });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, ...output });
    });
  });
  // Whichever of the two is awaited second must not be a rejection that nobody looks at.
  ended.catch(() => undefined);
  const { stdin } = child;
  try {
    if (input !== undefined && stdin !== null) await feed(stdin, input);
  } catch (error) {
    child.kill('SIGKILL');
    await ended.catch(() => undefined);
    abort?.throwIfAborted();
    throw error;
  }
  const end = await ended;
  abort?.throwIfAborted();
  return end;
}

async function feed(stdin: NodeJS.WritableStream, input: AsyncIterable<Uint8Array>): Promise<void> {
  let isClosed = false;
  const closed = new Promise<void>((resolve, reject) => {
    stdin.once('close', () => {
      isClosed = true;
      resolve();
    });
    stdin.on('error', (error: Error) => {
      isClosed = true;
      if (hasErrno(error, 'EPIPE')) resolve();
      else reject(error);
    });
  });
  closed.catch(() => undefined);
  for await (const chunk of input) {
    if (isClosed) break;
    if (!stdin.write(chunk)) await Promise.race([new Promise<void>((resolve) => stdin.once('drain', resolve)), closed]);
  }
  stdin.end();
}
