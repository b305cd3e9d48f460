import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LoadedManifest } from '../../../../src/manifest/index.ts';
import { idsOf, reconcile, type Actual, type Desired } from '../../../../src/runtime/reconcile/index.ts';
import { isActive } from '../../../../src/runtime/states.ts';
import { actual, auto, carryOut, desired, idOf, loaded, sameBoard } from './support.ts';

const names = ['a', 'b', 'c'];
const files = names.flatMap((name) => [`/r/${name}.yaml`, `/r/${name}2.yaml`]);

/** Names keep to files of their own, so that what concerns one name can be told from what concerns another. */
const manifests = fc
  .record({
    name: fc.constantFrom(...names),
    version: fc.constantFrom('1.0.0', '1.1.0', '2.0.0'),
    second: fc.boolean(),
    text: fc.constantFrom('1', '2'),
    remark: fc.constantFrom('', '#'),
    isAuto: fc.boolean(),
  })
  .map(({ name, version, second, text, remark, isAuto }): LoadedManifest => {
    const id = `${name}:${version}`;
    const file = `/r/${name}${second ? '2' : ''}.yaml`;
    return (isAuto ? auto : loaded)(id, { text, file, digest: `${id} ${text} ${remark} ${isAuto}` });
  });

const boards = fc
  .uniqueArray(
    fc.record({
      one: manifests,
      state: fc.constantFrom('stopped', 'starting', 'running', 'stopping', 'backoff', 'failed' as const),
      repository: fc.constantFrom('main', 'other'),
      busy: fc.boolean(),
      lived: fc.boolean(),
      isDecided: fc.boolean(),
      makesRoom: fc.boolean(),
      foundResources: fc.boolean(),
      // Whether limits alone differ, and can be changed.
      canFollow: fc.constantFrom(
        () => true,
        () => false,
      ),
    }),
    { selector: ({ one }) => idOf(one), maxLength: 6 },
  )
  .map((all) => all.map(({ one, ...rest }): Actual => actual(one, rest)));

const wishes = fc
  .record({
    all: fc.uniqueArray(manifests, { selector: idOf, maxLength: 6 }),
    rejected: fc.array(
      fc.record(
        {
          file: fc.constantFrom(...files),
          name: fc.constantFrom(...names),
          version: fc.constantFrom('1.0.0', '2.0.0'),
          isDuplicate: fc.boolean(),
        },
        { requiredKeys: ['file', 'isDuplicate'] },
      ),
      { maxLength: 3 },
    ),
    unusable: fc.subarray(['main', 'other']),
    unsettled: fc.subarray(files, { maxLength: 2 }),
  })
  // One file holds one manifest, and one that is rejected holds none.
  .map(({ all, rejected, unusable, unsettled }): Desired => {
    const taken = new Set([...rejected.map(({ file }) => file), ...unsettled]);
    const accepted = all.filter(({ file }) => !taken.has(file) && taken.add(file) !== undefined);
    return desired(unusable.includes('main') ? [] : accepted, { rejected, unusable, unsettled });
  });

const idle = (board: readonly Actual[]): Actual[] => board.map((one) => ({ ...one, busy: false }));
const apply = (wanted: Desired, board: readonly Actual[]): Actual[] =>
  reconcile(wanted, board).reduce<Actual[]>(carryOut, [...board]);

describe('reconcile', () => {
  test('comes to rest: when the steps are carried out there are no more', () => {
    fc.assert(
      fc.property(wishes, boards, (wanted, board) => {
        let now = idle(board);
        // A second round for versions that waited until others had made room, and what is being stopped ends.
        for (let round = 0; round < 3; round++) now = apply(wanted, now);
        assert.deepEqual(reconcile(wanted, now), []);
      }),
      { numRuns: 2000 },
    );
  });

  test('has all that is wanted afterwards, and nothing that is known not to be', () => {
    fc.assert(
      fc.property(wishes, boards, (wanted, board) => {
        const before = idle(board);
        let now = before;
        for (let round = 0; round < 3; round++) now = apply(wanted, now);
        const ids = new Set(now.map(({ id }) => id));
        for (const id of wanted.containers.keys()) assert.ok(ids.has(id), `${id} is missing`);
        if (wanted.rejected.length + wanted.unusable.size + wanted.unsettled.size === 0)
          assert.deepEqual([...ids].sort(), [...wanted.containers.keys()].sort());
      }),
    );
  });

  test('touches nothing that is wanted as it is, and nothing that is busy', () => {
    fc.assert(
      fc.property(wishes, boards, (wanted, board) => {
        const steps = reconcile(wanted, board);
        const touched = new Set(steps.flatMap(idsOf));
        for (const one of board) {
          if (one.busy) assert.ok(!touched.has(one.id));
          const same = wanted.containers.get(one.id);
          const isSame = same?.loaded.digest === one.loaded.digest && same.loaded.file === one.loaded.file;
          if (!isSame || same.repository !== one.repository) continue;
          // Only a start that was still to come may concern it.
          assert.deepEqual(
            steps.filter((step) => step.do !== 'start' && idsOf(step).includes(one.id)),
            [],
          );
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('stops nothing because of what is rejected or cannot be used', () => {
    fc.assert(
      fc.property(boards, fc.boolean(), (board, isFolder) => {
        const wanted = isFolder
          ? desired([], { unusable: ['main', 'other'] })
          : desired([], { rejected: board.map(({ loaded: { file } }) => ({ file, isDuplicate: false })) });
        assert.deepEqual(reconcile(wanted, board), []);
      }),
    );
  });

  test('decides about each name by itself', () => {
    fc.assert(
      fc.property(wishes, boards, (wanted, board) => {
        const only = (name: string): ReturnType<typeof reconcile> =>
          reconcile(
            {
              ...wanted,
              containers: new Map([...wanted.containers].filter(([id]) => id.startsWith(`${name}:`))),
            },
            board.filter(({ id }) => id.startsWith(`${name}:`)),
          );
        const apart = names.flatMap(only);
        const key = (step: object): string => JSON.stringify(step);
        assert.deepEqual(reconcile(wanted, board).map(key).sort(), apart.map(key).sort());
      }),
    );
  });

  test('lets what runs go on as another version when that is all there is of its name', () => {
    fc.assert(
      fc.property(boards, fc.boolean(), (board, isSameFile) => {
        const [one] = board.filter(({ state }) => isActive(state));
        fc.pre(one !== undefined);
        const { name } = one.loaded.manifest;
        const next = loaded(`${name}:3.0.0`, { file: isSameFile ? one.loaded.file : `/r/${name}-3.0.0.yaml` });
        let now = idle(board);
        for (let round = 0; round < 3; round++) now = apply(desired([next]), now);
        assert.deepEqual(
          now.map(({ id, state }) => [id, state]),
          [[idOf(next), 'running']],
        );
      }),
    );
  });

  test('does the same in whatever order the steps end', () => {
    fc.assert(
      fc.property(wishes, boards, (wanted, board) => {
        const steps = reconcile(wanted, idle(board));
        const forward = steps.reduce<Actual[]>(carryOut, idle(board));
        const backward = [...steps].reverse().reduce<Actual[]>(carryOut, idle(board));
        assert.ok(sameBoard(forward, backward));
      }),
    );
  });
});
