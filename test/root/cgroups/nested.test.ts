import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AcquiredGroups } from '../../../src/cgroups/index.ts';
import { until } from '../../support/processes.ts';
import { ended, facts, fs, inside, skipUnless, version, withGroups } from './board.ts';

const skip = skipUnless(version, 'memory', 'pids');
/** What a process of a group below writes itself into. */
const tasks = version === 1 ? 'tasks' : 'cgroup.procs';
const freezer = facts.controllers['freezer'];
const LEVELS = ['a b', 'c:d', 'e', "f'g", 'h,i', 'j=k', 'l%m', 'n#o', 'p@q', 'r\\s'];

function memoryOf(groups: AcquiredGroups): string {
  return groups.memory?.path ?? '';
}

/** Where a container could freeze a part of itself. */
function freezing(groups: AcquiredGroups): { path: string; file: string; freeze: string } {
  const group = groups.freezer;
  assert.ok(group);
  return {
    path: group.path,
    ...(group.version === 1 ? { file: 'freezer.state', freeze: 'FROZEN' } : { file: 'cgroup.freeze', freeze: '1' }),
  };
}

/** With `cgroup.kill`, and as before Linux 5.14, where every process has to be signalled. */
const WAYS = version === 1 ? (['on v1'] as const) : (['with cgroup.kill', 'without cgroup.kill'] as const);

for (const way of WAYS) {
  const nested: typeof withGroups = async (resources, body) => {
    const write = fs.write.bind(fs);
    if (way === 'without cgroup.kill')
      fs.write = (file, text) => {
        if (file.endsWith('/cgroup.kill')) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
        write(file, text);
      };
    try {
      await withGroups(resources, body);
    } finally {
      fs.write = write;
    }
  };

  test(
    `ten levels below, with names of all kinds and a process in the last, are killed and removed, ${way}`,
    { skip },
    async () => {
      await nested({}, async (groups) => {
        let path = memoryOf(groups);
        for (const level of LEVELS) fs.mkdir((path = `${path}/${level}`));
        const shell = inside(groups, 'exec sleep 1000');
        await until('it is inside', () => groups.pids().includes(shell.pid ?? -1));
        fs.write(`${path}/${tasks}`, String(shell.pid));
        assert.deepEqual(groups.pids(), [shell.pid]);
        assert.equal(await groups.kill(), true);
        assert.deepEqual(await ended(shell), { signal: 'SIGKILL' });
      });
    },
  );

  test(
    `what the container froze below its own group dies all the same, ${way}`,
    { skip: skip || (version === 1 && freezer === undefined && 'there is no freezer') },
    async () => {
      await nested({}, async (groups) => {
        const { path, file, freeze } = freezing(groups);
        const below = [join(path, 'x'), join(path, 'x', 'y z')];
        for (const folder of below) fs.mkdir(folder);
        const shell = inside(groups, 'exec sleep 1000');
        await until('it is inside', () => groups.pids().includes(shell.pid ?? -1));
        fs.write(`${below[1] ?? ''}/${tasks}`, String(shell.pid));
        for (const folder of below) fs.write(`${folder}/${file}`, freeze);
        assert.equal(await groups.kill(), true);
        assert.deepEqual(await ended(shell), { signal: 'SIGKILL' });
      });
    },
  );

  test(`a paused tree, with what it stopped and forked before, dies with one kill, ${way}`, { skip }, async () => {
    await nested({ pids: { limit: 60 } }, async (groups) => {
      const shell = inside(
        groups,
        '(sleep 1000 & kill -STOP $! ; wait) & i=0; while [ $i -lt 20 ]; do sleep 1000 & i=$((i+1)); done; wait',
      );
      await until('all run', () => groups.pids().length >= 22);
      assert.deepEqual(await groups.freeze(), { outcome: 'frozen' });
      assert.equal(await groups.kill(), true);
      assert.deepEqual(await ended(shell), { signal: 'SIGKILL' });
    });
  });

  test(`a fork bomb is held whole: nothing is born while it is paused, ${way}`, { skip }, async () => {
    await nested({ pids: { limit: 40 } }, async (groups) => {
      const shell = inside(groups, 'bomb() { while :; do /bin/true & done; }; bomb & bomb & bomb');
      await until('it forks', () => groups.pids().length > 5);
      assert.deepEqual(await groups.freeze(), { outcome: 'frozen' });
      const before = groups.pids().sort();
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual(groups.pids().sort(), before);
      assert.deepEqual(await groups.thaw(), { outcome: 'thawed' });
      await until('it goes on', () => groups.pids().some((pid) => !before.includes(pid)));
      assert.equal(await groups.kill(), true);
      await ended(shell);
    });
  });

  test(`a process that was put into the group from outside is killed with the others, ${way}`, { skip }, async () => {
    await nested({}, async (groups) => {
      const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
      fs.write(`${memoryOf(groups)}/cgroup.procs`, String(stranger.pid));
      assert.deepEqual(groups.pids(), [stranger.pid]);
      assert.equal(await groups.kill(), true);
      assert.deepEqual(await ended(stranger), { signal: 'SIGKILL' });
    });
  });
}
