import { ThubanError, formatDuration, systemClock } from '../base/index.ts';
import type { ConsoleClient } from '../console/index.ts';
import { clientOf } from './client.ts';
import { confirmed, listed } from './confirm.ts';
import type { Context } from './context.ts';
import { explained, leavable } from './detach.ts';
import { readTimeout } from './durations.ts';
import { isActive } from './states.ts';
import { print, printJson } from './talk.ts';

export interface ShutdownFlags {
  keep?: boolean;
  yes?: boolean;
  timeout?: string;
}

const POLL_MS = 100;

/** Ends the daemon, and with it its containers unless they are kept for the next one. Resolves when it is gone. */
export async function shutdown(flags: ShutdownFlags, context: Context): Promise<number> {
  const keep = flags.keep === true;
  const seconds = readTimeout(flags.timeout) ?? Infinity;
  const client = clientOf(context);
  const running = (await client.containers()).filter(isActive).map(({ id }) => id);
  // Kept containers come back whole with the next daemon, so there is nothing to ask.
  if (!keep && running.length > 0) {
    const loss = `end the daemon and stop ${listed(running, 'running container')}`;
    if (!(await confirmed(loss, flags.yes === true, context))) return 1;
  }
  const { pid } = await client.version();
  const began = performance.now();
  await client.shutdown(keep ? { keep } : {});
  const explain =
    context.err.isTTY && !context.quiet && !context.json
      ? () => `waiting until the daemon (pid ${pid}) has ended   (Ctrl-C leaves, it goes on)`
      : undefined;
  await leavable(
    explained(untilGone(client, pid, seconds), explain),
    () => `left: the daemon (pid ${pid}) goes on ending`,
  );
  const took = performance.now() - began;
  if (context.json) printJson({ pid, keep, duration: Math.round(took) / 1000, containers: running });
  else if (!context.quiet) {
    const what = keep ? 'kept for the next daemon' : 'stopped';
    const rest = running.length === 0 ? 'no container was running' : `${what} ${listed(running, 'container')}`;
    print(`the daemon (pid ${pid}) ended in ${formatDuration(took)}, ${rest}`);
  }
  return 0;
}

/** Until nobody answers, or another daemon does. TH6015 when that takes too long. */
async function untilGone(client: ConsoleClient, pid: number, seconds: number): Promise<void> {
  const deadline = systemClock.monotonic() + seconds * 1000;
  while (await answers(client, pid)) {
    if (systemClock.monotonic() >= deadline)
      throw new ThubanError('TH6015', `the daemon (pid ${pid}) did not end within ${formatDuration(seconds * 1000)}`, {
        hint: 'it goes on ending; thuban version tells whether it is there',
        details: { pid, timeout: seconds },
      });
    await systemClock.sleep(POLL_MS);
  }
}

async function answers(client: ConsoleClient, pid: number): Promise<boolean> {
  try {
    return (await client.version()).pid === pid;
  } catch (error) {
    if (error instanceof ThubanError && error.code === 'TH6001') return false;
    // It may refuse everything while it ends, and is there as long as it does.
    if (error instanceof ThubanError && error.code === 'TH6014') return true;
    throw error;
  }
}
