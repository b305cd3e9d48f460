import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { ThubanError } from '../../base/index.ts';
import type { ExecConnection } from '../../console/index.ts';
import { startFailureCode, type ExecExit, type ExecRequest, type Stream } from '../../runtime/index.ts';
import { clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { asThubanError, printError } from '../print-error.ts';
import { flushStandardStreams, standardStream } from '../standard-streams.ts';
import { OwnTerminal } from './own-terminal.ts';
import { variable } from './variable.ts';

export interface ExecFlags {
  interactive?: boolean;
  tty?: boolean;
  env?: string[];
  workdir?: string;
}

/** Thuban could not do it, as `run` says it too. */
const CANNOT_START = 125;

/** What is passed on. In a terminal of the program's own Ctrl-C is a key, which makes its signal there. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/** Starts a further program in a container and is its terminal, or its pipes, until it has ended. */
export async function exec(
  name: string,
  words: string[] | undefined,
  flags: ExecFlags,
  context: Context,
): Promise<number> {
  const usage = `thuban exec ${name} -- COMMAND [ARGS...]`;
  if (words === undefined || words.length === 0)
    throw new ThubanError('TH6011', 'there is no command after `--`', { hint: usage });
  if (context.json)
    throw new ThubanError('TH6011', '`--json` is not possible here: what is printed is the program’s own', {
      hint: usage,
    });
  const terminal = flags.tty === true ? new OwnTerminal() : undefined;
  const request: ExecRequest = {
    args: words,
    ...(flags.env === undefined ? {} : { env: Object.fromEntries(flags.env.map(variable)) }),
    ...(flags.workdir === undefined ? {} : { working_dir: flags.workdir }),
    ...(flags.interactive === true ? { stdin: true } : {}),
    ...(terminal === undefined ? {} : { tty: terminal.size, env: environment(flags, terminal) }),
  };
  try {
    const connection = await clientOf(context).exec(name, request, write);
    return codeOf(await carry(connection, flags.interactive === true, terminal));
  } catch (error) {
    const thuban = asThubanError(error);
    printError(thuban, context);
    return thuban.code === 'TH6012' ? CANNOT_START : startFailureCode(thuban);
  } finally {
    await flushStandardStreams(false);
  }
}

/** The kind of terminal is that of the person in front of it. */
function environment({ env = [] }: ExecFlags, { kind }: OwnTerminal): Record<string, string> {
  return { ...(kind === undefined ? {} : { TERM: kind }), ...Object.fromEntries(env.map(variable)) };
}

async function carry(
  connection: ExecConnection,
  isInteractive: boolean,
  terminal: OwnTerminal | undefined,
): Promise<ExecExit> {
  const passOn = (signal: NodeJS.Signals): void => {
    connection.signal(constants.signals[signal]);
  };
  const onResize = (): void => {
    if (terminal !== undefined) connection.resize(terminal.size);
  };
  for (const signal of PASSED_ON) process.on(signal, passOn);
  process.on('SIGWINCH', onResize);
  if (isInteractive) terminal?.makeRaw();
  const input = isInteractive ? pump(connection) : undefined;
  try {
    return await connection.ended;
  } finally {
    terminal?.restore();
    input?.();
    for (const signal of PASSED_ON) process.off(signal, passOn);
    process.off('SIGWINCH', onResize);
    connection.close();
  }
}

/** Our standard input, as fast as the program takes it. The answer ends that. */
function pump(connection: ExecConnection): () => void {
  const { stdin } = process;
  let last = Promise.resolve();
  const onData = (chunk: Buffer): void => {
    stdin.pause();
    last = last.then(async () => {
      if (await connection.write(chunk)) stdin.resume();
    });
  };
  const onEnd = (): void => {
    last = last.then(() => {
      connection.endInput();
    });
  };
  stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
  return () => {
    stdin.off('data', onData).off('end', onEnd).destroy();
  };
}

function write(stream: Stream, chunk: Buffer): Promise<void> | undefined {
  const out: Writable = standardStream(stream);
  if (out.write(chunk)) return undefined;
  return new Promise((resolve) => out.once('drain', resolve));
}

function codeOf({ code, signal, error }: ExecExit): number {
  if (code !== undefined) return code;
  if (signal !== undefined)
    return 128 + ((constants.signals as Record<string, number>)[signal] ?? Number(signal.slice(3)));
  throw new ThubanError('TH3011', typeof error?.['message'] === 'string' ? error['message'] : 'the launcher ended');
}
