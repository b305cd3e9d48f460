import { systemClock, type Clock } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';
import type { ContainerSummary } from '../../runtime/index.ts';

export interface Measured {
  container: ContainerSummary;
  /** Share of one CPU since the sample before; null where it is not known, absent where nothing runs. */
  cpu?: number | null;
}

/** Long enough for a share of CPU that means something, short enough to be waited for. */
const BETWEEN_MS = 150;

/** The containers, and how much CPU those that run take: the kernel counts time only, so it is asked twice. */
export async function measure(client: ConsoleClient, clock: Clock = systemClock): Promise<Measured[]> {
  const first = await client.containers({ usage: true });
  const firstAt = clock.monotonic();
  if (!first.some(({ usage }) => usage !== undefined)) return first.map((container) => ({ container }));
  await clock.sleep(BETWEEN_MS);
  const second = await client.containers({ usage: true });
  const elapsedUs = (clock.monotonic() - firstAt) * 1000;
  const before = new Map(first.map((container) => [container.id, container]));
  return second.map((container) => {
    if (container.usage === undefined) return { container };
    const past = before.get(container.id);
    // Another run began to count at zero.
    const comparable = past !== undefined && past.started_at === container.started_at;
    return { container, cpu: comparable ? share(past.usage?.cpu_us, container.usage.cpu_us, elapsedUs) : null };
  });
}

function share(before: number | null | undefined, after: number | null, elapsedUs: number): number | null {
  if (before === null || before === undefined || after === null || elapsedUs <= 0) return null;
  return Math.max(0, (after - before) / elapsedUs);
}
