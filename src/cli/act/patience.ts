import { formatDuration } from '../../base/index.ts';
import type { ConsoleClient } from '../../console/index.ts';

/** Ends each sentence about what is waited for. */
export const LEAVE = '   (Ctrl-C leaves, the daemon goes on)';

/**
 * Since when one container has been asked to end, and when it is killed: `SIGTERM sent 2.1 s ago, killed after 10 s`. `timeout` in seconds replaces
 * its manifest's. Undefined: it is not being stopped (any more).
 */
export async function stopProgress(client: ConsoleClient, name: string, timeout?: number): Promise<string | undefined> {
  const { manifest, state, since } = await client.container(name);
  if (state !== 'stopping') return undefined;
  const { stopDefaults } = await import('../../manifest/index.ts');
  const { signal, timeout: own } = manifest?.stop ?? stopDefaults;
  const sent = formatDuration(Math.max(0, Date.now() - Date.parse(since)));
  return `${signal} sent ${sent} ago, killed after ${formatDuration((timeout ?? own) * 1000)}`;
}
