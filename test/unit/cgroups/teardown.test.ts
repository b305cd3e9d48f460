import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  acquireGroups,
  AcquiredGroups,
  planCgroups,
  removeGroups,
  type FakeKernelFs,
} from '../../../src/cgroups/index.ts';
import { factsOf, v1Board, v2Board } from './fake-boards.ts';
import { request } from './requests.ts';
import { sleepingClock as fakeClock } from './sleeping-clock.ts';

function acquire(fs: FakeKernelFs): AcquiredGroups {
  return acquireGroups(fs, planCgroups(request('v2', {}, { facts: factsOf(fs) })), { signal: fs.signal });
}

const V2 = '/sys/fs/cgroup/thuban/c-app@1.0.0';

test('a removed container leaves neither its groups nor the empty shared directory', async () => {
  for (const fs of [v1Board(), v2Board()]) {
    assert.deepEqual(await acquire(fs).remove(fakeClock()), []);
    assert.ok(
      fs.log.filter((line) => line.startsWith('mkdir')).length ===
        fs.log.filter((line) => line.startsWith('rmdir')).length,
    );
  }
});

test('the shared directory stays where it is to be kept', async () => {
  const fs = v2Board();
  const groups = acquireGroups(fs, planCgroups(request('v2', {}, { facts: factsOf(fs) })), {
    shared: { made: () => undefined, above: () => [], gone: () => undefined },
  });
  assert.deepEqual(await groups.remove(fakeClock()), []);
  assert.deepEqual(
    fs.list('/sys/fs/cgroup/thuban').filter(({ directory }) => directory),
    [],
  );
});

test('the shared directory stays while another container is in it', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  fs.mkdir('/sys/fs/cgroup/thuban/c-other@1.0.0');
  assert.deepEqual(await groups.remove(fakeClock()), []);
  assert.ok(fs.stat('/sys/fs/cgroup/thuban/c-other@1.0.0').directory);
});

test('groups that the container made go first, deepest before the others', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  for (const path of ['/a', '/a/b', '/c']) fs.mkdir(V2 + path);
  fs.log.length = 0;
  assert.deepEqual(await groups.remove(fakeClock()), []);
  assert.deepEqual(fs.log, [
    `rmdir ${V2}`,
    `rmdir ${V2}/a/b`,
    `rmdir ${V2}/a`,
    `rmdir ${V2}/c`,
    `rmdir ${V2}`,
    'rmdir /sys/fs/cgroup/thuban',
  ]);
});

test('a group that is gone already is removed', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  fs.rmdir(V2);
  assert.deepEqual(await groups.remove(fakeClock()), []);
  assert.deepEqual(await groups.remove(fakeClock()), []);
});

test('a busy group is tried again with growing pauses', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  const clock = fakeClock();
  fs.faults.push({ op: 'rmdir', path: V2, errno: 'EBUSY', times: 4 });
  assert.deepEqual(await groups.remove(clock), []);
  assert.equal(clock.slept, 1 + 2 + 4 + 8);
});

test('a group that is busy for ever becomes a leftover after about one second', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  const pid = fs.spawn(V2);
  const clock = fakeClock();
  assert.deepEqual(await groups.remove(clock), [{ path: V2, errno: 'EBUSY', pids: [pid], tasks: [] }]);
  assert.equal(clock.slept, 1023);
});

test('one hierarchy that refuses does not keep the others', async () => {
  const fs = v1Board();
  const groups = acquire(fs);
  const memory = groups.memory?.path ?? '';
  fs.faults.push({ op: 'rmdir', path: memory, errno: 'EBUSY' });
  assert.deepEqual(
    (await groups.remove(fakeClock())).map(({ path }) => path),
    [memory],
  );
  for (const group of groups.groups)
    if (group.path !== memory) assert.throws(() => fs.stat(group.path), { code: 'ENOENT' });
});

test('a group below that vanishes during the walk is no failure', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  fs.mkdir(`${V2}/sub`);
  const list = fs.list.bind(fs);
  fs.list = (path) => {
    const entries = list(path);
    if (path === V2 && entries.some(({ name }) => name === 'sub')) fs.rmdir(`${V2}/sub`);
    return entries;
  };
  assert.deepEqual(await groups.remove(fakeClock()), []);
});

test('a read-only mount is a leftover for what exists and a success for what does not', async () => {
  const fs = v2Board();
  acquire(fs);
  fs.faults.push({ op: 'rmdir', path: /c-app/, errno: 'EROFS' }, { op: 'rmdir', path: /none/, errno: 'EROFS' });
  const left = await removeGroups(fs, [V2, '/sys/fs/cgroup/thuban/none'], { clock: fakeClock() });
  assert.deepEqual(
    left.map(({ path, errno }) => [path, errno]),
    [[V2, 'EROFS']],
  );
});

test('cgroup.kill takes the whole subtree at once', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  fs.mkdir(`${V2}/sub`);
  const pids = [fs.spawn(V2), fs.spawn(`${V2}/sub`)];
  assert.deepEqual(groups.pids().sort(), pids);
  assert.equal(await groups.kill({ clock: fakeClock() }), true);
  assert.deepEqual(
    pids.map((pid) => fs.alive(pid)),
    [false, false],
  );
  assert.deepEqual(
    fs.log.filter((line) => line.startsWith('write') && line.includes('c-app')),
    [`write ${V2}/cgroup.kill 1`],
  );
});

test('without cgroup.kill the group is frozen, killed and thawed', async () => {
  const fs = v2Board({ absent: ['cgroup.kill'] });
  const groups = acquire(fs);
  fs.spawn(V2);
  assert.equal(await groups.kill({ clock: fakeClock() }), true);
  assert.deepEqual(
    fs.log.filter((line) => line.includes('freeze')),
    [`write ${V2}/cgroup.freeze 1`, `write ${V2}/cgroup.freeze 0`],
  );
});

test('a threaded group is killed through its threads', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  fs.spawn(V2);
  fs.group(V2).type = 'threaded';
  assert.equal(await groups.kill({ clock: fakeClock() }), true);
});

test('on v1 what the container froze below is thawed, so that it can die', async () => {
  const fs = v1Board();
  const path = '/sys/fs/cgroup/freezer/c';
  fs.mkdir(path);
  fs.mkdir(`${path}/sub`);
  const pid = fs.spawn(`${path}/sub`);
  fs.write(`${path}/sub/freezer.state`, 'FROZEN');
  const groups = new AcquiredGroups(fs, [{ controllers: ['freezer'], version: 1, path }], { signal: fs.signal });
  assert.equal(await groups.kill({ clock: fakeClock() }), true);
  assert.equal(fs.alive(pid), false);
});

test('on v1 a process in one hierarchy only is killed too', async () => {
  const fs = v1Board();
  const groups = acquire(fs);
  const pid = fs.spawn('/sys/fs/cgroup/cpuacct/thuban/c-app@1.0.0');
  assert.equal(groups.populated(), true);
  assert.equal(await groups.kill({ clock: fakeClock() }), true);
  assert.equal(fs.alive(pid), false);
});

test('forks between two rounds are caught by the next one', async () => {
  const fs = v1Board();
  const memory = acquire(fs).memory?.path ?? '';
  let forks = 5;
  const groups = new AcquiredGroups(fs, [{ controllers: ['memory'], version: 1, path: memory }], {
    signal: (pid) => {
      if (forks-- > 0) fs.spawn(memory);
      fs.signal(pid);
    },
  });
  fs.spawn(memory);
  assert.equal(await groups.kill({ clock: fakeClock() }), true);
  assert.equal(groups.populated(), false);
});

test('what cannot be killed ends the attempt at its time, without an exception', async () => {
  const fs = v2Board();
  const groups = acquire(fs);
  const pid = fs.spawn(V2);
  fs.stick(pid);
  const clock = fakeClock();
  assert.equal(await groups.kill({ clock, timeout: 300 }), false);
  assert.ok(clock.slept >= 300 && clock.slept < 400);
  fs.stick(pid, false);
  assert.deepEqual(await groups.remove(clock), []);
});

test('nothing outside is ever signalled', () => {
  const fs = v1Board();
  const signalled: number[] = [];
  const memory = acquire(fs).memory?.path ?? '';
  const read = fs.read.bind(fs);
  fs.read = (path) => (path === `${memory}/cgroup.procs` ? `0\n1\n${process.pid}\n4242\n` : read(path));
  new AcquiredGroups(fs, [{ controllers: ['memory'], version: 1, path: memory }], {
    signal: (pid) => signalled.push(pid),
  }).killOnce();
  assert.deepEqual(signalled, [4242]);
});
