import { isDeepStrictEqual } from 'node:util';
import type { LoadedManifest, Manifest } from '../../../../src/manifest/index.ts';
import type { Actual, Desired, RejectedFile, Step, Wanted } from '../../../../src/runtime/reconcile/index.ts';

export function loaded(
  id: string,
  changes: Partial<LoadedManifest> & { text?: string; manifest?: Manifest } = {},
): LoadedManifest {
  const [name = '', version = ''] = id.split(':');
  const { text = '1', ...rest } = changes;
  return {
    manifest: { name, version, uid: 1000, gid: 1000, init: `/bin/${text}` },
    file: `/r/${name}.yaml`,
    digest: `${id} ${text}`,
    position: () => ({ file: `/r/${name}.yaml`, line: 7, column: 1 }),
    ...rest,
  };
}

/** With `autostart`. */
export function auto(id: string, changes: Parameters<typeof loaded>[1] = {}): LoadedManifest {
  const made = loaded(id, changes);
  return { ...made, digest: `${made.digest} auto`, manifest: { ...made.manifest, autostart: 'relaxed' } };
}

export function idOf({ manifest }: LoadedManifest): string {
  return `${manifest.name}:${manifest.version}`;
}

export function desired(
  manifests: readonly LoadedManifest[],
  rest: { rejected?: RejectedFile[]; unusable?: string[]; unsettled?: string[]; repository?: string } = {},
): Desired {
  return {
    containers: new Map(
      manifests.map((one): [string, Wanted] => [idOf(one), { loaded: one, repository: rest.repository ?? 'main' }]),
    ),
    rejected: rest.rejected ?? [],
    unusable: new Set(rest.unusable),
    unsettled: new Set(rest.unsettled),
  };
}

export function actual(one: LoadedManifest, changes: Partial<Actual> = {}): Actual {
  return {
    id: idOf(one),
    loaded: one,
    repository: 'main',
    state: 'running',
    busy: false,
    lived: true,
    isDecided: true,
    makesRoom: false,
    foundResources: false,
    ...changes,
  };
}

/** A step as one line: what a table can hold. */
export function told(step: Step): string {
  const start = 'start' in step && step.start ? ' and start' : '';
  return `${step.do} ${step.id}${step.do === 'succeed' ? ` after ${step.old}` : ''}${start}`;
}

/** A board on which every step succeeds at once: what the executor does to the daemon, without a daemon. */
export function carryOut(board: readonly Actual[], step: Step): Actual[] {
  const others = board.filter(({ id }) => id !== step.id && !(step.do === 'succeed' && id === step.old));
  const before = board.find(({ id }) => id === step.id);
  switch (step.do) {
    case 'remove':
      return others;
    case 'add':
    case 'succeed':
      return [...others, fresh(step.wanted, step.start)];
    case 'start':
      return before === undefined
        ? others
        : [...others, { ...before, state: 'running', lived: true, makesRoom: false, foundResources: false }];
    case 'take': {
      if (before === undefined) return others;
      const state = step.start ? 'running' : before.state;
      const { loaded, repository } = step.wanted;
      const makesRoom = before.makesRoom && !step.start;
      const foundResources = before.foundResources && !step.start;
      const lived = before.lived || step.start;
      return [...others, { ...before, loaded, repository, state, makesRoom, foundResources, lived }];
    }
    case 'live':
      return before === undefined ? others : [...others, { ...before, ...step.wanted }];
    case 'replace':
      return before === undefined
        ? others
        : [...others, { ...before, ...step.wanted, state: 'running', makesRoom: false }];
  }
}

function fresh({ loaded: one, repository }: Wanted, start: boolean): Actual {
  return actual(one, { repository, state: start ? 'running' : 'stopped', lived: start });
}

export function sameBoard(a: readonly Actual[], b: readonly Actual[]): boolean {
  const sorted = (board: readonly Actual[]): unknown =>
    [...board]
      .sort((x, y) => (x.id < y.id ? -1 : 1))
      .map((one) => [one, one.loaded.digest].map((part) => JSON.stringify(part)));
  return isDeepStrictEqual(sorted(a), sorted(b));
}
