import type { Writer } from './wire.ts';

/** sched(7) */
type SchedPolicy = 'other' | 'fifo' | 'round_robin' | 'batch' | 'idle' | 'deadline';

/** Microseconds. */
interface DeadlineTimes {
  runtime: number;
  deadline: number;
  period: number;
}

export interface SchedStep {
  op: 'sched';
  policy: SchedPolicy;
  nice?: number;
  priority?: number;
  times?: DeadlineTimes;
}

/** SCHED_* of linux/sched.h. */
const POLICY: Record<SchedPolicy, number> = { other: 0, fifo: 1, round_robin: 2, batch: 3, idle: 5, deadline: 6 };

/** SCHED_FLAG_RESET_ON_FORK: else a program under `deadline` could make neither threads nor processes (sched(7)). */
const RESET_ON_FORK = 1;

/** Its times are nanoseconds. */
export function schedPayload({ policy, nice = 0, priority = 0, times }: SchedStep, w: Writer): Buffer {
  const { runtime = 0, deadline = 0, period = 0 } = times ?? {};
  w.u32(POLICY[policy]).u32(policy === 'deadline' ? RESET_ON_FORK : 0);
  w.u32(nice).u32(priority);
  for (const micros of [runtime, deadline, period]) w.u64(BigInt(micros) * 1000n);
  return w.done();
}
