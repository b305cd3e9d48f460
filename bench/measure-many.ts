import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup, messageOf } from '../src/base/index.ts';
import { daemonContestant } from './contestants.ts';
import { DaemonProcess } from './daemon-process.ts';
import { sleeperName } from './manifests.ts';
import { childrenOf, descriptorsOf } from './memory.ts';
import type { Options } from './options.ts';
import { makeRepository, type Workshop } from './workshop.ts';

export interface ManyResult {
  /** One container, started again as soon as it is gone. */
  in_turn: { starts: number; failed: number; seconds: number };
  /** So many containers, asked for at the same moment: until all of them run, and until all of them are gone again. */
  at_once: { starts: number; failed: number; running_ms: number; gone_ms: number };
  /** Descriptors of daemon and launcher before and after. */
  descriptors: { before: number; after: number };
  /** Processes of the launcher that are left. */
  left: number;
}

const SETTLE_MS = 500;

/** Many starts, one after the other and all at once, and what they leave. */
export async function measureMany(shared: Workshop, options: Options, signal: AbortSignal): Promise<ManyResult> {
  await using cleanup = new Cleanup();
  const workshop = { ...shared, cleanup };
  const { inTurn, atOnce } = options.many;
  const repository = makeRepository(workshop, 'many-repository', atOnce);
  const daemon = new DaemonProcess(workshop.dist, join(workshop.runFolder, 'many'), repository, cleanup);
  await daemon.start();
  const contestant = await daemonContestant(daemon, workshop);
  await contestant.turn();
  // The log of a container that ran once stays open for whoever reads it: that is its state, and no growth with its starts.
  await allAtOnce(daemon, atOnce);
  await sleep(SETTLE_MS);
  const open = (): number => descriptorsOf(daemon.pids.daemon) + descriptorsOf(daemon.pids.launcher);
  const before = open();
  const began = performance.now();
  let failed = 0;
  for (let number = 0; number < inTurn && !signal.aborted; number++)
    await contestant.turn().catch(() => {
      failed++;
    });
  const in_turn = { starts: inTurn, failed, seconds: (performance.now() - began) / 1000 };
  const at_once = await allAtOnce(daemon, atOnce);
  const { launcher } = daemon.pids;
  await sleep(SETTLE_MS); // connections that a client has closed are closed by the daemon a moment later
  return { in_turn, at_once, descriptors: { before, after: open() }, left: childrenOf(launcher).length };
}

async function allAtOnce(daemon: DaemonProcess, count: number): Promise<ManyResult['at_once']> {
  const names = Array.from({ length: count }, (_, at) => sleeperName(at + 1));
  const failures: string[] = [];
  const each = (what: (name: string) => Promise<unknown>): Promise<unknown> =>
    Promise.all(names.map((name) => what(name).catch((error: unknown) => failures.push(messageOf(error)))));
  const began = performance.now();
  await each((name) => daemon.client.start(name));
  const running = performance.now();
  await each((name) => daemon.client.stop(name));
  const gone = performance.now();
  return { starts: count, failed: failures.length, running_ms: running - began, gone_ms: gone - running };
}
