import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ThubanError } from '../../../src/base/index.ts';
import {
  acquireGroups,
  applyUpdate,
  planCgroups,
  planUpdate,
  type AcquiredGroups,
  type CgroupPlan,
  type CgroupRequest,
  type Resources,
} from '../../../src/cgroups/index.ts';
import { updateCases } from '../../unit/cgroups/update-cases.ts';
import { content, fs, inside, onBoard, request, skipUnless, version } from './board.ts';

const MIB = 1024 * 1024;

/** Groups for all that the later limits need, with the first limits in force. */
async function withLive(
  first: Resources,
  needs: Resources,
  body: (update: (to: Resources, force?: boolean) => void, groups: AcquiredGroups) => Promise<void> | void,
): Promise<void> {
  await onBoard(async () => {
    const base: CgroupRequest = request({});
    const plan = (resources: Resources): CgroupPlan => planCgroups({ ...base, resources });
    const made = plan(needs);
    const wanted = plan(first);
    const groups = acquireGroups(fs, {
      ...made,
      writes: [
        ...made.writes.filter(({ op, file }) => op === 'mkdir' || file === 'cgroup.subtree_control'),
        ...made.writes.filter(({ strategy, op }) => strategy === 'inherit' && op === 'write'),
        ...wanted.writes.filter(({ op, file }) => op === 'write' && file !== 'cgroup.subtree_control'),
      ],
    });
    let present = wanted;
    try {
      await body((to, force = false) => {
        const next = plan(to);
        const update = planUpdate(groups.groups, [present], next);
        assert.deepEqual(update.obstacles, []);
        applyUpdate(fs, update, { force });
        present = next;
      }, groups);
    } finally {
      await groups.kill();
      assert.deepEqual(await groups.remove(), []);
    }
  });
}

for (const { name, needs, file, steps } of updateCases) {
  const wants = file?.[version];
  const skip = wants === 'none' ? 'the other cgroup version has it' : skipUnless(version, ...needs);
  test(`the kernel shows after an update: ${name}`, { skip }, async (t) => {
    const all: Resources = needs.includes('cpuset') ? { cpu: { cpus: '0' } } : { cpu: { shares: 1024 } };
    await withLive({}, all, async (update, groups) => {
      const directory = groups.groups.find(({ controllers }) => controllers.includes(wants?.split('.')[0] ?? ''));
      if (wants !== undefined && !fs.list(directory?.path ?? '/').some((entry) => entry.name === wants)) {
        t.skip(`this kernel has no ${wants}`);
        return;
      }
      // Somebody lives there, as in a container.
      const child = inside(groups, 'exec sleep 60');
      await once(child, 'spawn');
      for (const step of steps) {
        update(step.to);
        const wanted: Record<string, string> = step[version === 1 ? 'v1' : 'v2'];
        const shown = Object.fromEntries(Object.keys(wanted).map((one) => [one, content(groups, one)]));
        const above = (key: string): string => {
          const path = dirname(groups.groups.find(({ controllers }) => controllers.includes('cpuset'))?.path ?? '');
          return fs.read(`${path}/${key}${version === 1 ? '' : '.effective'}`).trim();
        };
        const settled = Object.entries(wanted).map(([key, value]) => [key, value === '<above>' ? above(key) : value]);
        assert.deepEqual(shown, Object.fromEntries(settled));
      }
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
  });
}

test(
  'a disk that is not there, as the last of all, takes everything back',
  { skip: skipUnless(version, 'memory', 'cpu', 'pids', version === 1 ? 'blkio' : 'io') },
  async () => {
    const from: Resources = {
      memory: { memory_hard_limit: 64 * MIB },
      cpu: { quota: 50_000 },
      pids: { limit: 20 },
    };
    const to: Resources = {
      memory: { memory_hard_limit: 128 * MIB, memory_soft_limit: 16 * MIB },
      cpu: { quota: 90_000, period: 200_000, shares: 200 },
      pids: { limit: 30 },
      blkio: { throttle_read_bps_device: [{ major: 4095, minor: 77, rate: 1000 }] },
    };
    const files =
      version === 1
        ? 'memory.limit_in_bytes memory.soft_limit_in_bytes cpu.cfs_quota_us cpu.cfs_period_us cpu.shares pids.max'
        : 'memory.max memory.low cpu.max cpu.weight pids.max io.max';
    await withLive(from, to, (update, groups) => {
      const state = (): string[] => files.split(' ').map((one) => `${one} ${content(groups, one)}`);
      const before = state();
      assert.throws(
        () => {
          update(to);
        },
        (error) => {
          assert.ok(error instanceof ThubanError);
          assert.equal(error.code, 'TH2004');
          assert.match(error.message, /ENODEV\); the old limits stand$/);
          return true;
        },
      );
      assert.deepEqual(state(), before);
      const { blkio: _, ...without } = to;
      update(without);
      assert.equal(content(groups, 'pids.max'), '30');
    });
  },
);

test(
  'a limit of memory below what cannot be reclaimed is refused, and nothing is killed',
  { skip: skipUnless(version, 'memory', 'pids') },
  async () => {
    const limits = (memory: number, pids: number): Resources => ({
      memory: { memory_hard_limit: memory, memory_swap_limit: memory },
      pids: { limit: pids },
    });
    await withLive(limits(256 * MIB, 20), {}, async (update, groups) => {
      // 64 MiB that belong to nobody's file: tmpfs of /dev/shm is charged to who writes it, and a shell keeps as much in a variable.
      const child = inside(
        groups,
        'x=$(head -c 67108864 /dev/zero | tr "\\\\0" x); exec 3>&1; while :; do sleep 1; done',
      );
      await once(child, 'spawn');
      const use = version === 1 ? 'memory.usage_in_bytes' : 'memory.current';
      for (let i = 0; i < 600 && Number(content(groups, use)) < 80 * MIB; i++) await pause(50);
      assert.throws(
        () => {
          update(limits(16 * MIB, 10));
        },
        { code: 'TH2005' },
      );
      assert.equal(content(groups, 'pids.max'), '20');
      assert.equal(content(groups, version === 1 ? 'memory.limit_in_bytes' : 'memory.max'), String(256 * MIB));
      await pause(100);
      assert.equal(child.exitCode ?? child.signalCode, null);
      if (version === 2) {
        update(limits(16 * MIB, 10), true);
        await once(child, 'exit');
        assert.equal(child.signalCode, 'SIGKILL');
        return;
      }
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
  },
);

test('page cache does not stand in the way of a lower limit', { skip: skipUnless(version, 'memory') }, async () => {
  // What is read through a loop device is cache of whoever reads it, wherever the file lies.
  const folder = mkdtempSync(join(tmpdir(), 'thuban-test-'));
  const file = join(folder, 'disk');
  writeFileSync(file, Buffer.alloc(32 * MIB));
  const loop = execFileSync('losetup', ['--find', '--show', '--read-only', file], { encoding: 'utf8' }).trim();
  try {
    await withLive({ memory: { memory_hard_limit: 256 * MIB } }, {}, async (update, groups) => {
      const child = inside(groups, `cat ${loop} > /dev/null; exec sleep 60`);
      await once(child, 'spawn');
      const use = version === 1 ? 'memory.usage_in_bytes' : 'memory.current';
      for (let i = 0; i < 600 && Number(content(groups, use)) < 32 * MIB; i++) await pause(50);
      update({ memory: { memory_hard_limit: 16 * MIB } });
      assert.equal(content(groups, version === 1 ? 'memory.limit_in_bytes' : 'memory.max'), String(16 * MIB));
      assert.equal(child.exitCode ?? child.signalCode, null);
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
  } finally {
    execFileSync('losetup', ['--detach', loop]);
    rmSync(folder, { recursive: true });
  }
});
