import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { exists } from '../../../src/cgroups/read.ts';
import { BoardGroups } from '../../../src/runtime/board-groups.ts';
import { MadeGroups } from '../../../src/runtime/made-groups.ts';
import { sweepGroups, tellSwept } from '../../../src/runtime/sweep.ts';
import { boardGroups } from '../../support/board-groups.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { factsOf, v1Board, v2Board } from '../cgroups/fake-boards.ts';

const NOBODY = 4_194_305; // above the highest pid that Linux gives

for (const [version, board, mount] of [
  ['v1', v1Board, '/sys/fs/cgroup/memory'],
  ['v2', v2Board, '/sys/fs/cgroup'],
] as const)
  describe(`groups that nobody owns, on ${version}`, () => {
    const parent = mount;
    const group = (name: string): string => `${mount}/thuban/${name}`;

    function prepare(names: string[]): { fs: ReturnType<typeof board>; sweep: Sweep } {
      const fs = board();
      fs.mkdir(`${mount}/thuban`);
      for (const name of names) fs.mkdir(group(name));
      const facts = factsOf(fs);
      const sweep: Sweep = ({ held = [], known = [] }) =>
        sweepGroups(fs, {
          facts,
          parent,
          top: 'thuban',
          held: new Set(held.map(group)),
          known: new Set(known.map(group)),
          made: [],
          shared: boardGroups(fs),
          signal: fs.signal,
        });
      return { fs, sweep };
    }

    type Sweep = (options: { held?: string[]; known?: string[] }) => ReturnType<typeof sweepGroups>;

    test('are removed when they are empty', async () => {
      const { fs, sweep } = prepare(['c-a@1.0.0', 'c-b@1.0.0']);
      const swept = await sweep({});
      assert.deepEqual(swept.removed.sort(), [group('c-a@1.0.0'), group('c-b@1.0.0')]);
      assert.ok(!exists(fs, `${mount}/thuban`), 'the folder above goes with the last of them');
    });

    test('are left alone when a container lives there', async () => {
      const { fs, sweep } = prepare(['c-a@1.0.0', 'c-b@1.0.0']);
      const pid = fs.spawn(group('c-a@1.0.0'));
      await sweep({ held: ['c-a@1.0.0'] });
      assert.ok(exists(fs, group('c-a@1.0.0')));
      assert.deepEqual(fs.read(`${group('c-a@1.0.0')}/cgroup.procs`).trim(), String(pid));
      assert.ok(!exists(fs, group('c-b@1.0.0')));
    });

    test('are left alone and told of when a stranger lives there', async () => {
      const { fs, sweep } = prepare(['c-a@1.0.0']);
      fs.spawn(group('c-a@1.0.0'));
      const swept = await sweep({});
      assert.deepEqual(swept, { removed: [], leftovers: [], left: [], foreign: [group('c-a@1.0.0')] });
      assert.ok(exists(fs, group('c-a@1.0.0')));
    });

    test('of a `thuban run` that lives are its own, also while they are empty', async () => {
      const { fs, sweep } = prepare([`c-a@1.0.0#${process.pid}`, `c-a@1.0.0#${NOBODY}`]);
      await sweep({ known: [`c-a@1.0.0#${process.pid}`] });
      assert.ok(exists(fs, group(`c-a@1.0.0#${process.pid}`)));
      assert.ok(!exists(fs, group(`c-a@1.0.0#${NOBODY}`)));
    });

    test('that do not have the name of a container are never touched', async () => {
      const { fs, sweep } = prepare(['other', 'c-a@1.0.0']);
      await sweep({});
      assert.ok(exists(fs, group('other')));
    });

    test('where a manifest put them are removed, and with them what was made above them', async (t) => {
      const { fs, sweep, made, at } = named(t);
      for (const path of ['apps', 'apps/video']) made(path);
      for (const path of ['apps/video/c-a@1', `apps/video/c-b@1#${NOBODY}`]) fs.mkdir(at(path));
      const swept = await sweep([]);
      assert.equal(swept.removed.length, 2);
      assert.ok(!exists(fs, at('apps')));
    });

    test('where a manifest put them are left alone while somebody lives there, and what is above them', async (t) => {
      const { fs, sweep, made, at } = named(t);
      for (const path of ['apps', 'apps/video']) made(path);
      for (const path of ['apps/video/c-a@1', 'apps/video/other', `apps/c-b@1#${process.pid}`]) fs.mkdir(at(path));
      fs.spawn(at('apps/video/c-a@1'));
      assert.deepEqual((await sweep([])).foreign, [at('apps/video/c-a@1')]);
      for (const path of ['apps/video/c-a@1', 'apps/video/other', `apps/c-b@1#${process.pid}`])
        assert.ok(exists(fs, at(path)), path);
    });

    test('in a group of an operator go only if they are known to be ours', async (t) => {
      const { fs, sweep, at } = named(t);
      for (const path of ['apps', 'apps/c-a@1', 'apps/c-b@1', 'apps/other']) fs.mkdir(at(path));
      const pid = fs.spawn(at('apps/c-a@1'));
      const swept = await sweep(['apps/c-a@1', 'apps/other']);
      assert.deepEqual([swept.removed, fs.alive(pid)], [[at('apps/c-a@1')], false]);
      for (const path of ['apps', 'apps/c-b@1', 'apps/other']) assert.ok(exists(fs, at(path)), path);
    });

    function named(t: TestContext): {
      fs: ReturnType<typeof board>;
      at: (path: string) => string;
      made: (path: string) => void;
      sweep: (known: string[]) => ReturnType<typeof sweepGroups>;
    } {
      const folder = temporaryFolder();
      t.after(() => {
        folder[Symbol.dispose]();
      });
      const fs = board();
      const notes = new MadeGroups(fs, { folder: join(folder.path, 'groups') });
      const at = (path: string): string => `${mount}/${path}`;
      const shared = new BoardGroups({ made: notes, keepTop: true, onChange: () => undefined });
      return {
        fs,
        at,
        made: (path) => {
          fs.mkdir(at(path));
          notes.made(at(path));
        },
        sweep: (known) => {
          const where = { facts: factsOf(fs), parent, top: 'thuban', held: new Set<string>(), signal: fs.signal };
          return sweepGroups(fs, { ...where, known: new Set(known.map(at)), made: notes.all(), shared });
        },
      };
    }
  });

describe('the sweep', () => {
  test('is told in the log: what is gone, what stays with its code and its processes, and what is another’s', () => {
    const told: unknown[][] = [];
    const leftovers = [
      { path: '/sys/fs/cgroup/thuban/c-b@1.0.0', pids: [1234], tasks: [{ pid: 1234 }], errno: 'EBUSY' },
    ];
    tellSwept({ removed: ['/a'], leftovers, left: [], foreign: ['/c'] }, (level, _message, fields) =>
      told.push([level, fields]),
    );
    assert.deepEqual(told, [
      ['info', { groups: ['/a'] }],
      ['warn', { code: 'TH2010', pids: [1234], tasks: [{ pid: 1234 }] }],
      ['warn', { groups: ['/c'] }],
    ]);
    tellSwept({ removed: [], leftovers: [], left: [], foreign: [] }, () => assert.fail('there is nothing to tell'));
  });
});
