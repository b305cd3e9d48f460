import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { describe, test } from 'node:test';
import { LauncherClient, type PressureReport } from '../../../src/launcher/index.ts';
import { Frame, Reader } from '../../../src/launcher/wire.ts';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { READS_TOO_MUCH, SCARCE } from '../../support/containers.ts';
import { RawController, spawnShell, withLauncher, type Bench } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';

const { cgroups, psi } = gatherFacts();
const memory = cgroups.controllers['memory'];
const NAME = `thuban-test-${process.pid}`;
/** Any wait for memory is told; this window needs no CAP_SYS_RESOURCE. */
const TRIGGER = 'some 1000 2000000';
const WINDOW_MS = 2000;
/** An emulated board takes seconds for each. */
const STARTS = process.env['THUBAN_EMULATED'] === undefined ? 200n : 30n;

function needs(what: 'psi' | 'v1'): { skip: string | false } {
  if (geteuid?.() !== 0) return { skip: 'needs root and a real kernel: sudo npm test' };
  if (what === 'v1') return { skip: memory?.version === 1 ? false : 'needs a memory controller on cgroups v1' };
  return { skip: cgroups.unified !== undefined && psi === true ? false : 'needs cgroups v2 and a kernel with PSI' };
}

/** A group in the v2 tree, of which PSI keeps account whatever its controllers, and one for memory where that is on v1. */
interface Place {
  pressure: string;
  level: string;
  joins: { unified?: string; tasks: string[] };
}

async function inGroups(body: (bench: Bench, place: Place) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    const unified = cgroups.unified === undefined ? undefined : join(cgroups.unified.mountpoint, NAME);
    const onV1 = memory?.version === 1 ? join(memory.mountpoint, NAME) : undefined;
    const made = [unified, onV1].filter((path) => path !== undefined);
    for (const path of made) mkdirSync(path);
    if (onV1 !== undefined) writeFileSync(join(onV1, 'memory.limit_in_bytes'), String(SCARCE));
    else if (unified !== undefined) {
      // Of the root, which may hold processes and hand controllers down all the same.
      writeFileSync(join(cgroups.unified?.mountpoint ?? '', 'cgroup.subtree_control'), '+memory');
      writeFileSync(join(unified, 'memory.max'), String(SCARCE));
    }
    try {
      await withLauncher(20, (bench) =>
        body(bench, {
          pressure: join(unified ?? '', 'memory.pressure'),
          level: join(onV1 ?? '', 'memory.pressure_level'),
          joins: {
            ...(unified === undefined ? {} : { unified }),
            tasks: onV1 === undefined ? [] : [join(onV1, 'tasks')],
          },
        }),
      );
    } finally {
      for (const path of made) {
        await until(`${path} is empty`, () => readFileSync(join(path, 'cgroup.procs'), 'utf8') === '');
        rmdirSync(path);
      }
    }
  });
}

function descriptors({ client }: Bench): number {
  return readdirSync(`/proc/${client.pid}/fd`).length;
}

describe('a PSI trigger that the launcher holds', needs('psi'), () => {
  test('speaks once, is silent until it is armed again, and goes with its container', async () => {
    await inGroups(async (bench, { pressure, joins }) => {
      const { client } = bench;
      const before = descriptors(bench);
      assert.equal(await client.monitor(1n, 'some', pressure, TRIGGER), 'OK');
      const reports: PressureReport[] = [];
      const { exited } = await spawnShell(bench, 1n, READS_TOO_MUCH, {
        joins,
        onPressure: (report) => reports.push(report),
      });
      await until('the kernel tells of pressure', () => reports.length === 1);
      // In all that time it does not speak again.
      await new Promise((done) => setTimeout(done, 2.5 * WINDOW_MS));
      assert.equal(reports.length, 1);
      assert.deepEqual(reports[0], { kind: 'some', count: 1 });
      assert.equal(await client.monitor(1n, 'some'), 'OK');
      await until('it is heard again', () => reports.length === 2);
      assert.ok((reports[1]?.count ?? 0) >= 1);
      await client.signal(1n, 9);
      await exited;
      assert.equal(await client.monitor(1n, 'some'), 'ENOENT', 'it went with its container');
      assert.equal(await client.monitor(1n, 'some', pressure, TRIGGER), 'ESRCH');
      await client.release(1n);
      assert.equal(descriptors(bench), before);
    });
  });

  test('is refused with the kernel’s own error, and is one of its kind', async () => {
    await inGroups(async ({ client }, { pressure }) => {
      for (const text of ['some 1000 12000000', 'some 0 2000000', 'much 1 2000000', 'some 3000000 2000000'])
        assert.equal(await client.monitor(1n, 'some', pressure, text), 'EINVAL', text);
      assert.equal(await client.monitor(1n, 'some', join(pressure, '../nothing'), TRIGGER), 'ENOENT');
      assert.equal(await client.monitor(1n, 'some'), 'ENOENT');
      assert.equal(await client.monitor(1n, 'some', pressure, TRIGGER), 'OK');
      assert.equal(await client.monitor(1n, 'some', pressure, TRIGGER), 'EEXIST');
      assert.equal(await client.monitor(1n, 'full', pressure, 'full 1000 2000000'), 'OK');
      await client.release(1n);
      assert.equal(await client.monitor(1n, 'some'), 'ENOENT', 'released before it was spawned');
    });
  });

  test('goes with a controller that did not start its container, and with a start that failed', async () => {
    await inGroups(async (bench, { pressure }) => {
      const { client, runDir } = bench;
      const before = descriptors(bench);
      await client.monitor(1n, 'some', pressure, TRIGGER);
      await assert.rejects(spawnShell(bench, 1n, '', { joins: { tasks: ['/nonexistent/tasks'] } }));
      assert.equal(descriptors(bench), before);
      await client.monitor(2n, 'some', pressure, TRIGGER);
      assert.equal(descriptors(bench), before + 1);
      client.close();
      const next = await LauncherClient.connect(runDir, client.build);
      assert.equal(await next.monitor(2n, 'some'), 'ENOENT');
      assert.equal(descriptors(bench), before);
      next.close();
    });
  });

  test('is heard by a daemon that takes the container over, but not by one of the first protocol', async () => {
    await inGroups(async (bench, { pressure, joins }) => {
      const { client, runDir } = bench;
      await client.monitor(1n, 'some', pressure, TRIGGER);
      let told = 0;
      await spawnShell(bench, 1n, READS_TOO_MUCH, { joins, onPressure: () => told++ });
      // The kernel tells it once in a window, so that this one comes when the client is gone.
      if (told > 0) await client.monitor(1n, 'some');
      client.close();
      const old = new RawController(runDir);
      old.hello(1, 1);
      await old.saw(Frame.HELLO);
      await new Promise((done) => setTimeout(done, 1.5 * WINDOW_MS));
      assert.ok(old.received.every(({ type }) => type !== Frame.PRESSURE));
      old.socket.destroy();
      await old.closed;
      const next = new RawController(runDir);
      next.hello();
      const r = new Reader((await next.saw(Frame.PRESSURE)).payload);
      assert.deepEqual([r.u64(), r.u32()], [1n, 0]);
      next.socket.destroy();
      await next.closed;
    });
  });

  test('leaves nothing in the launcher after many starts', async () => {
    await inGroups(async (bench, { pressure, joins }) => {
      const { client } = bench;
      let before: number | undefined;
      for (let id = 1n; id <= STARTS; id++) {
        for (const kind of ['some', 'full'] as const)
          assert.equal(await client.monitor(id, kind, pressure, `${kind} 1000 2000000`), 'OK');
        const { exited } = await spawnShell(bench, id, 'exit 0', { joins, stdout: 'discard', stderr: 'discard' });
        await exited;
        await client.release(id);
        before ??= descriptors(bench);
      }
      assert.equal(descriptors(bench), before);
    });
  });
});

describe('a pressure level of cgroups v1 that the launcher holds', needs('v1'), () => {
  test('is told with how often the kernel said so, and counted on while it is silent', async () => {
    await inGroups(async (bench, { level, joins }) => {
      const { client } = bench;
      assert.equal(await client.monitor(1n, 'level', level, 'extreme'), 'EINVAL');
      assert.equal(await client.monitor(1n, 'level', level, 'low'), 'OK');
      const reports: PressureReport[] = [];
      const { exited } = await spawnShell(bench, 1n, READS_TOO_MUCH, {
        joins,
        onPressure: (report) => reports.push(report),
      });
      await until('the kernel tells of pressure', () => reports.length === 1);
      await new Promise((done) => setTimeout(done, 1500));
      assert.equal(reports.length, 1);
      await client.monitor(1n, 'level');
      await until('it is heard again', () => reports.length === 2);
      assert.ok((reports[1]?.count ?? 0) > 1, JSON.stringify(reports));
      await client.signal(1n, 9);
      await exited;
      await client.release(1n);
    });
  });
});
