import type { Container } from './container.ts';
import type { Usage } from './control.ts';
import { limitsOf } from './run-record.ts';

const DEFAULT_PERIOD_US = 100_000;

/** What a running container uses at this moment. */
export function usageOf(container: Container): Usage {
  const { groups, record } = container;
  const cpu = limitsOf(record)?.cpu;
  const quota = cpu?.quota;
  const percent = quota === undefined || quota < 0 ? undefined : (100 * quota) / (cpu?.period ?? DEFAULT_PERIOD_US);
  return {
    cpu_us: groups.cpuUsage()?.usage_us ?? null,
    ...(percent === undefined ? {} : { cpu_quota_percent: percent }),
    memory: groups.workingSet(),
    ...(record.memory_limit === undefined ? {} : { memory_limit: record.memory_limit }),
    pids: groups.pids().length,
  };
}
