import { basename } from 'node:path';
import type { ConsoleClient } from '../../console/index.ts';
import type { ContainerSummary } from '../../runtime/index.ts';

/** Why there is nothing to show of a container's output. */
export async function whyNothing(client: ConsoleClient, container: ContainerSummary, since: boolean): Promise<string> {
  const { manifest, lines, file, started_at, last_exit } = await client.container(container.id);
  for (const stream of ['stdout', 'stderr'] as const) {
    const target = manifest?.io?.[stream];
    if (target === undefined || target === 'pipe') continue;
    const line = lines?.[`io.${stream}`] ?? lines?.['io'];
    return `${container.id}: io.${stream} is ${target}, ${basename(file)}${line === undefined ? '' : `:${line}`}`;
  }
  if (started_at === undefined && last_exit === undefined)
    return `${container.id} has written nothing: it did not run yet`;
  return `${container.id} has written nothing${since ? ' since then' : ''}`;
}
