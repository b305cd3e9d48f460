import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Failpoint } from '../../../src/base/index.ts';
import type { ContainerDetail } from '../../../src/runtime/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';
import { disk } from '../cgroups/board.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(86_700_000 + process.pid);
const MIB = 1024 * 1024;

const limits = (memory: number, pids: number): Record<string, unknown> => ({
  memory: { memory_hard_limit: memory },
  pids: { limit: pids },
});

/** What the kernel has: memory and threads. */
function inKernel({ groups = [] }: ContainerDetail): [memory: string, pids: string] {
  const read = (controller: string, ...files: string[]): string => {
    const group = groups.find(({ controllers }) => controllers.includes(controller));
    assert.ok(group, `no group for ${controller}`);
    return readFileSync(join(group.path, files[group.version - 1] ?? ''), 'utf8').trim();
  };
  return [read('memory', 'memory.limit_in_bytes', 'memory.max'), read('pids', 'pids.max', 'pids.max')];
}

const shown = (memory: number, pids: number): [string, string] => [String(memory), String(pids)];

async function trial(body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon('daemon: {lease: 10 min}\n');
    await body(daemon);
  });
}

function add(daemon: TestDaemon, cgroups: Record<string, unknown>): void {
  daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed', cgroups });
}

async function isWhole(daemon: TestDaemon, pid: number | undefined): Promise<void> {
  assert.equal((await daemon.container('a')).pid, pid);
  assert.deepEqual(processesWith(MARK), [pid]);
}

describe('limits of a container that runs', needsRoot(), () => {
  test('follow the manifest without a restart, and are known to the next daemon', async () => {
    await trial(async (daemon) => {
      add(daemon, limits(64 * MIB, 20));
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      add(daemon, limits(96 * MIB, 30));
      const { changes } = await daemon.client.apply();
      assert.deepEqual(
        changes.map(({ action, restart, result }) => [action, restart, result?.ok]),
        [['live', false, true]],
      );
      const after = await daemon.client.container('a');
      assert.deepEqual(inKernel(after), shown(96 * MIB, 30));
      assert.equal(after.usage?.memory_limit, 96 * MIB);
      await isWhole(daemon, pid);
      const [updated] = await daemon.told('updated', 'a:1.0.0');
      assert.deepEqual(
        [updated?.['how'], updated?.['changed']],
        ['live', ['cgroups.memory.memory_hard_limit', 'cgroups.pids.limit']],
      );
      assert.equal((await daemon.told('started', 'a:1.0.0')).length, 1);
      await daemon.signal('SIGKILL');
      await daemon.start();
      assert.deepEqual((await daemon.client.apply()).changes, []);
      const next = await daemon.client.container('a');
      assert.deepEqual([next.usage?.memory_limit, next.limits, next.outdated], [96 * MIB, undefined, undefined]);
      await isWhole(daemon, pid);
    });
  });

  test('that the kernel refuses leave the old ones and the old manifest in force', async (t) => {
    const present = disk();
    if (present === undefined) {
      t.skip('there is no disk whose rate could be limited');
      return;
    }
    await trial(async (daemon) => {
      const rates = (...disks: { major: number; minor: number }[]): Record<string, unknown> => ({
        blkio: { throttle_read_bps_device: disks.map(({ major, minor }) => ({ major, minor, rate: 100_000_000 })) },
      });
      add(daemon, { ...limits(64 * MIB, 20), ...rates(present) });
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      add(daemon, { ...limits(96 * MIB, 30), ...rates(present, { major: 4095, minor: 77 }) });
      const { changes } = await daemon.client.apply();
      assert.equal(changes[0]?.action, 'live');
      assert.equal(changes[0].result?.error?.['code'], 'TH2004');
      const after = await daemon.client.container('a');
      assert.deepEqual(inKernel(after), shown(64 * MIB, 20));
      assert.deepEqual(
        after.conditions.map(({ code }) => code),
        ['TH2004'],
      );
      await isWhole(daemon, pid);
    });
  });

  test('are changed by hand until the manifest changes, also with the next daemon and the next run', async () => {
    await trial(async (daemon) => {
      add(daemon, limits(64 * MIB, 20));
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      const updated = await daemon.client.update('a', limits(96 * MIB, 30));
      assert.deepEqual([updated.id, updated.differs, updated.changed.length], ['a:1.0.0', true, 2]);
      assert.deepEqual(inKernel(await daemon.client.container('a')), shown(96 * MIB, 30));
      await assert.rejects(daemon.client.update('a', { cpu: { quota: 5 } }), { code: 'TH1205' });
      await isWhole(daemon, pid);
      await daemon.signal('SIGKILL');
      await daemon.start();
      const next = await daemon.client.container('a');
      assert.deepEqual(
        next.limits?.changed.map(({ to }) => to),
        [96 * MIB, 30],
      );
      await isWhole(daemon, pid);
      await daemon.client.restart('a');
      assert.deepEqual(inKernel(await daemon.client.container('a')), shown(96 * MIB, 30));
      add(daemon, limits(80 * MIB, 20));
      await daemon.client.apply();
      const last = await daemon.client.container('a');
      assert.deepEqual([inKernel(last), last.limits], [shown(80 * MIB, 20), undefined]);
    });
  });

  const places: Failpoint[] = ['update.noted', 'update.written', 'update.recorded', 'update.saved'];
  for (const place of places) {
    for (const how of ['by hand', 'by the manifest'] as const) {
      test(`are old or new as a whole when the daemon dies at ${place}, ${how}`, async () => {
        await trial(async (daemon) => {
          add(daemon, limits(64 * MIB, 20));
          await daemon.start({ failpoint: `${place}:1` });
          const { pid } = await daemon.reached('a', 'running');
          const asked =
            how === 'by hand'
              ? daemon.client.update('a', limits(96 * MIB, 30))
              : (add(daemon, limits(96 * MIB, 30)), daemon.client.apply());
          await Promise.all([asked.catch(() => undefined), daemon.end()]);
          assert.equal((await daemon.end()).signal, 'SIGKILL', `it came to ${place}\n${daemon.log}`);
          await daemon.start();
          await daemon.client.apply();
          const isNew = how === 'by the manifest' || place === 'update.recorded' || place === 'update.saved';
          const after = await daemon.client.container('a');
          assert.deepEqual(inKernel(after), isNew ? shown(96 * MIB, 30) : shown(64 * MIB, 20));
          assert.equal(after.usage?.memory_limit, isNew ? 96 * MIB : 64 * MIB);
          assert.equal(after.limits !== undefined, isNew && how === 'by hand');
          await isWhole(daemon, pid);
          // And from there on as ever.
          await daemon.client.update('a', limits(48 * MIB, 11));
          assert.deepEqual(inKernel(await daemon.client.container('a')), shown(48 * MIB, 11));
        });
      });
    }
  }
});
