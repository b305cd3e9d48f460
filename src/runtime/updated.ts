import type { BelowUse, CgroupWrite, Notice } from '../cgroups/index.ts';
import type { Difference } from './reconcile/index.ts';

export interface UpdateOptions {
  /** Also below what is in use: on cgroups v2 the kernel kills what does not fit. */
  force?: boolean;
  /** Nothing is changed; the answer is what would be. */
  dry_run?: boolean;
}

/** Limits that were changed while a container runs. */
export interface Updated {
  id: string;
  /** Keys whose values differ, from what was in force. */
  changed: Difference[];
  /** Writes of the kernel's files, in order. */
  writes: Pick<CgroupWrite, 'path' | 'file' | 'value'>[];
  /** After them on cgroups v2: the rules of the program that guards the devices of this group from now on. */
  devices?: { path: string; rules: string[] };
  /** Seconds; absent when nothing was done. */
  duration?: number;
  /** The limits in force are not those of the manifest. They hold through restarts, until the container is started by hand or its manifest changes. */
  differs: boolean;
  warnings: Notice[];
  /** Limits that are not enforced here, and that `best_effort` lets pass. */
  degraded: Notice[];
  /** Of a dry run: limits below what is in use now. The kernel may be able to reclaim that. */
  below_use?: BelowUse[];
}
