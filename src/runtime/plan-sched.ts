import type { Step } from '../launcher/index.ts';
import type { Sched } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';

/** How the program is scheduled: to be set in its groups, since a real-time policy takes of their share, and before it loses its capabilities. */
export function planSched(sched: Sched | undefined, draft: LaunchDraft): void {
  if (sched === undefined) return;
  const step = stepFor(sched.policy);
  if (step !== undefined) draft.steps.push({ ...step, key: 'sched' });
  else
    draft.problem(
      'TH1104',
      '`sched.policy: deadline` says no times, and no kernel can set it without',
      'write `!deadline {runtime: 10 ms, deadline: 30 ms, period: 100 ms}`',
      'sched.policy',
    );
}

function stepFor(policy: Sched['policy']): (Step & { op: 'sched' }) | undefined {
  if (policy === 'idle') return { op: 'sched', policy };
  if (policy === 'deadline') return undefined;
  if ('other' in policy) return { op: 'sched', policy: 'other', nice: policy.other.nice };
  if ('batch' in policy) return { op: 'sched', policy: 'batch', nice: policy.batch.nice };
  if ('fifo' in policy) return { op: 'sched', policy: 'fifo', priority: policy.fifo.priority };
  if ('round_robin' in policy) return { op: 'sched', policy: 'round_robin', priority: policy.round_robin.priority };
  return { op: 'sched', policy: 'deadline', times: policy.deadline };
}
