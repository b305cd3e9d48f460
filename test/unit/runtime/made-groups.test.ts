import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { acquireGroups, planCgroups, type FakeKernelFs, type KernelFs } from '../../../src/cgroups/index.ts';
import { exists } from '../../../src/cgroups/read.ts';
import { BoardGroups } from '../../../src/runtime/board-groups.ts';
import { MadeGroups, type Maker } from '../../../src/runtime/made-groups.ts';
import { sweepGroups } from '../../../src/runtime/sweep.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { factsOf, v1Board, v2Board } from '../cgroups/fake-boards.ts';
import { request } from '../cgroups/requests.ts';

/** Above the highest pid that Linux gives. */
const DEAD: Maker = { pid: 4_194_305, start: '1' };

/** A kernel that a process calls until it dies: before its call of that number. */
function mortal(fs: KernelFs, calls: number): { kernel: KernelFs; isDead: () => boolean } {
  let left = calls;
  const live = <A extends unknown[], R>(call: (...args: A) => R): ((...args: A) => R) => {
    return (...args) => {
      if (left-- <= 0) throw new Error('it has died');
      return call(...args);
    };
  };
  const kernel: KernelFs = {
    mkdir: live((path: string) => {
      fs.mkdir(path);
    }),
    rmdir: live((path: string) => {
      fs.rmdir(path);
    }),
    read: live((path: string) => fs.read(path)),
    write: live((path: string, text: string) => {
      fs.write(path, text);
    }),
    list: live((path: string) => fs.list(path)),
    stat: live((path: string) => fs.stat(path)),
    watch: live((path: string, changed: () => void) => fs.watch(path, changed)),
  };
  return { kernel, isDead: () => left < 0 };
}

/** The groups of a container below `apps/video`, made by a process. */
function start(kernel: KernelFs, facts: ReturnType<typeof factsOf>, folder: string, maker?: Maker): BoardGroups {
  const made = new MadeGroups(kernel, { folder, ...(maker === undefined ? {} : { maker }) });
  const shared = new BoardGroups({ made, keepTop: true, onChange: () => undefined });
  const plan = planCgroups(request('v2', { pids: { limit: 5 } }, { facts, below: 'apps/video' }));
  const paths = plan.groups.map(({ path }) => path);
  shared.begin(paths, plan.levels);
  acquireGroups(kernel, plan, { shared });
  shared.end(paths);
  return shared;
}

async function sweepAfter(fs: FakeKernelFs, folder: string, known: string[]): Promise<void> {
  const made = new MadeGroups(fs, { folder });
  const shared = new BoardGroups({ made, keepTop: true, onChange: () => undefined });
  made.settle();
  const where = { facts: factsOf(fs), parent: 'self', top: 'thuban', made: made.all(), shared, signal: fs.signal };
  await sweepGroups(fs, { ...where, held: new Set(), known: new Set(known) });
}

for (const [version, board, root] of [
  ['v1', v1Board, '/sys/fs/cgroup/pids'],
  ['v2', v2Board, '/sys/fs/cgroup'],
] as const)
  describe(`whoever dies while it makes groups that a manifest names, on ${version}`, () => {
    const leaves = (fs: FakeKernelFs): string[] =>
      planCgroups(request('v2', {}, { facts: factsOf(fs), below: 'apps/video' })).groups.map(({ path }) => path);

    for (const operators of [[], ['apps'], ['apps', 'apps/video']])
      test(`has a next one that removes all of them${operators.length === 0 ? '' : ` but ${operators.join(' and ')}, which an operator has made`}`, async () => {
        let deaths = 0;
        for (let calls = 0; ; calls++) {
          using top = temporaryFolder();
          const folder = join(top.path, 'groups');
          const fs = board();
          for (const path of operators) fs.mkdir(`${root}/${path}`);
          const facts = factsOf(fs);
          const { kernel, isDead } = mortal(fs, calls);
          try {
            start(kernel, facts, folder, DEAD);
          } catch (error) {
            if (!isDead()) throw error;
            deaths++;
          }
          await sweepAfter(fs, folder, leaves(fs));
          for (const path of ['apps', 'apps/video', 'apps/video/c-app@1.0.0'])
            assert.equal(exists(fs, `${root}/${path}`), operators.includes(path), `${path} after ${calls} calls`);
          assert.ok(!existsSync(folder), `notes after ${calls} calls`);
          if (!isDead()) break;
        }
        assert.ok(deaths > 10, String(deaths));
      });

    test('is not taken for dead while it lives', async () => {
      using top = temporaryFolder();
      const folder = join(top.path, 'groups');
      const fs = board();
      const made = new MadeGroups(fs, { folder });
      const { missing, end } = made.intend([`${root}/apps`]);
      assert.deepEqual(missing, [`${root}/apps`]);
      fs.mkdir(`${root}/apps`); // and has not noted yet that it did
      await sweepAfter(fs, folder, []);
      assert.ok(exists(fs, `${root}/apps`));
      made.made(`${root}/apps`);
      end();
      assert.ok(made.has(`${root}/apps`));
    });
  });

describe('groups that Thuban has made', () => {
  const at = (path: string): string => `/sys/fs/cgroup/${path}`;

  test('are known to every process of the board, until they are gone', () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'groups');
    const fs = v2Board();
    const [one, other] = [new MadeGroups(fs, { folder }), new MadeGroups(fs, { folder })];
    fs.mkdir(at('apps'));
    assert.deepEqual([one.has(at('apps')), other.has(at('apps'))], [false, false]);
    one.made(at('apps'));
    assert.deepEqual([one.all(), other.all(), other.has(at('apps'))], [[at('apps')], [at('apps')], true]);
    fs.rmdir(at('apps'));
    other.gone(at('apps'));
    assert.deepEqual([one.all(), existsSync(folder)], [[], false]);
  });

  test('are no others that somebody makes at the same path', () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'groups');
    const fs = v2Board();
    const made = new MadeGroups(fs, { folder });
    fs.mkdir(at('apps'));
    made.made(at('apps'));
    fs.rmdir(at('apps')); // by the launcher, say, when no daemon came back
    fs.mkdir(at('apps'));
    assert.equal(made.has(at('apps')), false);
    assert.deepEqual([made.all(), existsSync(folder)], [[], false], 'what was noted of the first one goes');
  });

  test('are none of an earlier boot, whose numbers come again', () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'groups');
    const fs = v2Board();
    fs.mkdir(at('apps'));
    new MadeGroups(fs, { folder, boot: 'before' }).made(at('apps'));
    const now = new MadeGroups(fs, { folder, boot: 'now' });
    assert.deepEqual([now.has(at('apps')), now.all(), existsSync(folder)], [false, [], false]);
  });

  test('are not what is in the place of a note that was never written to its end', () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'groups');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, 'boot.begun-4194305-1-1'), '{"/sys/fs/cg');
    new MadeGroups(v2Board(), { folder, boot: 'boot' }).settle();
    assert.ok(!existsSync(folder));
  });

  test('are noted where nobody else can write, or not made', () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'groups');
    const made = new MadeGroups(v2Board(), { folder });
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    assert.throws(() => made.intend([at('apps')]), { code: 'TH7006', message: /only Thuban can write/ });
    assert.deepEqual(readdirSync(folder), []);
    rmSync(folder, { recursive: true });
    symlinkSync('/tmp', folder);
    assert.throws(() => made.intend([at('apps')]), { code: 'TH7006' });
    const nowhere = new MadeGroups(v2Board(), { folder: join(folder, 'none', 'groups') });
    assert.throws(() => nowhere.intend([at('apps')]), { code: 'TH7006', message: /cannot note .* no such file/ });
  });
});

describe('what the launcher removes when nobody comes back', () => {
  test('is each container’s groups, and above them what Thuban has made or is about to make', async () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'groups');
    const fs = v2Board();
    const root = '/sys/fs/cgroup';
    fs.mkdir(`${root}/apps`);
    let changes = 0;
    const made = new MadeGroups(fs, { folder });
    const shared = new BoardGroups({ made, keepTop: true, onChange: () => changes++ });
    const leaf = `${root}/apps/video/c-a@1`;
    assert.ok(shared.begin([leaf], 2));
    assert.deepEqual(shared.lease().groups, [leaf, `${root}/apps/video`]);
    assert.match(shared.lease().files.join(' '), /\.begun-\d+-\d+-\d+$/);
    fs.mkdir(`${root}/apps/video`);
    shared.made(`${root}/apps/video`);
    shared.end([leaf]);
    assert.deepEqual(shared.lease().groups, [leaf, `${root}/apps/video`]);
    assert.equal(shared.lease().files.at(-1), folder);
    assert.ok(!shared.begin([leaf], 2), 'a further run changes nothing');
    shared.end([leaf]);
    assert.ok(shared.begin([`${root}/thuban/c-b@1`]));
    assert.ok(shared.lease().groups.includes(`${root}/thuban`));
    await setImmediate();
    assert.equal(changes, 1);
  });

  test('is not what somebody else was faster to make', () => {
    const fs = v2Board();
    using top = temporaryFolder();
    const made = new MadeGroups(fs, { folder: join(top.path, 'groups') });
    const shared = new BoardGroups({ made, keepTop: true, onChange: () => undefined });
    shared.begin(['/sys/fs/cgroup/apps/c-a@1'], 1);
    fs.mkdir('/sys/fs/cgroup/apps');
    shared.end(['/sys/fs/cgroup/apps/c-a@1']);
    assert.deepEqual(shared.lease(), { groups: ['/sys/fs/cgroup/apps/c-a@1'], files: [] });
    assert.deepEqual(shared.above(['/sys/fs/cgroup/apps/c-a@1']), []);
  });
});
