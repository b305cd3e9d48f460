import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { version } from '../../../src/base/index.ts';
import { acquireGroups, prepareParent, realKernelFs } from '../../../src/cgroups/index.ts';
import { LauncherClient } from '../../../src/launcher/index.ts';
import { Frame, Reader, Writer } from '../../../src/launcher/wire.ts';
import { OutputReader } from '../../../src/runtime/output.ts';
import { gatherFacts, plan } from '../../../src/runtime/index.ts';
import { Captured, shell } from '../../support/containers.ts';
import { field, statusOf } from '../../support/identity.ts';
import { RawController, isGone, spawnShell, withLauncher, type Bench } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** As in a set of signals: number 10. */
const USR1 = 1n << 9n;
const MARK = String(94_608_000 + process.pid);

async function trial(lease: number, body: (bench: Bench) => Promise<void>): Promise<void> {
  await leavesNothingBehind(() => withLauncher(lease, body));
}

/** On a parent that hands controllers down, as the daemon would have made it. */
async function onPreparedParent(lease: number, body: (bench: Bench) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    const parent = prepareParent(realKernelFs, gatherFacts().cgroups, 'self');
    try {
      await withLauncher(lease, body);
    } finally {
      await parent.undo();
    }
  });
}

describe('containers without a controller', needsRoot(), () => {
  test('are listed for the next one with all that it needs to adopt them', async () => {
    await trial(60, async (bench) => {
      const { runDir, client } = bench;
      const { started } = await spawnShell(bench, 7n, 'sleep 1000', { blob: Buffer.from('first') });
      await spawnShell(bench, 8n, 'sleep 1000', { stdout: 'discard', stderr: 'discard', blob: Buffer.alloc(65536, 1) });
      const stat = readFileSync(`/proc/${started.program}/stat`, 'utf8');
      assert.equal(started.startTime, BigInt(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'));
      assert.ok(Math.abs(Number(started.time / 1_000_000n) - Date.now()) < 60_000);
      for (const pipe of [started.stdout, started.stderr])
        assert.equal(statSync(`/proc/${client.pid}/fd/${pipe?.fd ?? -1}`, { bigint: true }).ino, pipe?.inode);
      await client.setBlob(7n, Buffer.from('second'));
      client.close();
      const next = await LauncherClient.connect(runDir, version);
      const listed = (await next.list()).sort((a, b) => Number(a.id - b.id));
      const [first, second] = listed;
      assert.deepEqual(first, { id: 7n, ...started, state: 'running', blob: Buffer.from('second') });
      assert.deepEqual([second?.stdout, second?.stderr, second?.blob.length], [undefined, undefined, 65536]);
      next.close();
    });
  });

  test('end, and their exits are told to every next controller until one has acknowledged them', async () => {
    await trial(60, async (bench) => {
      const { runDir, client } = bench;
      const { started } = await spawnShell(bench, 9n, "trap 'exit 33' USR1; echo ready; while :; do sleep 0.05; done");
      const output = new Captured();
      assert.ok(started.stdout);
      const reader = new OutputReader(client.pid, started.stdout, 'stdout', output);
      await until('it listens', () => output.text.stdout === 'ready\n');
      client.close();
      process.kill(started.program, 'SIGUSR1');
      await until('it has ended', () => isGone(started.program) && isGone(started.init));
      await reader.finish(5000, () => true);
      const seen: bigint[] = [];
      for (const acknowledge of [false, false, true]) {
        const raw = new RawController(runDir);
        raw.hello();
        const { seq, payload } = await raw.saw(Frame.EXITED);
        const exit = new Reader(payload);
        assert.deepEqual([exit.u64(), exit.i32(), exit.u32()], [9n, 33 << 8, 0]);
        seen.push(seq);
        if (acknowledge) raw.send(Frame.ACK, new Writer(), seq);
        raw.socket.end();
        await raw.closed;
      }
      assert.equal(new Set(seen).size, 1);
      const last = new RawController(runDir);
      last.hello();
      last.send(Frame.LIST);
      await last.saw(Frame.LIST_END);
      assert.deepEqual(
        last.received.map(({ type }) => type),
        [Frame.HELLO, Frame.LISTED, Frame.LIST_END],
      );
      last.send(Frame.RELEASE, new Writer().u64(9n), 1n);
      assert.equal(new Reader((await last.saw(Frame.DONE)).payload).i32(), 0);
      last.socket.end();
      await last.closed;
    });
  });

  test('write on, and the next reader finds it all', async () => {
    await trial(60, async (bench) => {
      const { runDir, client } = bench;
      const script = "trap 'echo second; exit 0' USR1; echo first; while :; do sleep 0.05; done";
      const { started } = await spawnShell(bench, 1n, script);
      client.close();
      // Only the kernel knows that the trap is set: the output is not to be touched.
      const catches = (): bigint => BigInt(`0x${field(statusOf(started.program), 'SigCgt')}`);
      await until('the program listens', () => (catches() & USR1) !== 0n);
      process.kill(started.program, 'SIGUSR1');
      await until('it has ended', () => isGone(started.program) && isGone(started.init));
      const next = await LauncherClient.connect(runDir, version);
      const [listed] = await next.list();
      assert.equal(listed?.state, 'ended');
      assert.ok(listed.stdout);
      const output = new Captured();
      const reader = new OutputReader(next.pid, listed.stdout, 'stdout', output);
      await reader.finish(5000, () => true);
      assert.match(output.text.stdout, /^(first\n)?second\n$/);
      assert.throws(
        () => new OutputReader(next.pid, { ...(listed.stdout ?? { fd: 0 }), inode: 1n }, 'stdout', output),
        /another pipe/,
      );
      next.close();
    });
  });
});

describe('the end of the lease', needsRoot(), () => {
  test('kills every container and removes its groups, the shared ones and the run directory', async () => {
    await onPreparedParent(1, async (bench) => {
      const { runDir, client } = bench;
      const { manifest } = shell('', { cgroups: { cpu: { shares: 100 }, pids: { limit: 20 } } });
      const launch = plan(manifest, gatherFacts(manifest), { runDir, instance: process.pid });
      const groups = acquireGroups(realKernelFs, launch.cgroup);
      const paths = groups.groups.map(({ path }) => path);
      const script = `trap '' TERM; sleep ${MARK} & setsid sleep ${MARK} & wait`;
      const unified = groups.joins.find(({ version }) => version === 2)?.path;
      const tasks = groups.joins.filter(({ version }) => version === 1).map(({ path }) => path);
      const joins = { ...(unified === undefined ? {} : { unified }), tasks };
      const { started } = await spawnShell(bench, 1n, script, { joins, groups: paths });
      await client.register(
        paths.map((path) => dirname(path)),
        ['launcher.sock', 'root'].map((name) => join(runDir, name)).concat(runDir),
      );
      await until('the sleepers run', () => processesWith(MARK).length === 2);
      client.close();
      await until('the launcher has ended', () => isGone(client.pid));
      assert.deepEqual(
        [started.program, started.init].filter((pid) => !isGone(pid)),
        [],
      );
      assert.deepEqual(
        paths.filter((path) => existsSync(path)),
        [],
      );
      assert.ok(!existsSync(runDir));
      assert.deepEqual(processesWith(MARK), []);
    });
  });

  test('does not come when a controller is back in time', async () => {
    await trial(1, async (bench) => {
      const { runDir, client } = bench;
      const { started } = await spawnShell(bench, 1n, 'sleep 1000');
      client.close();
      const next = await LauncherClient.connect(runDir, version);
      await new Promise((resolve) => setTimeout(resolve, 2000)); // twice the lease
      assert.deepEqual(
        (await next.list()).map(({ state }) => state),
        ['running'],
      );
      assert.ok(!isGone(started.program));
      next.close();
    });
  });
});
