import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acquireGroups, listGroups, planCgroups } from '../../../src/cgroups/index.ts';
import { until } from '../../support/processes.ts';
import { ended, facts, fs, inside, onBoard, request, skipUnless, TOP, version, withGroups } from './board.ts';

const skip = skipUnless(version, 'memory', 'pids', ...(version === 1 ? ['cpuacct'] : []));
/** What a process of a group below writes itself into. */
const tasks = version === 1 ? 'tasks' : 'cgroup.procs';

test(
  'killing ends a whole tree of processes, with what it forked and moved away from its parent',
  { skip },
  async () => {
    await withGroups({ pids: { limit: 50 } }, async (groups) => {
      const shell = inside(groups, '(sleep 1000 & sleep 1000 & wait) & (setsid sleep 1000 &) ; wait; sleep 1000');
      await until('five processes', () => groups.pids().length >= 5);
      assert.equal(groups.populated(), true);
      assert.equal(await groups.kill(), true);
      assert.deepEqual(await ended(shell), { signal: 'SIGKILL' });
      assert.equal(groups.populated(), false);
      assert.deepEqual(groups.pids(), []);
    });
  },
);

test('killing reaches groups that the container made below its own', { skip }, async () => {
  await withGroups({}, async (groups) => {
    const memory = groups.memory?.path ?? '';
    const shell = inside(groups, `mkdir '${memory}/sub' && echo 0 > '${memory}/sub/${tasks}' && exec sleep 1000`);
    await until(
      'a process in the group below',
      () => fs.list(memory).some(({ name }) => name === 'sub') && groups.pids().length > 0,
    );
    assert.equal(await groups.kill(), true);
    await ended(shell);
  });
});

test(
  'killing reaches threaded groups below, which have no list of processes',
  { skip: version === 1 && 'the groups of this board are on v1' },
  async () => {
    await withGroups({}, async (groups) => {
      const path = groups.joins.find((join) => join.version === 2)?.path ?? '';
      const below = `${path}/threads`;
      const script = `mkdir '${below}' && echo threaded > '${below}/cgroup.type' && echo 0 > '${below}/cgroup.threads'`;
      const shell = inside(groups, `${script} && exec sleep 1000`);
      const isThere = (): boolean => fs.list(path).some(({ name }) => name === 'threads');
      await until('the program is in the group below', () => isThere() && fs.read(`${below}/cgroup.threads`) !== '');
      assert.deepEqual(groups.pids(), [shell.pid]);
      assert.equal(await groups.kill(), true);
      assert.deepEqual(await ended(shell), { signal: 'SIGKILL' });
    });
  },
);

test('a group that stays busy is a leftover, not an exception, and the others are removed', { skip }, async () => {
  await onBoard(async () => {
    const groups = acquireGroups(fs, planCgroups(request({})));
    const shell = inside(groups, 'exec sleep 1000');
    try {
      await until('the process is inside', () => groups.pids().length === 1);
      const left = await groups.remove();
      assert.deepEqual(
        left.map(({ errno }) => errno),
        groups.groups.map(() => 'EBUSY'),
      );
      assert.deepEqual(left[0]?.pids, [shell.pid]);
    } finally {
      await groups.kill();
      await ended(shell);
      assert.deepEqual(await groups.remove(), []);
    }
  });
});

test('a group that holds processes refuses a second start, an empty one is made anew', { skip }, async () => {
  await onBoard(async () => {
    const plan = planCgroups(request({ pids: { limit: 7 } }));
    const groups = acquireGroups(fs, plan);
    const shell = inside(groups, 'exec sleep 1000');
    try {
      await until('the process is inside', () => groups.pids().length === 1);
      assert.throws(() => acquireGroups(fs, plan), { code: 'TH2011' });
      assert.equal(groups.pids().length, 1);
      await groups.kill();
      await ended(shell);
      fs.mkdir(`${groups.memory?.path ?? ''}/old`);
      assert.ok((groups.memoryUsage()?.peak ?? 0) > 0);
      assert.equal(acquireGroups(fs, plan).memoryUsage()?.peak, 0);
    } finally {
      await groups.kill();
      assert.deepEqual(await groups.remove(), []);
    }
  });
});

test('the groups of a container are found again by their names', { skip }, async () => {
  await withGroups({}, (groups) => {
    const found = listGroups(fs, facts, 'self', TOP);
    const name = groups.memory?.path.split('/').at(-1) ?? '';
    assert.deepEqual([...found.keys()], [name]);
    assert.deepEqual(
      found
        .get(name)
        ?.map(({ path }) => path)
        .sort(),
      groups.groups.map(({ path }) => path).sort(),
    );
  });
});

test('two hundred starts and ends leave nothing behind', { skip }, async () => {
  await onBoard(async () => {
    for (let i = 0; i < 200; i++) {
      const groups = acquireGroups(fs, planCgroups(request({ pids: { limit: 5 } })));
      assert.deepEqual(await groups.remove(), []);
    }
  });
});
