import { dirname } from 'node:path';
import { ThubanError } from '../base/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import type { Entry } from './catalogue.ts';
import type { Fleet } from './fleet.ts';
import { Leaving } from './leaving.ts';
import { keptFor, reconcile, View } from './reconcile/index.ts';
import type { Holdings } from './repository/index.ts';
import type { SavedState } from './saved-state.ts';
import type { StateFiles } from './state-files.ts';
import { isResting } from './states.ts';
import { asBug } from './steps.ts';
import { inForce, type Inheritance } from './take-over.ts';
import type { LogStores } from './log-store.ts';

const CHUNK = '64 KiB';
const NOTHING_BUSY: ReadonlySet<string> = new Set();

export interface ResumeParts {
  fleet: Fleet;
  inheritance: Inheritance;
  holdings: Holdings;
  /** Ids of the repositories with their folders. */
  dirs: readonly [id: string, dir: string][];
  files: StateFiles;
  stores: LogStores;
  /** The last daemon ended in order, so that it had written all output. */
  wasClean: boolean;
  /** Notes what is wrong with the files of those that there are: asked before anything is started again. */
  judge: () => void;
  /** Something of it did not succeed; the rest goes on. */
  onProblem: (error: ThubanError) => void;
}

/**
 * Goes on with what an earlier daemon left: every container is there with the manifest that was in force, whatever became of its file. What
 * follows from its file is for the first reconcile.
 */
export function resumeFleet(parts: ResumeParts): void {
  const { fleet, inheritance, holdings, dirs, files, stores } = parts;
  const entries = new Map<string, Entry>();
  for (const id of new Set([...inheritance.held.keys(), ...inheritance.saved.keys()])) {
    const loaded = manifestFor(id, inheritance, holdings);
    if (loaded === undefined) continue;
    const repository = dirs.find(([, dir]) => dir === dirname(loaded.file))?.[0] ?? '';
    entries.set(id, fleet.add({ loaded, repository }, ordinalOf(id)));
  }
  dropForgotten(fleet, entries, parts);
  parts.judge();
  for (const [id, entry] of entries) resume(id, entry, parts);
  for (const step of reconcile(holdings, fleet.actual(NOTHING_BUSY))) if (step.do === 'add') fleet.add(step.wanted);
  endOrphans(parts);
  const known = new Set([
    ...fleet.catalogue.entries.keys(),
    ...[...inheritance.saved.keys()].filter(mayReturn(holdings)),
  ]);
  for (const id of inheritance.saved.keys()) if (!known.has(id)) files.remove(id);
  stores.sweep(known);
}

/** Of a run beside the first one of its container: `job:1.0.0#2`. */
function ordinalOf(id: string): number | undefined {
  const ordinal = /#(\d+)$/.exec(id)?.[1];
  return ordinal === undefined ? undefined : Number(ordinal);
}

/** What runs beside a container that is gone. */
function endOrphans({ fleet, onProblem }: ResumeParts): void {
  for (const entry of fleet.catalogue.entries.values()) {
    if (entry.beside === undefined || fleet.catalogue.entries.has(entry.beside.of)) continue;
    const leaving = new Leaving(fleet, entry);
    leaving
      .end('because its manifest is gone')
      .then(() => {
        if (!fleet.isClosing) leaving.forget();
      })
      .catch((error: unknown) => {
        onProblem(error instanceof ThubanError ? error : asBug(error));
      });
  }
}

/** The text in its file when nothing is to be decided about it any more, else the one that was in force. */
function manifestFor(id: string, { held, saved }: Inheritance, { containers }: Holdings): LoadedManifest | undefined {
  const state = saved.get(id);
  const run = held.get(id);
  const file = containers.get(id)?.loaded;
  const known = inForce(state, run);
  if (file === undefined || known === undefined || known.digest === file.digest) return file ?? known;
  // What is about to be started is started with the new text at once.
  const isDecided = run === undefined ? state !== undefined && !isResting(state.state) : state?.intent === 'restart';
  return isDecided ? file : known;
}

/** What rested and is in no repository any more: there is nothing to go on with. */
function dropForgotten(fleet: Fleet, entries: Map<string, Entry>, { holdings, inheritance }: ResumeParts): void {
  const view = new View(holdings, fleet.actual(NOTHING_BUSY));
  for (const one of view.actual) {
    const isHeld = inheritance.held.has(one.id) || inheritance.saved.get(one.id)?.makes_room === true;
    const entry = entries.get(one.id);
    if (entry === undefined || isHeld || holdings.containers.has(one.id) || keptFor(one, view) !== undefined) continue;
    // A run that was to be started again goes to the version that takes its place now.
    if (view.heirOf(one) !== undefined && isUnderWay(inheritance, one.id)) continue;
    fleet.drop(entry);
    entries.delete(one.id);
  }
}

function isUnderWay({ saved }: Inheritance, id: string): boolean {
  const state = saved.get(id);
  return state !== undefined && state.intent !== 'stop' && !isResting(state.state);
}

function resume(id: string, entry: Entry, { inheritance, holdings, wasClean }: ResumeParts): void {
  const held = inheritance.held.get(id);
  const { supervised, log } = entry;
  const hasOutput = held?.listed.stdout !== undefined || held?.listed.stderr !== undefined;
  if (hasOutput && !wasClean) log.remark(`the daemon was replaced; up to ${CHUNK} of output may be missing here`);
  if (held === undefined) for (const stream of ['stdout', 'stderr'] as const) log.end(stream); // what its last run left open
  const saved = withoutDelay(inheritance.saved.get(id), supervised.loaded, holdings.containers.get(id)?.loaded);
  const { then } = supervised.resume(saved, held);
  const reason = saved?.stop_reason;
  if (then === 'stop') void supervised.stop(reason);
  // Asked to stop meanwhile: that is told to whoever asked.
  if (then === 'restart') void supervised.restart(reason ?? 'for restart').catch(() => undefined);
}

/** Who waits for a restart and has another manifest by now does not wait any more. */
function withoutDelay(
  saved: SavedState | undefined,
  { digest }: LoadedManifest,
  file: LoadedManifest | undefined,
): SavedState | undefined {
  const isNew = saved?.loaded !== undefined && saved.loaded.digest !== digest && file?.digest === digest;
  return saved?.state === 'backoff' && isNew ? { ...saved, next_start: 0 } : saved;
}

/** A state without its manifest, for example one that is too large: its file may be among those that cannot be read now. */
function mayReturn({ rejected }: Holdings): (id: string) => boolean {
  return (id) => {
    const [name] = id.split(':');
    return rejected.some((one) => one.name === undefined || one.name === name);
  };
}
