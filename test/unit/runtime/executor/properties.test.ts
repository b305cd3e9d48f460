import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import type { LoadedManifest } from '../../../../src/manifest/index.ts';
import { reconcile } from '../../../../src/runtime/reconcile/index.ts';
import { desired, idOf, told } from '../reconcile/support.ts';
import { ExecutorBench, manifest } from './bench.ts';

const versions = ['1.0.0', '1.1.0'];
const ids = ['a', 'b'].flatMap((name) => versions.map((version) => `${name}:${version}`));

/** Two texts of two versions of two names, each in one of two files; half of them take their time to end, or start by themselves. */
const texts: readonly LoadedManifest[] = ids.flatMap((id) =>
  [0, 1, 2, 3].map((number) => {
    const [name = ''] = id.split(':');
    const script = `: text ${number % 2}${number < 3 ? ' slow' : ''}`;
    const file = `/r/${name}${number < 2 ? '' : '2'}.yaml`;
    return manifest(id, script, { file, ...(number % 2 === 0 ? { autostart: 'relaxed' } : {}) });
  }),
);

/** A file holds one manifest. */
const folders = fc
  .uniqueArray(fc.constantFrom(...texts), { selector: idOf, maxLength: 3 })
  .filter((all) => new Set(all.map(({ file }) => file)).size === all.length);

type Happening =
  | { what: 'folders'; hold: LoadedManifest[]; broken: string[] }
  | { what: 'start' | 'stop' | 'restart'; id: string }
  | { what: 'end'; id: string; code: number }
  | { what: 'turns'; turns: number };

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('folders' as const),
      hold: folders,
      broken: fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, fc.subarray(['/r/a.yaml', '/r/b2.yaml'])),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constantFrom('start', 'stop', 'restart'), id: fc.constantFrom(...ids) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('end' as const), id: fc.constantFrom(...ids), code: fc.nat({ max: 1 }) }),
  },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('turns' as const), turns: fc.integer({ min: 1, max: 12 }) }) },
);

async function happen(bench: ExecutorBench, happening: Happening, answers: string[]): Promise<void> {
  switch (happening.what) {
    case 'folders': {
      const { hold, broken } = happening;
      const right = hold.filter(({ file }) => !broken.includes(file));
      bench.wants(right, { rejected: broken.map((file) => ({ file, isDuplicate: false })) });
      return;
    }
    case 'end':
      bench.board.finish(happening.id, happening.code);
      return;
    case 'turns':
      for (let turn = 0; turn < happening.turns; turn++) await nextTurn();
      return;
    case 'start':
    case 'stop':
    case 'restart':
      void bench.asks(happening.what, happening.id).then((answer) => answers.push(answer));
      return;
  }
}

function isSound({ board, fleet }: ExecutorBench): void {
  const { live } = board;
  assert.deepEqual([...new Set(live)], live, 'a container lives twice');
  for (const id of live) assert.ok(fleet.catalogue.entries.has(id), `${id} lives and has no place`);
}

/** Everything that was asked to end does, and the folders are looked at as often as it takes. */
async function comeToRest(bench: ExecutorBench): Promise<void> {
  for (let round = 0; round < 6; round++) {
    await bench.settled();
    isSound(bench);
    for (const { container, isStopping } of bench.board.running) if (isStopping) bench.board.finish(container);
    await bench.settled();
    bench.executor.retry();
  }
  await bench.settled();
}

test('whatever happens while steps take their time, what lives has a place, once, and all comes to what is wanted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happenings, { minLength: 4, maxLength: 25 }), folders, async (all, last) => {
      await using bench = new ExecutorBench();
      const answers: string[] = [];
      for (const happening of all) {
        await happen(bench, happening, answers);
        isSound(bench);
      }
      bench.wants(last);
      await comeToRest(bench);
      const { catalogue } = bench.fleet;
      const wanted = desired(last);
      assert.deepEqual([...catalogue.entries.keys()].sort(), last.map(idOf).sort());
      for (const one of last)
        assert.equal(catalogue.entries.get(idOf(one))?.supervised.loaded, one, 'what is in force');
      assert.deepEqual(reconcile(wanted, bench.fleet.actual(new Set())).map(told), []);
      // What runs was started with what is in force.
      for (const { container, command } of bench.board.running) {
        const args = catalogue.entries.get(container)?.supervised.loaded.manifest.args ?? [];
        assert.ok(command.endsWith(args.at(-1) ?? '?'), `${container} runs ${command}`);
      }
      const bugs = [...bench.log, ...answers].filter((line) => line.includes('a bug in Thuban'));
      assert.deepEqual(bugs, []);
    }),
    { numRuns: 100 },
  );
});
