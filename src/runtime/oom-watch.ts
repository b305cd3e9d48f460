import { errnoOf, hasErrno } from '../base/index.ts';
import type { AcquiredGroups, Notice } from '../cgroups/index.ts';

/** How often the counters are looked at where the kernel cannot tell of a change. */
const POLL_MS = 1000;

export interface OomWatch {
  close(): void;
  /** Why it does not hear of a kill at once. None is missed: the counters are read once more at the end. */
  notice?: Notice;
}

/**
 * Calls back when something may have been killed for want of memory. Undefined: nothing to be done, for the launcher tells of it (v1), or
 * there is no memory group. `polled`: nobody can tell.
 */
export function watchForOom(groups: AcquiredGroups, polled: boolean, look: () => void): OomWatch | undefined {
  if (polled) return poll(look);
  try {
    return groups.watchOom(look);
  } catch (error) {
    // The kernel's bounds on inotify, which other programs use up as well.
    if (!hasErrno(error, 'ENOSPC', 'EMFILE', 'ENOMEM')) throw error;
    return { ...poll(look), notice: withoutInotify(errnoOf(error)) };
  }
}

function poll(look: () => void): OomWatch {
  const timer = setInterval(look, POLL_MS);
  timer.unref(); // who waits for the end of the container waits for its exit
  return {
    close: () => {
      clearInterval(timer);
    },
  };
}

function withoutInotify(errno: string | undefined): Notice {
  const knob = errno === 'EMFILE' ? 'fs.inotify.max_user_instances' : 'fs.inotify.max_user_watches';
  return {
    code: 'TH2015',
    message: `out-of-memory kills are looked for once a second, because inotify has no room (${errno ?? ''})`,
    hint: `raise ${knob}: sysctl -w ${knob}=65536`,
  };
}
