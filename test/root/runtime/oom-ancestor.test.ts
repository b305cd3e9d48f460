import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Session, gatherFacts } from '../../../src/runtime/index.ts';
import { runIn, shell, type Result } from '../../support/containers.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const MiB = 1024 * 1024;
const LIMIT = 24 * MiB;
const NAME = `thuban-test-${process.pid}`;
const EAT = 'x=0123456789abcdef; while :; do x=$x$x; done';
const { cgroups } = gatherFacts();

/** A group with a limit of its own in every hierarchy, for containers to be made in. */
async function below(body: (parent: string) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    const mounts = [...Object.values(cgroups.controllers), ...(cgroups.unified === undefined ? [] : [cgroups.unified])];
    const folders = [...new Set(mounts.map(({ mountpoint }) => join(mountpoint, NAME)))];
    const memory = cgroups.controllers['memory'];
    for (const folder of folders) mkdirSync(folder);
    try {
      const parent = join(memory?.mountpoint ?? '', NAME);
      if (memory?.version === 2) {
        writeFileSync(join(memory.mountpoint, 'cgroup.subtree_control'), '+memory');
        for (const file of ['memory.swap.max', 'memory.max']) limit(parent, file, file === 'memory.max' ? LIMIT : 0);
      } else for (const file of ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes']) limit(parent, file, LIMIT);
      await body(parent);
    } finally {
      for (const folder of folders) rmdirSync(folder);
    }
  });
}

/** A kernel without swap has no file for it. */
function limit(group: string, file: string, bytes: number): void {
  try {
    writeFileSync(join(group, file), String(bytes), { flag: 'r+' });
  } catch (error) {
    if (!/swap|memsw/.test(file)) throw error;
  }
}

describe('a container that a limit above it killed', needsRoot(), () => {
  test('says so in its event and its exit, with the group and its limit', async () => {
    await below(async (parent) => {
      const memory = { memory_hard_limit: 512 * MiB, memory_swap_limit: 512 * MiB };
      let result: Result | undefined;
      {
        await using session = await Session.open({ prefix: 'thuban-test-', parent });
        result = await runIn(session, shell(EAT, { cgroups: { memory } }));
      }
      const { exit, events } = result;
      assert.deepEqual([exit.reason, exit.signal], ['oom_killed', 'SIGKILL']);
      const { kills, ...told } = exit.oom ?? assert.fail();
      assert.ok(kills >= 1);
      const ancestor = { group: `/${NAME}`, path: parent, limit: LIMIT };
      assert.deepEqual(told, { cause: 'ancestor', limit: 512 * MiB, ancestor });
      const event = events.find(({ type }) => type === 'oom');
      assert.ok(event?.type === 'oom');
      assert.deepEqual([event.oom.cause, event.oom.ancestor], ['ancestor', ancestor]);
    });
  });

  test('is told as before of one that its own limit killed', async () => {
    await below(async (parent) => {
      const memory = { memory_hard_limit: 8 * MiB, memory_swap_limit: 8 * MiB };
      await using session = await Session.open({ prefix: 'thuban-test-', parent });
      const { exit } = await runIn(session, shell(EAT, { cgroups: { memory } }));
      assert.deepEqual([exit.oom?.cause, exit.oom?.limit, exit.oom?.ancestor], ['own_limit', 8 * MiB, undefined]);
    });
  });

  test('is known to a daemon that had not begun its run', async () => {
    await below(async (parent) => {
      await using daemon = new TestDaemon('daemon: {lease: 5 min}\n');
      daemon.add('eater', `trap '${EAT}' USR1; while :; do sleep 0.1; done`);
      await daemon.start({ args: ['--cgroup-parent', parent] });
      await daemon.client.start('eater');
      await daemon.signal('SIGKILL');
      await daemon.start({ args: ['--cgroup-parent', parent] });
      await daemon.told('adopted', 'eater:1.0.0');
      await daemon.client.kill('eater', { signal: 'SIGUSR1' });
      const [told] = await daemon.told('exited', 'eater:1.0.0');
      const exit = told?.['exit'] as { reason: string; oom?: { cause: string; ancestor?: { group: string } } };
      assert.deepEqual(
        [exit.reason, exit.oom?.cause, exit.oom?.ancestor?.group],
        ['oom_killed', 'ancestor', `/${NAME}`],
      );
      assert.match(daemon.log, new RegExp(`limit 24 MiB of /${NAME} reached`));
    });
  });
});
