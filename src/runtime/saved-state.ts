import type { CgroupsSection, LoadedManifest } from '../manifest/index.ts';
import type { ProgramOverrides } from './plan-program.ts';
import type { Exit } from './exit.ts';
import type { RestartHistory } from './restart.ts';
import type { State } from './states.ts';

/**
 * What a next daemon must know of a container beside what the launcher holds: what was wanted of it, and what its earlier runs were. It is as
 * good as the launcher's life: without the launcher, all of its containers are gone, and a daemon begins anew.
 */
export interface SavedState {
  v: 1;
  container: string;
  state: State;
  /** RFC 3339: since when it has been in this state. */
  since: string;
  message?: string;
  /** What was asked for last. `restart`: to be stopped and then started. */
  intent: 'run' | 'stop' | 'restart';
  stop_reason?: string;
  /** The manifest in force, so that a container goes on when its file is broken or gone by then. Absent when it is too large for this. */
  loaded?: SavedManifest;
  /** It was active and began to make room for another version that stands in its file now. */
  makes_room?: true;
  overrides?: ProgramOverrides;
  /** Limits that `update` has put in the place of those of the manifest with this digest. */
  limits?: SavedLimits;
  /** The number of the present or last run at the launcher. */
  run?: string;
  /** The run that `last_exit` tells of: its end is accounted for, though it may not be cleared away yet. */
  accounted?: string;
  last_exit?: Exit;
  restarts: number;
  oom_kills: number;
  /** Kills of the present run that were told. */
  oom_announced: number;
  /** RFC 3339: since when the present run is paused. Whether it is, the kernel knows. */
  paused_since?: string;
  history: RestartHistory;
  /** In `backoff`: milliseconds on CLOCK_MONOTONIC. */
  next_start?: number;
  /** Groups of the present run, so that what nobody holds any more can be removed. */
  groups: string[];
}

export interface SavedLimits {
  digest: string;
  cgroups: CgroupsSection;
}

/** A manifest without the places of its keys. */
export type SavedManifest = Omit<LoadedManifest, 'position'>;

/** Every change of state writes it: a quarter of what a state file takes. */
const MAX_MANIFEST = 256 * 1024;

/** Undefined: too large. */
export function savedManifest({ manifest, file, digest, image, signer }: LoadedManifest): SavedManifest | undefined {
  const plain: SavedManifest = {
    manifest,
    file,
    digest,
    ...(image === undefined ? {} : { image }),
    ...(signer === undefined ? {} : { signer }),
  };
  return Buffer.byteLength(JSON.stringify(plain)) <= MAX_MANIFEST ? plain : undefined;
}

const states: ReadonlySet<string> = new Set<State>(['stopped', 'starting', 'running', 'stopping', 'backoff', 'failed']);

/** Undefined: written by a version that is not understood, or no state at all. */
export function readSaved(value: unknown): SavedState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const saved = value as Partial<SavedState>;
  const sound =
    saved.v === 1 &&
    typeof saved.container === 'string' &&
    states.has(saved.state ?? '') &&
    typeof saved.restarts === 'number' &&
    typeof saved.history?.restarts === 'number' &&
    Array.isArray(saved.groups);
  return sound ? (saved as SavedState) : undefined;
}
