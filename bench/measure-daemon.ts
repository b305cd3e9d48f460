import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup } from '../src/base/index.ts';
import { daemonContestant, floorContestant, warmUp } from './contestants.ts';
import { DaemonProcess } from './daemon-process.ts';
import { MEASURED, sleeperName } from './manifests.ts';
import { measure, type StartResult } from './measure-start.ts';
import { childrenOf, memoryOf, totalMemory, type Memory } from './memory.ts';
import type { Options } from './options.ts';
import { summarise, type Summary } from './statistics.ts';
import { makeRepository, type Workshop } from './workshop.ts';

/** A daemon with so many containers that stay. */
export interface DaemonResult {
  running: number;
  /** Milliseconds from before the fork to the first answer, with one manifest more than containers and none of them running. */
  listening: Summary | undefined;
  /** The same for a daemon that finds them running and adopts them. */
  adopting: Summary | undefined;
  /** Milliseconds for the start of all of them, one after the other. Absent for none. */
  start_all?: number;
  /** KiB. */
  daemon: Memory;
  /** The daemon again, after the measured starts. */
  daemon_after_use: Memory;
  launcher: Memory;
  /** All inits together; the PSS says what they cost. */
  inits: Memory;
  start: StartResult;
}

const SETTLE_MS = 1000;

export async function measureDaemon(
  shared: Workshop,
  running: number,
  options: Options,
  signal: AbortSignal,
): Promise<DaemonResult> {
  // What belongs to this level ends with it.
  await using cleanup = new Cleanup();
  const workshop = { ...shared, cleanup };
  const folder = join(workshop.runFolder, `daemon-${running}`);
  const daemon = new DaemonProcess(
    workshop.dist,
    folder,
    makeRepository(workshop, `daemon-${running}-repository`, running),
    workshop.cleanup,
  );
  const listening: number[] = [];
  for (let boot = 0; boot < options.boots; boot++) {
    if (boot > 0) await daemon.end();
    listening.push(await daemon.start());
  }
  const startAll = await startSleepers(daemon, running);
  await sleep(SETTLE_MS);
  const { pids } = daemon;
  const memory = {
    daemon: memoryOf(pids.daemon),
    launcher: memoryOf(pids.launcher),
    inits: totalMemory(childrenOf(pids.launcher)),
  };
  const start = await measureStarts(daemon, workshop, options, signal);
  const after = memoryOf(pids.daemon);
  const adopting: number[] = [];
  for (let boot = 0; boot < options.boots; boot++) {
    await daemon.leave();
    adopting.push(await daemon.start());
    await expectRunning(daemon, running);
  }
  await daemon.end();
  return {
    running,
    listening: summarise(listening),
    adopting: summarise(adopting),
    ...(startAll === undefined ? {} : { start_all: startAll }),
    ...memory,
    daemon_after_use: after,
    start,
  };
}

async function startSleepers(daemon: DaemonProcess, count: number): Promise<number | undefined> {
  if (count === 0) return undefined;
  const began = performance.now();
  for (let number = 1; number <= count; number++) await daemon.client.start(sleeperName(number));
  const took = performance.now() - began;
  await expectRunning(daemon, count);
  return took;
}

/** Figures of containers that do not run would be worth nothing. */
async function expectRunning(daemon: DaemonProcess, count: number): Promise<void> {
  const running = (await daemon.client.containers()).filter(
    ({ name, state }) => name !== MEASURED && state === 'running',
  ).length;
  if (running !== count) throw new Error(`${running} containers run instead of ${count}`);
}

async function measureStarts(
  daemon: DaemonProcess,
  workshop: Workshop,
  options: Options,
  signal: AbortSignal,
): Promise<StartResult> {
  const { ready, problems } = await warmUp([await daemonContestant(daemon, workshop), floorContestant(workshop)]);
  const [broken] = problems;
  if (broken !== undefined) throw new Error(`${broken.name}: ${broken.reason}`);
  return measure(ready, { rounds: options.rounds, burst: 1, warmUp: 0, pause: options.pause }, signal);
}
