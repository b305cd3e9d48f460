import { systemClock, type Clock } from '../base/index.ts';
import { ioLimitWait, kernelAge, type CgroupWrite, type KernelAge } from '../cgroups/index.ts';

export interface DiskLimitsWait {
  writes: readonly CgroupWrite[];
  stop: AbortSignal;
  /** That it waits, and for so many seconds. */
  tell: (seconds: number) => void;
  kernel?: KernelAge;
  clock?: Clock;
}

/**
 * A start that nobody waits for comes again by itself when the kernel is old enough for its limits of disks (TH2014); with `best_effort` it
 * goes without them. Resolves with false when it was asked to stop meanwhile. Undefined: there is nothing to wait for, and no turn of the
 * event loop is lost, in which somebody else could begin the same start.
 */
export function untilDisksCanBeLimited(options: DiskLimitsWait): Promise<boolean> | undefined {
  const { writes, stop, tell, kernel = kernelAge(), clock = systemClock } = options;
  const strict = writes.filter(({ optional }) => optional !== true);
  const seconds = Math.max(0, ...strict.map((write) => ioLimitWait(write, kernel)));
  if (seconds === 0) return undefined;
  tell(seconds);
  return clock.sleep(seconds * 1000, stop).then(
    () => !stop.aborted,
    (error: unknown) => {
      if (!stop.aborted) throw error;
      return false;
    },
  );
}
