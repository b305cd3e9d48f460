import { join } from 'node:path';
import { Cleanup } from '../src/base/index.ts';
import type { Contestant } from './contestant.ts';
import {
  callContestant,
  daemonContestant,
  floorContestant,
  launcherContestant,
  lowerFloors,
  peerContestants,
  warmUp,
} from './contestants.ts';
import { DaemonProcess } from './daemon-process.ts';
import type { Options } from './options.ts';
import { MEASURED_ON_HOST } from './manifests.ts';
import { foreignShare, takeTicks } from './processor.ts';
import { takeTurns, type Pace } from './rounds.ts';
import { startRows, type StartRow } from './start-table.ts';
import { makeRepository, type Workshop } from './workshop.ts';

export interface StartResult {
  /** Milliseconds before each burst, and starts in each. */
  pace: Pace;
  /** Share of all processors that others used meanwhile, 0 to 1. */
  foreign: number;
  rows: StartRow[];
  /** Why turns did not work, each reason once. */
  failures: string[];
}

export interface StartResults {
  quiet: StartResult;
  loop: StartResult;
  /** Peers that are not installed. */
  missing: string[];
  /** Peers that are, and cannot start the container here. */
  unable: { name: string; reason: string }[];
}

export const LOOP_BURST = 11;

/** Everybody starts the same program: with pauses, as a daemon does that is asked now and then, and in loops, as benchmarks do. */
export async function measureStart(shared: Workshop, options: Options, signal: AbortSignal): Promise<StartResults> {
  await using cleanup = new Cleanup();
  const workshop = { ...shared, cleanup };
  const daemon = new DaemonProcess(
    workshop.dist,
    join(workshop.runFolder, 'start'),
    makeRepository(workshop, 'start-repository', 0),
    workshop.cleanup,
  );
  await daemon.start();
  const ours = [
    await daemonContestant(daemon, workshop),
    await daemonContestant(daemon, workshop, MEASURED_ON_HOST),
    await callContestant(workshop),
    await launcherContestant(workshop),
    floorContestant(workshop),
    ...lowerFloors(workshop),
  ];
  const { peers, missing } = peerContestants(workshop);
  const { ready, problems } = await warmUp([...ours, ...peers]);
  const broken = problems.find(({ name }) => ours.some((each) => each.name === name));
  if (broken !== undefined) throw new Error(`${broken.name}: ${broken.reason}`);
  const quiet = { rounds: options.rounds, burst: 1, warmUp: 0, pause: options.pause };
  const loop = { rounds: Math.ceil(options.rounds / 2), burst: LOOP_BURST, warmUp: 1, pause: 0 };
  return {
    quiet: await measure(ready, quiet, signal),
    loop: await measure(ready, loop, signal),
    missing,
    unable: problems,
  };
}

export async function measure(
  contestants: readonly Contestant[],
  pace: Pace,
  signal: AbortSignal,
): Promise<StartResult> {
  const pids = [process.pid, ...contestants.flatMap((contestant) => contestant.pids)];
  const before = takeTicks(pids);
  const tallies = await takeTurns(contestants, pace, signal);
  signal.throwIfAborted();
  const foreign = foreignShare(before, takeTicks(pids));
  const failures = tallies.flatMap((tally) => tally.failures.map((reason) => `${tally.contestant.name}: ${reason}`));
  return { pace, foreign, rows: startRows(tallies), failures: [...new Set(failures)] };
}
