import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { describe, test } from 'node:test';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';

const facts = gatherFacts().cgroups;

function needsUnified(): { skip: string | false } {
  if (geteuid?.() !== 0) return { skip: 'needs root and a real kernel: sudo npm test' };
  return { skip: facts.layout === 'v2' ? false : 'needs a board with cgroups v2 alone: npm run test:vm' };
}

/** A group as systemd makes it for a unit with Delegate=yes, with the leaf of DelegateSubgroup= in it. */
async function inUnit(body: (unit: string, leaf: string, daemon: TestDaemon) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    const unit = join(facts.unified?.mountpoint ?? '', `thuban-test-${process.pid}`);
    const leaf = join(unit, 'thuban-supervisor');
    mkdirSync(leaf, { recursive: true });
    try {
      await using daemon = new TestDaemon();
      daemon.add('a', 'exec sleep 1000', {
        cgroups: { memory: { memory_hard_limit: 33_554_432 }, pids: { limit: 10 } },
      });
      await body(unit, leaf, daemon);
    } finally {
      for (const folder of [leaf, unit]) rmdirSync(folder);
    }
  });
}

async function groupsOf(daemon: TestDaemon): Promise<string[]> {
  return (await daemon.client.container('a')).groups?.map(({ path }) => path) ?? [];
}

describe('a daemon in a delegated group of its own', needsUnified(), () => {
  test('puts containers beside its leaf, and can be started there again while they live', async () => {
    await inUnit(async (unit, leaf, daemon) => {
      const start = { group: leaf, env: { INVOCATION_ID: 'x' } };
      await daemon.start(start);
      const { pid } = await daemon.client.start('a');
      assert.deepEqual(await groupsOf(daemon), [`${unit}/thuban/c-a@1.0.0`]);
      assert.equal(readFileSync(`${unit}/thuban/c-a@1.0.0/memory.max`, 'utf8').trim(), '33554432');
      await daemon.signal('SIGKILL');
      await daemon.start(start);
      assert.equal((await daemon.container('a')).pid, pid);
      await daemon.client.restart('a');
      assert.deepEqual(await groupsOf(daemon), [`${unit}/thuban/c-a@1.0.0`]);
    });
  });

  test('empties the group into the leaf when it sits in the group itself', async () => {
    await inUnit(async (unit, leaf, daemon) => {
      await daemon.start({ group: unit });
      await daemon.client.start('a');
      assert.deepEqual(await groupsOf(daemon), [`${unit}/thuban/c-a@1.0.0`]);
      assert.equal(readFileSync(`${unit}/cgroup.procs`, 'utf8'), '');
      assert.ok(readFileSync(`${leaf}/cgroup.procs`, 'utf8').split('\n').includes(String(daemon.pid)));
      assert.deepEqual(await daemon.signal('SIGTERM'), { code: 0, signal: null });
      mkdirSync(leaf, { recursive: true }); // the daemon has given back what it took
    });
  });

  test('leaves the unit alone where systemd could not start it again', async () => {
    await inUnit(async (unit, _leaf, daemon) => {
      await daemon.start({ group: unit, env: { INVOCATION_ID: 'x' } });
      await daemon.client.start('a');
      assert.deepEqual(await groupsOf(daemon), [join(facts.unified?.mountpoint ?? '', 'thuban/c-a@1.0.0')]);
      assert.match(daemon.log, /DelegateSubgroup=thuban-supervisor/);
      assert.equal(readFileSync(`${unit}/cgroup.subtree_control`, 'utf8').trim(), '');
    });
  });
});
