import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { version } from '../../../src/base/index.ts';
import { LauncherClient, StepFailure } from '../../../src/launcher/index.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { spawnShell, withLauncher, type Bench } from '../../support/launcher.ts';
import { needsRoot } from '../../support/root.ts';

async function trial(before: string, body: (bench: Bench) => Promise<void>): Promise<void> {
  await leavesNothingBehind(() => withLauncher(60, body, before));
}

/** Soft and hard limit of open files, as the process sees them. */
const filesOf = (pid: number): string[] =>
  /^Max open files +(\S+) +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))!.slice(1);

const raw = (status: number): number => status << 8;

describe('what a launcher was given', needsRoot(), () => {
  test('of descriptors is used up to the hard limit by itself, and passed on as it was', async () => {
    await trial('ulimit -Sn 200; ulimit -Hn 3000', async (bench) => {
      const { exited } = await spawnShell(bench, 1n, 'test "$(ulimit -Sn) $(ulimit -Hn)" = "200 3000"', {
        without: 'rlimit', // a plan always has one
      });
      assert.deepEqual(filesOf(bench.client.pid), ['3000', '3000']);
      assert.equal((await exited).status, 0);
    });
  });
});

describe('a launcher without descriptors', needsRoot(), () => {
  test('refuses a start, says why, and goes on', async () => {
    await trial('ulimit -n 240', async (bench) => {
      const { client, runDir } = bench;
      let running = 0n;
      let failure: unknown;
      while (failure === undefined) {
        const id = running + 1n;
        await spawnShell(bench, id, 'exec sleep 1000', { without: 'rlimit' }).then(
          () => (running = id),
          (error: unknown) => (failure = error),
        );
      }
      assert.ok(failure instanceof StepFailure);
      assert.equal(failure.errno, 'EMFILE');
      assert.ok(running >= 3n, `${running} containers`);
      const ids = async (): Promise<bigint[]> => (await client.list()).map(({ id }) => id);
      const before = await ids();
      assert.equal(before.length, Number(running), 'those that run live on');
      const open = (): number => readdirSync(`/proc/${client.pid}/fd`).length;
      const held = open();
      for (let i = 0n; i < 5n; i++)
        await assert.rejects(
          spawnShell(bench, 1000n + i, 'true', { without: 'rlimit' }),
          (error: StepFailure) => error.errno === 'EMFILE',
        );
      assert.equal(open(), held, 'a refused start keeps nothing');

      // Somebody who connects now waits, and the launcher does not spin meanwhile.
      const waiting = LauncherClient.connect(runDir, version);
      waiting.catch(() => undefined);
      assert.deepEqual(await ids(), before);

      assert.ok(await client.signal(1n, 9));
      await client.signal(2n, 9);
      for (const id of [1n, 2n])
        for (let done = false; !done;)
          done = await client.release(id).then(
            () => true,
            () => new Promise<boolean>((later) => setTimeout(later, 20, false)),
          );
      await assert.rejects(waiting, { code: 'TH7004' });
      const again = await spawnShell(bench, 2000n, 'exit 3', { without: 'rlimit' });
      assert.equal((await again.exited).status, raw(3), 'what has ended makes room');
    });
  });
});

const hasPerl = spawnSync('perl', ['-e', '0']).status === 0;
describe('a storm of queued signals at pid 1', hasPerl ? needsRoot() : { skip: 'needs perl' }, () => {
  test('does not keep its init from telling how the program ended', async () => {
    await trial('ulimit -i 16', async (bench) => {
      // The init passes each of them on.
      const storm = `exec perl -e '$SIG{RTMIN} = "IGNORE"; kill("RTMIN", 1) for 1..20000; exit 9'`;
      const { exited } = await spawnShell(bench, 1n, storm, {
        without: 'rlimit',
        sections: { uid: 0, gid: 0, process: { privileged: true } },
      });
      const exit = await exited;
      assert.deepEqual([exit.status, exit.fromProgram], [raw(9), true]);
    });
  });
});
