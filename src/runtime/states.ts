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
