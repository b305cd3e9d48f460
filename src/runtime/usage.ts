import type { Manifest } from '../manifest/index.ts';
import type { Container } from './container.ts';
import type { Usage } from './control.ts';

const DEFAULT_PERIOD_US = 100_000;

/** What a running container uses at this moment. */
export function usageOf(container: Container, manifest: Manifest): Usage {
  const { groups } = container;
  const memory = groups.memoryUsage();
  const quota = manifest.cgroups?.cpu?.quota;
  const percent =
    quota === undefined || quota < 0 ? undefined : (100 * quota) / (manifest.cgroups?.cpu?.period ?? DEFAULT_PERIOD_US);
  return {
    cpu_us: groups.cpuUsage()?.usage_us ?? null,
    ...(percent === undefined ? {} : { cpu_quota_percent: percent }),
    memory: memory?.working_set ?? null,
    ...(container.record.memory_limit === undefined ? {} : { memory_limit: container.record.memory_limit }),
    pids: groups.pids().length,
  };
}
