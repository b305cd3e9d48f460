import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { TestDaemon } from '../../support/daemon.ts';
import { isGone } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(88_400_000 + process.pid);

const MIB = 1024 * 1024;

const COUNTER = 'while :; do :; done';

interface Freezer {
  /** Writes that wish into the group's file. */
  put: (wish: 'freeze' | 'thaw', below?: string) => void;
  path: string;
}

/** An emulated board takes its time to start a daemon, and the lease is not what is tried here. */
async function trial(body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon('daemon: {lease: 10 min}\n');
    await body(daemon);
  });
}

async function freezerOf(daemon: TestDaemon, name: string): Promise<Freezer> {
  const { groups = [] } = await daemon.client.container(name);
  const v1 = groups.find(({ version, controllers }) => version === 1 && controllers.includes('freezer'));
  const group = v1 ?? groups.find(({ version }) => version === 2);
  assert.ok(group, 'every board has a freezer of one version');
  const [file, freeze, thaw] = v1 === undefined ? ['cgroup.freeze', '1', '0'] : ['freezer.state', 'FROZEN', 'THAWED'];
  const put = (wish: 'freeze' | 'thaw', below = ''): void => {
    writeFileSync(`${group.path}${below}/${file}`, wish === 'freeze' ? (freeze ?? '') : (thaw ?? ''));
  };
  return { path: group.path, put };
}

/** Whether it gets the processor. On a busy board it may have to wait for it. */
async function isBusy(daemon: TestDaemon): Promise<boolean> {
  const used = async (): Promise<number> => {
    const found = (await daemon.client.containers({ usage: true })).find(({ name }) => name === 'count');
    return found?.usage?.cpu_us ?? NaN;
  };
  const before = await used();
  for (let look = 0; look < 20; look++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    if ((await used()) > before) return true;
  }
  return false;
}

/** With a container `count` that uses all the time it gets. */
async function counting(body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  await trial(async (daemon) => {
    daemon.add('count', COUNTER);
    await daemon.start();
    await daemon.client.start('count');
    assert.ok(await isBusy(daemon));
    await body(daemon);
  });
}

async function conditionsOf(daemon: TestDaemon, name: string): Promise<string[]> {
  return (await daemon.container(name)).conditions.map(({ type, message }) => `${type}: ${message}`);
}

describe('a paused container', needsRoot(), () => {
  test('gets no processor until it is resumed, and everybody is told', async () => {
    await counting(async (daemon) => {
      const paused = await daemon.client.pause('count');
      assert.deepEqual([paused.id, paused.changed], ['count:1.0.0', true]);
      assert.ok(paused.processes >= 1);
      assert.equal(await isBusy(daemon), false);
      const { state, conditions } = await daemon.container('count');
      assert.deepEqual(
        [state, conditions.map(({ type, message }) => [type, message])],
        ['running', [['paused', 'on request']]],
      );
      assert.equal((await daemon.client.pause('count')).changed, false);
      const resumed = await daemon.client.resume('count');
      assert.equal(resumed.changed, true);
      assert.ok((resumed.duration ?? 0) >= 0.4);
      assert.ok(await isBusy(daemon));
      assert.deepEqual(await conditionsOf(daemon, 'count'), []);
      assert.deepEqual(await daemon.client.resume('count'), { id: 'count:1.0.0', changed: false });
      const told = (await daemon.events(['paused', 'resumed'])).map((event) => [event.type, event.container]);
      assert.deepEqual(told, [
        ['paused', 'count:1.0.0'],
        ['resumed', 'count:1.0.0'],
      ]);
      await daemon.client.stop('count');
      for (const refused of [daemon.client.pause('count'), daemon.client.resume('count')])
        await assert.rejects(refused, { code: 'TH6005' });
      await assert.rejects(daemon.client.pause('nobody'), { code: 'TH6003' });
    });
  });

  test('stays paused when its daemon is replaced, since the same moment', async () => {
    await counting(async (daemon) => {
      await daemon.client.pause('count');
      const before = await daemon.container('count');
      await daemon.signal('SIGKILL');
      await daemon.start();
      const after = await daemon.container('count');
      assert.deepEqual([after.state, after.pid, after.conditions], ['running', before.pid, before.conditions]);
      assert.equal(await isBusy(daemon), false);
      await daemon.client.resume('count');
      assert.ok(await isBusy(daemon));
    });
  });

  test('is stopped politely: its program meets the signal, and nothing waits for the time-out', async () => {
    await trial(async (daemon) => {
      const script = "trap 'echo asked; exit 7' TERM; echo ready; while :; do sleep 0.02; done";
      daemon.add('polite', script, { stop: { signal: 'SIGTERM', timeout: 600 } });
      await daemon.start();
      await daemon.client.start('polite');
      await until('it handles the signal', () => daemon.hasLog('polite', 'ready'));
      await daemon.client.pause('polite');
      const { exit } = await daemon.client.stop('polite');
      assert.deepEqual([exit?.reason, exit?.code], ['stopped', 7]);
      assert.deepEqual(await daemon.lines('polite'), ['ready', 'asked', '- stopped on request, code 7']);
      assert.deepEqual(await conditionsOf(daemon, 'polite'), []);
    });
  });

  test('can be killed, restarted and shut down', async () => {
    await trial(async (daemon) => {
      daemon.add('count', COUNTER);
      daemon.add('rest', `exec sleep ${MARK}`);
      await daemon.start();
      const { pid } = await daemon.client.start('count');
      await daemon.client.pause('count');
      await daemon.client.kill('count');
      assert.ok(isGone(pid));
      await daemon.client.start('count');
      await daemon.client.pause('count');
      await daemon.client.restart('count');
      assert.ok(await isBusy(daemon));
      await daemon.client.start('rest');
      for (const name of ['count', 'rest']) await daemon.client.pause(name);
      assert.deepEqual(await daemon.signal('SIGTERM'), { code: 0, signal: null });
      assert.deepEqual(processesWith(MARK), []);
    });
  });

  test('goes when the lease of its daemon is over', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon('daemon: {lease: 1 s}\n');
      daemon.add('rest', `exec sleep ${MARK}`);
      await daemon.start();
      const { pid } = await daemon.client.start('rest');
      await daemon.client.pause('rest');
      await daemon.signal('SIGKILL');
      await until('it is gone', () => isGone(pid));
    });
  });

  test('is stopped by its schedule all the same', async () => {
    await trial(async (daemon) => {
      daemon.add('job', `exec sleep ${MARK}`, { schedule: { cron: '* * * * * *', max_runtime: 2, overlap: 'forbid' } });
      await daemon.start();
      await daemon.reached('job', 'running');
      await daemon.client.pause('job');
      const [exited] = await daemon.told('exited', 'job:1.0.0');
      assert.match(JSON.stringify(exited), /max_runtime/);
    });
  });

  test('that another program froze is shown so, and can be resumed', async () => {
    await counting(async (daemon) => {
      const freezer = await freezerOf(daemon, 'count');
      freezer.put('freeze');
      await until('it is shown', async () => (await conditionsOf(daemon, 'count')).length > 0);
      assert.deepEqual(await conditionsOf(daemon, 'count'), [`paused: another program froze ${freezer.path}`]);
      assert.deepEqual(await daemon.client.resume('count'), { id: 'count:1.0.0', changed: true, duration: null });
      assert.ok(await isBusy(daemon));
    });
  });

  test('below a frozen group says which one, and cannot be resumed', async () => {
    await counting(async (daemon) => {
      const freezer = await freezerOf(daemon, 'count');
      const above = freezer.path.slice(0, freezer.path.lastIndexOf('/'));
      freezer.put('freeze', '/..');
      try {
        await until('it is shown', async () => (await conditionsOf(daemon, 'count')).length > 0);
        assert.deepEqual(await conditionsOf(daemon, 'count'), [`paused: the group ${above} is frozen`]);
        await assert.rejects(daemon.client.resume('count'), { code: 'TH2009' });
      } finally {
        freezer.put('thaw', '/..');
      }
      assert.ok(await isBusy(daemon));
    });
  });

  test('can be killed for want of memory, which is told as ever', async () => {
    await trial(async (daemon) => {
      const limit = 64 * MIB;
      const script = `x=$(head -c ${8 * MIB} /dev/zero | tr '\\0' x); sleep ${MARK} & echo ready; while :; do sleep 1; done`;
      daemon.add('held', script, { cgroups: { memory: { memory_hard_limit: limit, memory_swap_limit: limit } } });
      await daemon.start();
      await daemon.client.start('held');
      await until('it holds its memory', () => daemon.hasLog('held', 'ready'));
      await daemon.client.pause('held');
      const { groups = [] } = await daemon.client.container('held');
      const memory = groups.find(({ controllers }) => controllers.includes('memory'));
      assert.ok(memory);
      const pids = readFileSync(`${memory.path}/cgroup.procs`, 'utf8').trim().split('\n');
      for (const pid of pids) writeFileSync(`/proc/${pid}/oom_score_adj`, '1000'); // it is the one to go
      // What is frozen asks for no memory. On v1 somebody else does in its name, on v2 the limit goes below the use.
      const grow = `echo 0 > ${memory.path}/tasks; head -c ${2 * limit} /dev/zero | tail -c ${2 * limit}`;
      const stranger = memory.version === 1 ? spawn('/bin/sh', ['-c', grow], { stdio: 'ignore' }) : undefined;
      const gone = stranger && once(stranger, 'exit');
      if (memory.version === 2) writeFileSync(`${memory.path}/memory.max`, String(4 * MIB));
      const [oom] = await daemon.told('oom', 'held:1.0.0');
      const [exited] = await daemon.told('exited', 'held:1.0.0');
      assert.ok(JSON.stringify(exited).includes('"reason":"oom_killed"'), JSON.stringify([oom, exited]));
      await until('nothing of it is left', () => processesWith(MARK).length === 0);
      await gone;
      assert.deepEqual(await conditionsOf(daemon, 'held'), []);
    });
  });
});
