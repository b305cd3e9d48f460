import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { CgroupsSection } from '../../../src/manifest/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';
import { disk, facts } from '../cgroups/board.ts';

const devicesOn = facts.controllers['devices']?.version ?? 2;

type Rules = NonNullable<CgroupsSection['devices']>;
const NONE: Rules[number] = { allow: false, type: 'a', access: 'rwm' };
const node = (minor: number): Rules[number] => ({ allow: true, type: 'c', major: 1, minor, access: 'rw' });
const [NULL, ZERO, FULL] = [node(3), node(5), node(7)];

const limits = (pids: number, ...nodes: Rules): CgroupsSection => ({
  pids: { limit: pids },
  devices: [NONE, NULL, ...nodes],
});

/** Says once in each round which of two nodes it may open. */
const SCRIPT = `
while :; do
  zero=no full=no
  (exec 3< /dev/zero) 2> /shared/said && zero=yes
  (exec 3< /dev/full) 2> /shared/said && full=yes
  echo "$zero $full" > /shared/next && mv /shared/next /shared/now
  sleep 0.02
done`;

interface Trial {
  daemon: TestDaemon;
  pid: number | undefined;
  /** Writes the manifest with other limits. */
  add: (cgroups: CgroupsSection) => void;
  /** Waits until the program may open zero and full, or may not. */
  sees: (zero: boolean, full: boolean) => Promise<void>;
  pids: () => string;
}

async function trial(first: CgroupsSection, body: (on: Trial) => Promise<void>, failpoint?: string): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon('daemon: {lease: 10 min}\n');
    chmodSync(daemon.shared, 0o777);
    const add: Trial['add'] = (cgroups) => {
      daemon.add('a', SCRIPT, {
        autostart: 'relaxed',
        mounts: { '/shared': { type: 'bind', host: daemon.shared, options: 'rw' } },
        cgroups,
      });
    };
    add(first);
    await daemon.start(failpoint === undefined ? {} : { failpoint });
    const { pid } = await daemon.reached('a', 'running');
    const now = join(daemon.shared, 'now');
    const sees: Trial['sees'] = async (zero, full) => {
      const wanted = [zero, full].map((may) => (may ? 'yes' : 'no')).join(' ');
      rmSync(now, { force: true }); // what it says from here on
      let seen = '';
      await until(`the program sees ${wanted}`, () => {
        try {
          seen = readFileSync(now, 'utf8').trim();
        } catch {
          return false; // it has said nothing yet
        }
        return seen === wanted;
      });
    };
    const { groups = [] } = await daemon.client.container('a');
    const { path = '' } = groups.find(({ controllers }) => controllers.includes('pids')) ?? {};
    const pids = (): string => readFileSync(join(path, 'pids.max'), 'utf8').trim();
    await body({ daemon, pid, add, sees, pids });
    assert.equal((await daemon.container('a')).pid, pid, 'it was not restarted');
  });
}

describe(`rules about devices of a container that runs (v${devicesOn})`, needsRoot(), () => {
  test('follow the manifest and what is asked by hand, without a restart', async () => {
    await trial(limits(20, ZERO), async ({ daemon, add, sees, pids }) => {
      await sees(true, false);
      add(limits(30, FULL));
      const { changes } = await daemon.client.apply();
      assert.deepEqual(
        changes.map(({ action, restart, result }) => [action, restart, result?.ok]),
        [['live', false, true]],
      );
      await sees(false, true);
      assert.equal(pids(), '30');

      const dry = await daemon.client.update('a', limits(30), { dry_run: true });
      const writes = dry.writes.map(({ file, value }) => [file, value]);
      const rules = ['deny a *:* rwm', 'allow c 1:3 rw'];
      if (devicesOn === 1) assert.deepEqual([writes, dry.devices], [[['devices.deny', 'c 1:7 rw']], undefined]);
      else assert.deepEqual([writes, dry.devices?.rules.filter((line) => rules.includes(line))], [[], rules]);
      await sees(false, true);

      const updated = await daemon.client.update('a', limits(30, ZERO, FULL));
      assert.equal(updated.differs, true);
      await sees(true, true);
      await daemon.client.update('a', limits(30));
      await sees(false, false);
      await daemon.client.update('a', { pids: { limit: 30 } });
      await sees(true, true);
      assert.equal((await daemon.told('started', 'a:1.0.0')).length, 1);
    });
  });

  test('stay with the limits when one of these is refused', async (t) => {
    const present = disk();
    if (present === undefined) {
      t.skip('there is no disk whose rate could be limited');
      return;
    }
    const rates = (...disks: { major: number; minor: number }[]): CgroupsSection => ({
      blkio: { throttle_read_bps_device: disks.map(({ major, minor }) => ({ major, minor, rate: 100_000_000 })) },
    });
    await trial({ ...limits(20, ZERO), ...rates(present) }, async ({ daemon, sees, pids }) => {
      const asked = { ...limits(40, FULL), ...rates(present, { major: 4095, minor: 77 }) };
      await assert.rejects(daemon.client.update('a', asked), { code: 'TH2004', message: /the old limits stand/ });
      assert.equal(pids(), '20');
      await sees(true, false);
    });
  });

  // The first write is that of the limit, the second that of the devices.
  for (const at of [1, 2])
    test(`are old or new together with the limits when the daemon dies after write ${at}`, async () => {
      await trial(
        limits(20, ZERO),
        async ({ daemon, sees, pids }) => {
          const asked = daemon.client.update('a', limits(40, FULL));
          await Promise.all([asked.catch(() => undefined), daemon.end()]);
          assert.equal((await daemon.end()).signal, 'SIGKILL', daemon.log);
          assert.equal(pids(), '40');
          await daemon.start();
          await until('the limit is the old one', () => pids() === '20');
          await sees(true, false);
          await daemon.client.update('a', limits(50, FULL));
          assert.equal(pids(), '50');
          await sees(false, true);
        },
        `update.written:${at}`,
      );
    });
});
