import { formatBytes } from '../../base/index.ts';
import type { GroupStats } from '../../cgroups/index.ts';
import type { Session } from '../session.ts';
import { Probe } from './probe.ts';
import type { Finding } from './types.ts';

const MIB = 1024 * 1024;
const LIMIT = 32 * MIB;
/** Nothing here takes longer, on a slow board neither. */
const PATIENCE_MS = 10_000;

/** What has no line end is kept in memory until it has: endlessly. */
const ALLOCATE = 'exec tail /dev/zero';
const SPIN = 'while :; do :; done';

/** A program that takes more and more memory is stopped at its limit. */
export async function memoryLimit(session: Session, withSwapLimit: boolean): Promise<Finding> {
  const limits = { memory_hard_limit: LIMIT, ...(withSwapLimit ? { memory_swap_limit: LIMIT } : {}) };
  const probe = await Probe.start(session, { name: 'memory', script: ALLOCATE, cgroups: { memory: limits } });
  const exit = await probe.endsWithin(PATIENCE_MS);
  if (exit === undefined) {
    const used = probe.stats()?.memory;
    await probe.kill();
    const isKept = Number(used?.peak ?? used?.usage ?? Infinity) <= LIMIT + MIB;
    const swap = used?.swap?.usage ?? null;
    return isKept
      ? { result: 'enforced', proof: `kept at ${formatBytes(LIMIT)}, the rest went to swap (${size(swap)})` }
      : { result: 'ignored', proof: `${size(used?.usage)} in use at a limit of ${formatBytes(LIMIT)}` };
  }
  if (exit.reason !== 'oom_killed')
    return { result: 'ignored', proof: `an allocation went on beyond ${formatBytes(LIMIT)} (${probe.output.trim()})` };
  const [first] = probe.ooms;
  // The end is reported by the launcher, the kill by the kernel: whichever comes first.
  const late = first === undefined ? undefined : Math.max(0, first.at - Date.parse(exit.time));
  const event =
    late === undefined
      ? 'no OOM event'
      : `OOM event ${late < 1 ? 'before its end was known' : `${late} ms after its end`}`;
  return { result: 'enforced', proof: `allocation stopped at ${formatBytes(LIMIT)}, ${event}` };
}

/** Half of what is allowed is memory, the other half swap. */
export async function swapLimit(session: Session, hasSwap: boolean): Promise<Finding> {
  const memory = { memory_hard_limit: LIMIT / 2, memory_swap_limit: LIMIT };
  const probe = await Probe.start(session, {
    name: 'swap',
    script: hasSwap ? ALLOCATE : 'exec sleep 600',
    cgroups: { memory },
  });
  if (!hasSwap) {
    const swap = probe.stats()?.memory?.swap;
    await probe.kill();
    return Number(swap?.limit) === LIMIT / 2
      ? { result: 'not tried', proof: 'this board has no swap; the kernel took the limit', harmless: true }
      : { result: 'absent', proof: 'the kernel took the limit and does not show it', harmless: true };
  }
  let most = 0;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    most = Math.max(most, Number(probe.stats()?.memory?.swap?.usage ?? 0));
    if ((await probe.endsWithin(5)) !== undefined) break;
  }
  const exit = await probe.endsWithin(0);
  if (exit === undefined) await probe.kill();
  const isKept = exit?.reason === 'oom_killed' && most <= LIMIT / 2 + MIB;
  return {
    result: isKept ? 'enforced' : 'ignored',
    proof: `${size(most)} of swap in use at a limit of ${formatBytes(LIMIT / 2)}`,
  };
}

const QUOTA = { quota: 20_000, period: 100_000 };
const MEASURED_MS = 1000;

/** An endless loop gets no more than its quota. Whoever `meanwhile` is gets the container while it runs. */
export async function cpuQuota(session: Session, meanwhile: (probe: Probe) => Promise<void>): Promise<Finding> {
  const probe = await Probe.start(session, { name: 'cpu', script: SPIN, cgroups: { cpu: QUOTA } });
  try {
    await probe.endsWithin(QUOTA.period / 1000);
    const [before, began] = [probe.stats()?.cpu, performance.now()];
    await probe.endsWithin(MEASURED_MS);
    const [after, ended] = [probe.stats()?.cpu, performance.now()];
    await meanwhile(probe);
    return judgeCpu(before, after, ended - began);
  } finally {
    await probe.kill();
  }
}

function judgeCpu(before: GroupStats['cpu'] | undefined, after: GroupStats['cpu'] | undefined, ms: number): Finding {
  const used = (Number(after?.usage_us) - Number(before?.usage_us)) / 1000;
  const percent = (used / ms) * 100;
  const wanted = (QUOTA.quota / QUOTA.period) * 100;
  const held = Number(after?.nr_throttled ?? 0) - Number(before?.nr_throttled ?? 0);
  if (Number.isNaN(percent)) return { result: 'not tried', proof: 'the kernel does not tell how much CPU a group had' };
  const proof = `${percent.toFixed(1)} % measured at ${wanted} %`;
  // One period more or less may lie in what was measured.
  if (percent > wanted * (1 + QUOTA.period / 1000 / ms) + 2) return { result: 'ignored', proof };
  if (held > 0) return { result: 'enforced', proof: `${proof}, held back in ${held} periods` };
  return { result: 'not tried', proof: `${proof}, but never held back: the board was too busy`, harmless: true };
}

const PIDS = 8;

/** A program that forks twice as often as it may is refused in between. */
export async function pidsLimit(session: Session): Promise<Finding> {
  const script = `n=1; while [ $n -lt ${2 * PIDS} ]; do sleep 600 & n=$((n+1)); echo $n; done; wait`;
  const probe = await Probe.start(session, { name: 'pids', script, cgroups: { pids: { limit: PIDS } } });
  let stats: GroupStats['pids'] = null;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    stats = probe.stats()?.pids ?? stats;
    if (Number(stats?.max_events ?? 0) > 0 || processesOf(probe) >= 2 * PIDS) break;
    if ((await probe.endsWithin(10)) !== undefined) break;
  }
  await probe.kill();
  const seen = processesOf(probe);
  return seen <= PIDS
    ? { result: 'enforced', proof: `fork of process ${seen + 1} refused at a limit of ${PIDS} (EAGAIN)` }
    : { result: 'ignored', proof: `${seen} processes at a limit of ${PIDS}` };
}

/** The last number that the script wrote. */
function processesOf({ output }: Probe): number {
  const lines = output.split('\n').filter((line) => /^\d+$/.test(line));
  return Number(lines.at(-1) ?? 1);
}

function size(bytes: number | string | null | undefined): string {
  return bytes === null || bytes === undefined ? 'unknown' : formatBytes(Number(bytes));
}
