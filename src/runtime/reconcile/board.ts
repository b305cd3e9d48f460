import type { LoadedManifest, Manifest } from '../../manifest/index.ts';
import type { State } from '../states.ts';

/** A container as a repository wants it. */
export interface Wanted {
  loaded: LoadedManifest;
  /** Id of the repository that its file lies in. */
  repository: string;
}

/** A file that cannot be used. */
export interface RejectedFile {
  file: string;
  /** As far as they could be read. */
  name?: string;
  version?: string;
  /** There is nothing wrong with it but that another file defines the same container. */
  isDuplicate: boolean;
}

/** What the repositories hold now. */
export interface Desired {
  /** By `name:version`. */
  containers: ReadonlyMap<string, Wanted>;
  rejected: readonly RejectedFile[];
  /** Ids of repositories that cannot be used, so that nobody knows what they hold. */
  unusable: ReadonlySet<string>;
  /** Files that are being written, of which no earlier version was read. */
  unsettled: ReadonlySet<string>;
}

/** A container as the daemon has it. */
export interface Actual {
  id: string;
  /** What is in force: what it runs with, or would be started with. */
  loaded: LoadedManifest;
  repository: string;
  state: State;
  /** An earlier step is under way. */
  busy: boolean;
  /** It was started at least once. */
  lived: boolean;
  /** Whether it starts by itself was decided once. */
  isDecided: boolean;
  /** It was active when it began to make room for another version, which has not taken its place yet. */
  makesRoom: boolean;
  /** Its last start failed because it mounts files that no other container had, and by now there are some. */
  foundResources: boolean;
  /**
   * Of what runs: whether another manifest could be put in force without a restart, because it differs in nothing but limits, and the groups that
   * the program is in can take those. Asked only when the meaning differs.
   */
  canFollow?: (next: LoadedManifest) => boolean;
}

/** One thing to do about one container; `succeed` is about the two versions of one file. */
export type Step =
  | { do: 'add'; id: string; wanted: Wanted; start: boolean }
  | { do: 'start'; id: string }
  /** The text is taken over; what runs is not touched. */
  | { do: 'take'; id: string; wanted: Wanted; start: boolean }
  /** Only limits differ: they are changed while it runs. */
  | { do: 'live'; id: string; wanted: Wanted }
  /** What runs is stopped as its own manifest says, and started with the new one. */
  | { do: 'replace'; id: string; wanted: Wanted }
  /** `old` is stopped and removed, then `id` takes its place. */
  | { do: 'succeed'; id: string; old: string; wanted: Wanted; start: boolean }
  | { do: 'remove'; id: string };

/** A step that is under way. */
export interface Begun {
  step: Step;
  /** What was in force when it began; by now it may be what is wanted. */
  before?: Manifest;
}

/** Everything that a step is about: none of it gets another step before this one has ended. */
export function idsOf(step: Step): string[] {
  return step.do === 'succeed' ? [step.old, step.id] : [step.id];
}
