import type { Schedule } from '../../manifest/index.ts';

/** What there is of a container when its time has come. */
export interface Present {
  /** A run of it is under way. */
  busy: boolean;
  /** Its start is put off at random, or the run before it is being stopped for it. */
  pending: boolean;
  /** One waits for the end of the run. */
  queued: boolean;
}

export type Overlap = 'start' | 'start_beside' | 'replace' | 'queue' | 'skip';

/** Pure: what happens now. Whatever the policy, at most one start is pending and one is queued. */
export function decideOverlap(policy: Schedule['overlap'], { busy, pending, queued }: Present): Overlap {
  if (pending) return 'skip';
  if (!busy) return 'start';
  switch (policy) {
    case 'forbid':
      return 'skip';
    case 'allow':
      return 'start_beside';
    case 'replace':
      return 'replace';
    case 'queue':
      return queued ? 'skip' : 'queue';
  }
}
