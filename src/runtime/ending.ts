import { ThubanError } from '../base/index.ts';
import type { Container } from './container.ts';
import type { State } from './states.ts';

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

/** Whoever asked for a restart is told that it did not come to that. */
export function stoppedMeanwhile(id: string, state: State): ThubanError {
  return new ThubanError('TH6005', `\`${id}\` was asked to stop before it was started again`, {
    hint: `thuban start ${id}`,
    details: { id, state, action: 'restart' },
  });
}

/** Whoever would start one that goes for good is told so. */
export function leavingError(id: string): ThubanError {
  return new ThubanError('TH6005', `\`${id}\` is being removed`, { hint: 'thuban ps', details: { id } });
}
