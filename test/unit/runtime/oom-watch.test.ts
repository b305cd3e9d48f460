import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { AcquiredGroups } from '../../../src/cgroups/index.ts';
import { exitSentence, oomSentence } from '../../../src/runtime/index.ts';
import { OomTracker } from '../../../src/runtime/oom-tracker.ts';
import { watchForOom } from '../../../src/runtime/oom-watch.ts';
import { v2Board, v2Group } from '../cgroups/fake-boards.ts';

function groupsOn(fs: ReturnType<typeof v2Board>): { groups: AcquiredGroups; path: string } {
  const path = v2Group(fs);
  return { groups: new AcquiredGroups(fs, [{ controllers: ['memory'], version: 2, path }]), path };
}

describe('a watch for out-of-memory kills', () => {
  test('hears of them from the kernel, and has nothing to tell of itself', () => {
    const fs = v2Board();
    const { groups, path } = groupsOn(fs);
    let looks = 0;
    const watch = watchForOom(groups, false, () => looks++);
    assert.equal(watch?.notice, undefined);
    fs.oomKill(path);
    assert.equal(looks, 1);
    watch?.close();
  });

  for (const [errno, knob] of [
    ['ENOSPC', 'max_user_watches'],
    ['EMFILE', 'max_user_instances'],
  ] as const)
    test(`looks once a second where inotify has no room: ${errno}`, (t: TestContext) => {
      t.mock.timers.enable({ apis: ['setInterval'] });
      const fs = v2Board();
      const { groups } = groupsOn(fs);
      fs.watch = (path) => {
        throw Object.assign(new Error(`${errno}: watch '${path}'`), { code: errno });
      };
      let looks = 0;
      const watch = watchForOom(groups, false, () => looks++);
      assert.equal(watch?.notice?.code, 'TH2015');
      assert.match(watch.notice.hint ?? '', new RegExp(`sysctl -w fs\\.inotify\\.${knob}=`));
      t.mock.timers.tick(3000);
      assert.equal(looks, 3);
      watch.close();
      t.mock.timers.tick(3000);
      assert.equal(looks, 3);
    });

  test('does not take another error for that', () => {
    const fs = v2Board();
    const { groups } = groupsOn(fs);
    fs.watch = () => {
      throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
    };
    assert.throws(() => watchForOom(groups, false, () => undefined), /EACCES/);
  });
});

describe('what is told of a kill by the limit of a group above', () => {
  test('has the group and its limit, also by a daemon that took the run over', () => {
    const fs = v2Board();
    const parent = v2Group(fs, 'apps');
    fs.write(`${parent}/memory.max`, '268435456');
    fs.write(`${parent}/cgroup.subtree_control`, '+memory');
    const path = `${parent}/c`;
    fs.mkdir(path);
    const groups = new AcquiredGroups(fs, [{ controllers: ['memory'], version: 2, path }]);
    const first = new OomTracker(groups, { limit: 1024, together: false });
    fs.oomKill(path, parent);
    const record = JSON.parse(JSON.stringify(first)) as Pick<OomTracker, 'before' | 'above'>;
    const second = new OomTracker(groups, { limit: 1024, together: false, before: record.before, above: record.above });
    const ancestor = { group: '/apps', path: parent, limit: 268_435_456 };
    for (const tracker of [first, second])
      assert.deepEqual(tracker.total(), { cause: 'ancestor', kills: 1, limit: 1024, ancestor });
    // An older version began it, and noted nothing of the groups above.
    const older = new OomTracker(groups, { limit: 1024, together: false, before: record.before, above: null });
    assert.equal(older.total()?.cause, 'ancestor_or_system');
  });

  test('is a sentence', () => {
    const ancestor = { group: '/thuban', path: '/sys/fs/cgroup/thuban', limit: 256 * 1024 * 1024 };
    const oom = { cause: 'ancestor', kills: 1, ancestor } as const;
    assert.equal(oomSentence(oom), 'limit 256 MiB of /thuban reached');
    assert.equal(oomSentence({ ...oom, ancestor: { ...ancestor, limit: null } }), 'limit of /thuban reached');
    assert.equal(oomSentence({ cause: 'ancestor' }), 'the limit of a group above was reached');
    const exit = { reason: 'oom_killed', signal: 'SIGKILL', oom, time: '', duration: 1 } as const;
    assert.equal(exitSentence(exit), 'OOM, limit 256 MiB of /thuban reached');
    assert.equal(oomSentence({ cause: 'system' }), 'the board ran out of memory');
  });
});
