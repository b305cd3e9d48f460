import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { until } from '../../support/processes.ts';
import { disk, ended, facts, inside, request, skipUnless, withGroups } from './board.ts';

const MiB = 1024 * 1024;

function versionOf(...controllers: string[]): 1 | 2 {
  return controllers.map((name) => facts.controllers[name]?.version).find((found) => found !== undefined) ?? 2;
}

// Only ratios of two times of the same machine: an emulated one is slow, and its limits hold all the same.
test('a quota holds a busy program back', { skip: skipUnless(versionOf('cpu'), 'cpu') }, async () => {
  await withGroups({ cpu: { quota: 10_000, period: 50_000 } }, async (groups) => {
    const shell = inside(groups, 'while :; do :; done');
    const usage = (): number => groups.cpuUsage()?.usage_us ?? 0;
    await until('the program runs', () => (groups.cpuUsage()?.nr_throttled ?? 0) > 2);
    const [start, used] = [performance.now(), usage()];
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const share = (usage() - used) / 1000 / (performance.now() - start);
    await groups.kill();
    await ended(shell);
    assert.ok(share > 0.02 && share < 0.3, `${share} of one processor`);
  });
});

test('a limit of threads refuses the fork beyond it', { skip: skipUnless(versionOf('pids'), 'pids') }, async () => {
  await withGroups({ pids: { limit: 5 } }, async (groups) => {
    const script = 'for i in 1 2 3 4 5 6; do sleep 1000 & done 2> /dev/null; exit 0';
    const exit = await ended(inside(groups, script));
    assert.deepEqual(exit, { code: 2 }); // a shell's word for a fork that was refused
    assert.equal(groups.pids().length, 4);
    const group = groups.groups.find(({ controllers }) => controllers.includes('pids'));
    assert.match(readFileSync(`${group?.path ?? ''}/pids.events`, 'utf8'), /^max [1-9]/m);
  });
});

const cpuset = versionOf('cpuset');
const oneOnly = availableParallelism() === 1 && 'one processor only';
test('a program runs on its processors only', { skip: skipUnless(cpuset, 'cpuset') || oneOnly }, async () => {
  await withGroups({ cpu: { cpus: '1' } }, async (groups) => {
    const shell = inside(groups, 'exec sleep 1000');
    const allowed = (): string => readFileSync(`/proc/${String(shell.pid)}/status`, 'utf8');
    await until('the program is inside', () => groups.pids().length === 1);
    assert.match(allowed(), /^Cpus_allowed_list:\s*1$/m);
    await groups.kill();
    if (shell.signalCode === null) await once(shell, 'exit');
  });
});

const block = disk();
const io = versionOf('blkio', 'io');
const throttled =
  skipUnless(io, io === 1 ? 'blkio' : 'io') || (!readable(block?.path) && 'no disk that may be read from here');

/** A machine shows disks in /sys that its device rules forbid. */
function readable(path = ''): boolean {
  try {
    closeSync(openSync(path, 'r'));
    return true;
  } catch {
    return false;
  }
}

test('a disk gives no more than its rate', { skip: throttled }, async () => {
  assert.ok(block);
  const blkio = { throttle_read_bps_device: [{ device: block.path, rate: MiB }] };
  const base = request({});
  const machine = { ...base.machine, blockDevices: { [block.path]: block } };
  const read = `dd if=${block.path} of=/dev/null bs=128k count=24 iflag=direct 2> /dev/null`;
  await withGroups(
    { blkio },
    async (groups) => {
      const start = performance.now();
      assert.deepEqual(await ended(inside(groups, `exec ${read}`)), { code: 0 });
      const seconds = (performance.now() - start) / 1000;
      assert.ok(seconds > 2, `3 MiB at 1 MiB/s in ${seconds} s`);
    },
    { machine },
  );
});
