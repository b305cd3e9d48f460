import { ThubanError, codes, formatDuration, type Code } from '../base/index.ts';
import type { ConsoleClient } from '../console/index.ts';
import { exitSentence, processExitCode, startFailureCode, type ContainerDetail, type Exit } from '../runtime/index.ts';
import { clientOf } from './client.ts';
import type { Context } from './context.ts';
import { explained } from './detach.ts';
import { readTimeout } from './durations.ts';
import { followEvents } from './events/follow.ts';
import { INTERRUPTED, Interrupt } from './interrupt.ts';
import { isActive } from './states.ts';
import { printJson, talk } from './talk.ts';

export interface WaitFlags {
  timeout?: string;
}

const CANNOT_START = 125;

/** Waits until a container has ended and will not be started again by itself; resolves with its exit code. */
export async function wait(name: string, flags: WaitFlags, context: Context): Promise<number> {
  const seconds = readTimeout(flags.timeout) ?? Infinity;
  const client = clientOf(context);
  using interrupt = new Interrupt();
  const first = await client.container(name);
  const explain = context.err.isTTY && !context.quiet && !context.json ? () => waitsFor(first, seconds) : undefined;
  const ended = await explained(untilEnded(client, first, seconds, interrupt, context), explain);
  if (ended === undefined) {
    talk(`left: ${first.id} runs on   (thuban wait ${first.id})`);
    return INTERRUPTED;
  }
  return conclude(ended, context);
}

/** The container when it has ended; undefined after Ctrl-C. TH6015 when the time is over. */
async function untilEnded(
  client: ConsoleClient,
  first: ContainerDetail,
  seconds: number,
  interrupt: Interrupt,
  context: Context,
): Promise<ContainerDetail | undefined> {
  if (!isActive(first)) return first;
  const timeUp = seconds === Infinity ? undefined : AbortSignal.timeout(seconds * 1000);
  const signal = AbortSignal.any(timeUp === undefined ? [interrupt.signal] : [interrupt.signal, timeUp]);
  // The newest event that the answer tells of: whatever happened after the answer has a later number.
  const [newest] = first.history;
  const position = newest === undefined ? {} : { since: newest.seq, epoch: newest.epoch };
  const remark = (text: string): void => {
    if (!context.quiet && !context.json) talk(`- ${text} -`);
  };
  const query = { ...position, types: ['state', 'gap', 'adopted'], containers: [first.id] };
  const live = followEvents(client, query, { signal, remark });
  try {
    for await (const event of live) {
      // A state that ends may be followed by a start; and what was missed may have been the end. The container itself knows.
      if (event.type === 'state' && event['state'] !== 'stopped' && event['state'] !== 'failed') continue;
      const now = await client.container(first.id);
      if (!isActive(now)) return now;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (timeUp?.aborted === true)
    throw new ThubanError('TH6015', `\`${first.id}\` did not end within ${formatDuration(seconds * 1000)}`, {
      hint: `thuban inspect ${first.id}`,
      details: { container: first.id, timeout: seconds },
    });
  return undefined;
}

function waitsFor({ id, state, since }: ContainerDetail, seconds: number): string {
  const until = seconds === Infinity ? '' : `, for ${formatDuration(seconds * 1000)} at most`;
  const present = `${state} for ${formatDuration(Math.max(0, Date.now() - Date.parse(since)))}`;
  return `waiting until ${id} has ended (${present})${until}   (Ctrl-C leaves it alone)`;
}

function conclude(container: ContainerDetail, context: Context): number {
  const { id, state, last_exit: exit } = container;
  if (state === 'rejected')
    throw new ThubanError('TH6005', `\`${id}\` is rejected, wait needs one that runs`, {
      hint: `thuban inspect ${id}`,
      details: { container: id, state },
    });
  const code = exit === undefined ? 0 : exitCodeOf(exit);
  if (context.json) printJson({ id, state, code, ...(exit === undefined ? {} : { exit }) });
  else if (exit === undefined) talk(`${id} is ${state} and has not run`);
  else if (!context.quiet && exit.reason !== 'exited') talk(`${id} ended: ${exitSentence(exit)}`);
  return code;
}

function exitCodeOf(exit: Exit): number {
  if (exit.reason !== 'start_failed') return processExitCode(exit);
  const code = exit.error?.['code'];
  return isCode(code) ? startFailureCode(new ThubanError(code, '')) : CANNOT_START;
}

function isCode(code: unknown): code is Code {
  return typeof code === 'string' && Object.hasOwn(codes, code);
}
