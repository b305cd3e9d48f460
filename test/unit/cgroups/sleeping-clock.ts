import type { Clock } from '../../../src/base/index.ts';

/** Time that passes only while somebody sleeps. `at`: what happens when so many milliseconds were slept. */
export function sleepingClock(): Clock & { slept: number; at: (ms: number, what: () => void) => void } {
  const plans: { ms: number; what: () => void }[] = [];
  const clock = {
    slept: 0,
    now: () => clock.slept,
    monotonic: () => clock.slept,
    sleep: (ms: number) => {
      clock.slept += ms;
      for (const plan of plans.splice(0, Infinity)) {
        if (plan.ms <= clock.slept) plan.what();
        else plans.push(plan);
      }
      return Promise.resolve();
    },
    at: (ms: number, what: () => void) => {
      plans.push({ ms, what });
    },
  };
  return clock;
}
