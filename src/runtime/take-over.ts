import type { Position } from '../base/index.ts';
import type { LoadedManifest } from '../manifest/index.ts';
import type { DaemonBoard } from './daemon-board.ts';
import type { DaemonLog } from './daemon-options.ts';
import type { Held } from './restore.ts';
import type { RunRecord } from './run-record.ts';
import { readSaved, type SavedManifest, type SavedState } from './saved-state.ts';
import type { StateFiles } from './state-files.ts';
import { GIVE_UP_MS, within } from './within.ts';

const SIGKILL = 9;

/** What an earlier daemon left: what the launcher holds, and what was saved, both by container. */
export interface Inheritance {
  held: Map<string, Held>;
  saved: Map<string, SavedState>;
  /** Groups that were noted for runs of which nothing may be left, each with its container. */
  noted: Map<string, string>;
}

export async function inherit(board: DaemonBoard, files: StateFiles, log: DaemonLog): Promise<Inheritance> {
  const saved = new Map<string, SavedState>();
  for (const [id, value] of files.load()) {
    const state = readSaved(value);
    if (state === undefined) log('warn', 'a saved state of another version is not used', { container: id });
    else saved.set(id, state);
  }
  const noted = new Map([...saved].flatMap(([id, { groups }]) => groups.map((path) => [path, id] as const)));
  if (board.isNew) {
    // Its containers went with the launcher of that daemon: everything begins anew.
    for (const id of saved.keys()) files.remove(id);
    return { held: new Map(), saved: new Map(), noted };
  }
  const { held, foreign, executions } = await board.held();
  const byContainer = new Map<string, Held>();
  for (const entry of held) {
    if (byContainer.has(entry.record.container)) foreign.push(entry.listed.id);
    else byContainer.set(entry.record.container, entry);
  }
  for (const id of foreign) {
    log('error', 'a container of a version that is not understood is killed', { run: String(id) });
    await killForeign(board, id);
  }
  for (const id of executions) {
    log('info', 'a program that was started in a container by exec is killed: its client went with the last daemon', {
      run: String(id),
    });
    await killForeign(board, id);
  }
  return { held: byContainer, saved, noted };
}

async function killForeign(board: DaemonBoard, id: bigint): Promise<void> {
  const { launcher } = board;
  const ended = new Promise<void>((resolve) => {
    const onEnd = (): void => {
      resolve();
    };
    launcher.adopt(id, { onOom: () => undefined, onExit: onEnd }).catch(onEnd); // a start that failed has ended too
  });
  await launcher.signal(id, SIGKILL);
  const release = (): Promise<void> => launcher.release(id);
  if (await within(GIVE_UP_MS, ended)) await release();
  else board.leftovers.add(undefined, [], { run: String(id), exited: ended, release });
}

/**
 * The manifest that a container goes on with when its file does not tell: the one that the last daemon had in force. That may be a newer text
 * than the one the run began with, which the record of the run has, and says the same. Undefined: nothing runs, and nobody kept it.
 */
export function inForce(saved: SavedState | undefined, held: Held | undefined): LoadedManifest | undefined {
  const isOfThisRun = held === undefined || saved?.run === String(held.listed.id);
  if (saved?.loaded !== undefined && isOfThisRun) return withoutPlaces(saved.loaded);
  return held === undefined ? undefined : manifestOf(held.record);
}

export function manifestOf({ manifest, file, digest, image, container, stop }: RunRecord): LoadedManifest {
  const [name = container, version = '0.0.0'] = container.split(':');
  const known = manifest ?? { name, version, uid: 0, gid: 0, stop };
  return withoutPlaces({ manifest: known, file, digest, ...(image === undefined ? {} : { image }) });
}

function withoutPlaces(saved: SavedManifest): LoadedManifest {
  return { ...saved, position: (): Position => ({ file: saved.file, line: 1, column: 1 }) };
}
