import assert from 'node:assert/strict';
import { chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import type { ContainerStats } from '../../../src/runtime/index.ts';
import { wholeDiskOf } from '../../../src/runtime/doctor/disk.ts';
import { ratesOf } from '../../../src/cli/stats/rates.ts';
import { Cli } from '../../support/cli.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const MIB = 1024 * 1024;

async function trial(body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon();
    await body(daemon);
  });
}

async function statsOf(daemon: TestDaemon, name: string): Promise<ContainerStats> {
  for await (const stats of daemon.client.stats(name)) return stats;
  throw new Error(`no stats of ${name}`);
}

async function logged(daemon: TestDaemon, name: string, line: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    if (daemon.hasLog(name, line)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} did not write ${line}`);
}

describe('stats', needsRoot(), () => {
  test('are what a container does: memory used, processor time burnt under its quota, forks refused', async () => {
    await trial(async (daemon) => {
      // What has no line end yet is kept by tail; a shell is refused further children, and then spins.
      const script = [
        '(head -c 12582912 /dev/zero; exec sleep 600) | tail > /dev/null &',
        '(for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 600 & done) 2> /dev/null',
        'echo ready; while :; do :; done',
      ].join('\n');
      daemon.add('busy', script, {
        autostart: 'relaxed',
        cgroups: {
          memory: { memory_hard_limit: 64 * MIB },
          cpu: { quota: 20_000, period: 100_000 },
          pids: { limit: 8 },
        },
      });
      daemon.add('idle', 'exec sleep 600', { autostart: 'relaxed' });
      await daemon.start();
      await daemon.reached('busy', 'running');
      await logged(daemon, 'busy', 'ready');
      for (const end = Date.now() + 60_000; Number((await statsOf(daemon, 'busy')).memory?.anon) < 12 * MIB;)
        assert.ok(Date.now() < end, 'it does not use 12 MiB');
      const samples: ContainerStats[] = [];
      const stop = new AbortController();
      for await (const sample of daemon.client.stats('busy', { follow: true, interval: 2 }, stop.signal)) {
        samples.push(sample);
        if (samples.length === 2) stop.abort();
      }
      const [before, after] = samples;
      assert.ok(before && after);
      const { memory, cpu, pids } = after;
      assert.ok(memory !== null && cpu !== null && pids !== null);
      assert.equal(memory.limit, 64 * MIB);
      assert.ok(Number(memory.usage) >= 12 * MIB && Number(memory.usage) < 64 * MIB, JSON.stringify(memory));
      assert.ok(Number(memory.anon) >= 12 * MIB && Number(memory.working_set) >= 12 * MIB);
      assert.ok(memory.peak === null || Number(memory.peak) >= Number(memory.anon));
      assert.equal(memory.events.oom_kill, 0);
      assert.deepEqual([cpu.quota_us, cpu.period_us], [20_000, 100_000]);
      const rates = ratesOf(before, after);
      // Its quota is 20 %; a busy board gives it less.
      assert.ok((rates?.cpu_percent ?? 0) > 2 && (rates?.cpu_percent ?? 0) < 25, JSON.stringify(rates));
      assert.ok((rates?.throttled_percent ?? 0) > 50, JSON.stringify(rates));
      assert.ok(
        Math.abs(Number(cpu.user_us) + Number(cpu.system_us) - Number(cpu.usage_us)) < 200_000,
        JSON.stringify(cpu),
      );
      assert.equal(pids.limit, 8);
      assert.ok(Number(pids.current) >= 3 && Number(pids.current) <= 8, JSON.stringify(pids));
      assert.ok(pids.max_events === null || Number(pids.max_events) >= 1, JSON.stringify(pids));
      assert.equal(after.psi === null, after.cgroups === 'v1');

      const idle = await statsOf(daemon, 'idle');
      assert.equal(idle.memory?.unlimited, true);
      assert.equal(idle.pids?.current, 1);
      await daemon.client.stop('idle');
      await assert.rejects(statsOf(daemon, 'idle'), { code: 'TH6005' });
      const all: string[][] = [];
      for await (const { containers } of daemon.client.allStats()) all.push(containers.map(({ id }) => id));
      assert.deepEqual(all, [['busy:1.0.0']]);
    });
  });

  const disk = wholeDiskOf(tmpdir());
  test(
    'count what is read from and written to a disk',
    { skip: disk === undefined ? `${tmpdir()} lies on no disk of its own` : false },
    async () => {
      await trial(async (daemon) => {
        chmodSync(daemon.shared, 0o777);
        const script = [
          'dd if=/dev/zero of=/shared/f bs=1M count=8 oflag=direct conv=fsync 2>&1',
          'dd if=/shared/f of=/dev/null bs=1M iflag=direct 2>&1',
          'echo done; sleep 600',
        ].join('\n');
        const { major = 0, minor = 0 } = disk ?? {};
        daemon.add('disk', script, {
          autostart: 'relaxed',
          // Far beyond what any disk does: on v1 a limit is what puts a container into a group of blkio.
          cgroups: { blkio: { throttle_read_bps_device: [{ major, minor, rate: 1_000_000_000_000 }] } },
          mounts: { '/shared': { type: 'bind', host: daemon.shared, options: 'rw' } },
        });
        await daemon.start();
        await daemon.reached('disk', 'running');
        await logged(daemon, 'disk', 'done');
        const { io } = await statsOf(daemon, 'disk');
        const found = io?.find(({ device }) => device === `${major}:${minor}`);
        assert.ok(Number(found?.rbytes) >= 8 * MIB && Number(found?.wbytes) >= 8 * MIB, JSON.stringify(io));
        assert.ok(Number(found?.rios) >= 8 && Number(found?.wios) >= 8, JSON.stringify(io));
      });
    },
  );

  test('followed, they go on over a restart, and end when the container is taken out', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('calm', 'exec sleep 600', { autostart: 'relaxed' });
      await daemon.start();
      await daemon.reached('calm', 'running');
      const pids = new Set<number>();
      let restarted = false;
      for await (const { pid } of daemon.client.stats('calm', { follow: true, interval: 0.1 })) {
        pids.add(pid);
        if (!restarted) void daemon.client.restart('calm', { timeout: 0 });
        else if (pids.size === 2) rmSync(file, { force: true });
        restarted = true;
      }
      assert.equal(pids.size, 2);
    });
  });

  test('are printed by the command, with a row for each that runs', async () => {
    await trial(async (daemon) => {
      daemon.add('calm', 'exec sleep 600', {
        autostart: 'relaxed',
        cgroups: { memory: { memory_hard_limit: 32 * MIB } },
      });
      await daemon.start();
      await daemon.reached('calm', 'running');
      using cli = new Cli(['stats', '--interval', '200ms', '--socket', daemon.socket]);
      const { code, stdout } = await cli.ended;
      assert.equal(code, 0);
      assert.match(stdout, /^NAME .*\ncalm +\d[\d.]*% +- +- +\S+ \S+ +\S+ \S+ +32 MiB +1 /);
    });
  });
});
