import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { describe, test } from 'node:test';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';

const facts = gatherFacts().cgroups;
const MiB = 1024 ** 2;
const TOP = facts.unified?.mountpoint ?? '';
const UNIT = join(TOP, `thuban-test-${process.pid}`);
const CONFIG = 'cgroups: {supervisor_memory_min: 32 MiB}\ndaemon: {lease: 20 s}\n';

function needs(version: 1 | 2): { skip: string | false } {
  if (geteuid?.() !== 0) return { skip: 'needs root and a real kernel: sudo npm test' };
  const found = facts.controllers['memory']?.version;
  return { skip: found === version ? false : `the memory controller of this board is on ${found ?? 'nothing'}` };
}

function min(group: string): number {
  return Number(readFileSync(join(group, 'memory.min'), 'utf8'));
}

function procs(group: string): number[] {
  return readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

/** Warnings TH2016 of the daemon's log. */
function warnings(daemon: TestDaemon): string[] {
  return daemon.log
    .split('\n')
    .filter((line) => line.includes('TH2016') && line.startsWith('{"level":"warn"'))
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

/** Groups below the root, each with the memory controller and this much of memory.min. */
async function inGroups(groups: Record<string, number>, body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    const before = readFileSync(join(TOP, 'cgroup.subtree_control'), 'utf8').includes('memory');
    if (!before) writeFileSync(join(TOP, 'cgroup.subtree_control'), '+memory');
    const paths = Object.keys(groups).map((name) => UNIT + name);
    for (const [i, path] of paths.entries()) {
      mkdirSync(path);
      writeFileSync(join(path, 'memory.min'), String(Object.values(groups)[i]));
      if (i < paths.length - 1) writeFileSync(join(path, 'cgroup.subtree_control'), '+memory');
    }
    try {
      await using daemon = new TestDaemon(CONFIG);
      daemon.add('a', 'exec sleep 1000', { cgroups: { memory: { memory_hard_limit: 16 * MiB } } });
      await body(daemon);
    } finally {
      for (const path of paths.reverse()) rmdirSync(path);
    }
  });
}

describe('memory of the supervisor on cgroups v2', needs(2), () => {
  test('is protected in a group that was delegated with as much, until the orderly end', async () => {
    await inGroups({ '': 64 * MiB }, async (daemon) => {
      await daemon.start({ group: UNIT });
      const leaf = join(UNIT, 'thuban-supervisor');
      assert.deepEqual([min(UNIT), min(leaf)], [64 * MiB, 32 * MiB]);
      const launcher = (await daemon.client.version()).launcher.pid;
      await daemon.client.start('a');
      // Daemon, launcher and init; the program is in its own group.
      assert.equal(procs(leaf).length, 3);
      for (const pid of [daemon.pid, launcher]) assert.ok(procs(leaf).includes(pid));
      assert.deepEqual(warnings(daemon), []);
      await daemon.signal('SIGTERM');
      assert.deepEqual([existsSync(leaf), min(UNIT)], [false, 64 * MiB]);
    });
  });

  test('is bounded by a group above that protects less, which is named with its value', async () => {
    await inGroups({ '': 8 * MiB, '/unit': 0, '/unit/thuban-supervisor': 0 }, async (daemon) => {
      const unit = join(UNIT, 'unit');
      const leaf = join(unit, 'thuban-supervisor');
      await daemon.start({ group: leaf, env: { INVOCATION_ID: 'x' } });
      assert.deepEqual([min(UNIT), min(unit), min(leaf)], [8 * MiB, 0, 32 * MiB]);
      assert.deepEqual(warnings(daemon), [
        `0 B of the supervisor's memory are protected, not 32 MiB: memory.min is 8 MiB in ${UNIT}, 0 B in ${unit}`,
      ]);
      await daemon.signal('SIGTERM');
      assert.equal(min(leaf), 0);
    });
  });

  test('goes back to what it was before the first of several daemons', async () => {
    await inGroups({ '': 64 * MiB, '/thuban-supervisor': 4 * MiB }, async (daemon) => {
      const leaf = join(UNIT, 'thuban-supervisor');
      await daemon.start({ group: leaf });
      await daemon.client.start('a');
      await daemon.signal('SIGKILL');
      assert.equal(min(leaf), 32 * MiB);
      await daemon.start({ group: leaf });
      assert.equal(min(leaf), 32 * MiB);
      await daemon.signal('SIGKILL');
      daemon.configure('daemon: {lease: 20 s}\n');
      await daemon.start({ group: leaf });
      assert.equal(min(leaf), 4 * MiB, 'the configuration asks for nothing any more');
      await daemon.signal('SIGTERM');
      assert.equal(min(leaf), 4 * MiB);
    });
  });

  test('is protected below the true root as well: the leaf is made there', async () => {
    await inGroups({}, async (daemon) => {
      await daemon.start({ group: TOP });
      const leaf = join(TOP, 'thuban-supervisor');
      assert.equal(min(leaf), 32 * MiB);
      assert.ok(procs(leaf).includes(daemon.pid));
      await daemon.client.start('a');
      assert.deepEqual(
        (await daemon.client.container('a')).groups?.map(({ path }) => path),
        [join(TOP, 'thuban/c-a@1.0.0')],
      );
      // The next one is started in the root group again, and takes the place beside launcher and init.
      await daemon.signal('SIGKILL');
      await daemon.start({ group: TOP });
      assert.equal(procs(leaf).length, 3);
      assert.deepEqual(warnings(daemon), []);
      await daemon.signal('SIGTERM');
      assert.equal(existsSync(leaf), false);
    });
  });

  test('is protected through groups between the one the daemon was started in and the parent', async () => {
    await inGroups({ '': 64 * MiB, '/inner': 0, '/inner/parent': 0 }, async (daemon) => {
      const inner = join(UNIT, 'inner');
      const parent = join(inner, 'parent');
      // The group that hands controllers down may hold no process, so that the daemon begins in one beside them.
      await daemon.start({ group: TOP, args: ['--cgroup-parent', parent] });
      const leaf = join(parent, 'thuban-supervisor');
      assert.deepEqual(
        [UNIT, inner, parent, leaf].map(min),
        [64, 32, 32, 32].map((size) => size * MiB),
      );
      assert.deepEqual(warnings(daemon), []);
      await daemon.signal('SIGTERM');
      assert.deepEqual([UNIT, inner, parent].map(min), [64 * MiB, 0, 0]);
      assert.equal(existsSync(leaf), false);
    });
  });

  test('cannot be protected where systemd keeps the daemon apart, and that is told', async () => {
    await inGroups({ '': 64 * MiB }, async (daemon) => {
      await daemon.start({ group: UNIT, env: { INVOCATION_ID: 'x' } });
      assert.equal(warnings(daemon).length, 1);
      assert.match(warnings(daemon)[0] ?? '', /is not protected: systemd keeps it in .*thuban-test/);
      assert.match(daemon.log, /DelegateSubgroup=thuban-supervisor/);
      assert.deepEqual(procs(UNIT), [daemon.pid, (await daemon.client.version()).launcher.pid]);
      assert.equal(existsSync(join(TOP, 'thuban-supervisor')), false);
    });
  });
});

describe('memory of the supervisor on cgroups v1', needs(1), () => {
  test('cannot be protected, and that is told at the start', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon(CONFIG);
      await daemon.start();
      assert.deepEqual(warnings(daemon), [
        'the memory of the supervisor is not protected: cgroups v1 has nothing like memory.min',
      ]);
    });
  });
});
