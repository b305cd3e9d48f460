import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AcquiredGroups, type FakeKernelFs, type Group } from '../../../src/cgroups/index.ts';
import { v1Board, v2Board } from './fake-boards.ts';
import { sleepingClock } from './sleeping-clock.ts';

const GROUPS: Record<1 | 2, Group> = {
  1: { version: 1, controllers: ['freezer'], path: '/sys/fs/cgroup/freezer/thuban/c' },
  2: { version: 2, controllers: [], path: '/sys/fs/cgroup/thuban/c' },
};
const FILE = { 1: 'freezer.state', 2: 'cgroup.freeze' } as const;
const FREEZE = { 1: 'FROZEN', 2: '1' } as const;
const THAW = { 1: 'THAWED', 2: '0' } as const;

interface Bench {
  fs: FakeKernelFs;
  group: Group;
  groups: AcquiredGroups;
  pid: number;
  clock: ReturnType<typeof sleepingClock>;
  /** What was written into the freezer's files, as `group value`. */
  written: () => string[];
}

function bench(version: 1 | 2): Bench {
  const fs = version === 1 ? v1Board() : v2Board();
  const group = GROUPS[version];
  fs.mkdir(group.path.slice(0, -2));
  fs.mkdir(group.path);
  const pid = fs.spawn(group.path);
  const groups = new AcquiredGroups(fs, [group], { signal: fs.signal });
  const pattern = new RegExp(`^write /sys/fs/cgroup(/\\S*)/${FILE[version]} (.*)$`);
  const written = (): string[] => fs.log.flatMap((line) => pattern.exec(line)?.slice(1).join(' ') ?? []);
  return { fs, group, groups, pid, clock: sleepingClock(), written };
}

for (const version of [1, 2] as const)
  describe(`the freezer of v${version}`, () => {
    const freeze = FREEZE[version];
    const thaw = THAW[version];

    test('holds a group and lets it go on', async () => {
      const { fs, group, groups, clock } = bench(version);
      assert.deepEqual(groups.freezerState(), { state: 'thawed', self: false });
      assert.deepEqual(await groups.freeze({ clock }), { outcome: 'frozen' });
      assert.deepEqual(groups.freezerState(), { state: 'frozen', self: true });
      assert.equal(fs.read(`${group.path}/${FILE[version]}`).trim(), freeze);
      assert.deepEqual(await groups.thaw({ clock }), { outcome: 'thawed' });
      assert.deepEqual([groups.freezerState(), clock.slept], [{ state: 'thawed', self: false }, 0]);
    });

    test('is thawed again, and tells what does not come to rest, when its time is over', async () => {
      const { fs, groups, pid, clock, written } = bench(version);
      fs.stick(pid);
      fs.files.set(`/proc/${pid}/stat`, `${pid} (cp (old)) D 1 1`);
      fs.files.set(`/proc/${pid}/wchan`, 'nfs_wait_bit_killable');
      assert.deepEqual(await groups.freeze({ clock, timeout: 300 }), {
        outcome: 'timeout',
        running: [{ pid, command: 'cp (old)', state: 'D', wchan: 'nfs_wait_bit_killable' }],
      });
      assert.equal(groups.freezerState()?.state, 'thawed');
      assert.equal(written().at(-1)?.split(' ')[1], thaw);
      assert.ok(clock.slept >= 300 && clock.slept < 350);
    });

    const seen = {
      1: { title: 'does not take for running who is held where it slept (TASK_FROZEN)', held: 'D', woken: 'D' },
      2: { title: 'tells who waits in the kernel also when the thaw wakes him for a moment', held: 'S', woken: 'R' },
    }[version];
    test(seen.title, async () => {
      const { fs, groups, pid, clock } = bench(version);
      const sleeper = fs.spawn(...groups.groups.map(({ path }) => path));
      fs.stick(pid);
      const shows = (process: number, command: string, state: string): void => {
        fs.files.set(`/proc/${process}/stat`, `${process} (${command}) ${state} 1 1`);
      };
      const write = fs.write.bind(fs);
      fs.write = (path, text) => {
        write(path, text);
        shows(sleeper, 'sleep', text === thaw ? 'S' : seen.held);
        shows(pid, 'dd', text === thaw ? seen.woken : 'D');
      };
      fs.files.set(`/proc/${sleeper}/wchan`, 'hrtimer_nanosleep');
      const freezing = await groups.freeze({ clock, timeout: 300 });
      assert.deepEqual(freezing, { outcome: 'timeout', running: [{ pid, command: 'dd', state: 'D' }] });
    });

    test('waits for a process that comes to rest late', async () => {
      const { fs, groups, pid, clock } = bench(version);
      fs.stick(pid);
      clock.at(20, () => {
        fs.stick(pid, false);
      });
      assert.deepEqual(await groups.freeze({ clock }), { outcome: 'frozen' });
      assert.ok(clock.slept >= 20 && clock.slept < 40);
    });

    test('does not go on when it is asked to stop, and leaves nothing frozen', async () => {
      const { fs, groups, pid, clock } = bench(version);
      fs.stick(pid);
      const stop = new AbortController();
      clock.at(20, () => {
        stop.abort();
      });
      assert.deepEqual(await groups.freeze({ clock, signal: stop.signal }), { outcome: 'stopped' });
      assert.equal(groups.freezerState()?.state, 'thawed');
    });

    test('of a group that is gone holds nothing', async () => {
      const { fs, group, groups, clock } = bench(version);
      await groups.kill({ clock });
      fs.rmdir(group.path);
      assert.equal(groups.freezerState(), null);
      assert.deepEqual(await groups.freeze({ clock }), { outcome: 'gone' });
      assert.deepEqual(await groups.thaw({ clock }), { outcome: 'gone' });
    });

    test('cannot be thawed from below: the group above is named', async () => {
      const { fs, group, groups, clock } = bench(version);
      const above = group.path.slice(0, -2);
      await groups.freeze({ clock });
      fs.write(`${above}/${FILE[version]}`, freeze);
      assert.deepEqual(await groups.thaw({ clock }), { outcome: 'held', by: above });
      assert.deepEqual(groups.freezerState(), { state: 'frozen', self: false });
      assert.equal(clock.slept, 0);
    });

    test('is thawed below as well where that is asked for', async () => {
      const { fs, group, groups, clock, written } = bench(version);
      fs.mkdir(`${group.path}/a b`);
      fs.mkdir(`${group.path}/a b/x:y`);
      for (const below of ['/a b', '/a b/x:y']) fs.write(`${group.path}${below}/${FILE[version]}`, freeze);
      fs.log.length = 0;
      await groups.thaw({ clock, below: true });
      const path = group.path.slice('/sys/fs/cgroup'.length);
      assert.deepEqual(
        fs.log.map((line) => line.slice('write /sys/fs/cgroup'.length)),
        ['/a b/x:y', '/a b', ''].map((below) => `${path}${below}/${FILE[version]} ${thaw}`),
      );
      assert.equal(written().length, 1); // the pattern of this bench takes no blank
    });
  });

test('v1: the wish is written anew in every round, and given up for a moment after each fiftieth', async () => {
  const { fs, groups, pid, clock, written } = bench(1);
  fs.stick(pid);
  await groups.freeze({ clock, timeout: 1000 });
  const values = written().map((line) => line.split(' ')[1]);
  const fifty = Array.from({ length: 50 }, () => 'FROZEN');
  assert.deepEqual(values.slice(0, 102), [...fifty, 'THAWED', ...fifty, 'THAWED']);
  assert.equal(values.at(-1), 'THAWED');
});

test('v2: the kernel takes in what is made meanwhile, so that one write is enough', async () => {
  const { fs, groups, pid, clock, written } = bench(2);
  fs.stick(pid);
  await groups.freeze({ clock, timeout: 1000 });
  assert.deepEqual(
    written().map((line) => line.split(' ')[1]),
    ['1', '0'],
  );
});

test('a board without a freezer has no group that can be frozen', async () => {
  const fs = v1Board();
  fs.mkdir('/sys/fs/cgroup/memory/c');
  const groups = new AcquiredGroups(fs, [{ version: 1, controllers: ['memory'], path: '/sys/fs/cgroup/memory/c' }]);
  assert.deepEqual([groups.freezer, groups.freezerState()], [undefined, null]);
  assert.deepEqual(await groups.freeze(), { outcome: 'gone' });
});
