export type State = 'stopped' | 'starting' | 'running' | 'stopping' | 'backoff' | 'failed';

/** Every allowed change of state; anything else is a bug. */
export const transitions: Record<State, readonly State[]> = {
  stopped: ['starting'],
  starting: ['running', 'stopped', 'backoff', 'failed'],
  running: ['stopping', 'stopped', 'backoff', 'failed'],
  stopping: ['stopped', 'failed'],
  backoff: ['starting', 'stopped'],
  failed: ['starting'],
};

/** The program executes, or will without anybody's doing. A container that is being stopped is neither: its end is waited for. */
export function isActive(state: State): boolean {
  return state === 'starting' || state === 'running' || state === 'backoff';
}

export function isResting(state: State): boolean {
  return state === 'stopped' || state === 'failed';
}
