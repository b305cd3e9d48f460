import type { Container } from './container.ts';

/** How a run is to be ended. */
export interface Ending {
  how: 'stop' | 'kill';
  reason: string | undefined;
  /** Seconds. */
  timeout: number | undefined;
}

export async function carryOut(container: Container, ending: Ending): Promise<void> {
  if (ending.how === 'kill') await container.kill(ending.reason);
  else await container.stop(ending.reason, ending.timeout);
}
