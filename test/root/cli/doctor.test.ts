import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Check } from '../../../src/runtime/index.ts';
import { wholeDiskOf } from '../../../src/runtime/doctor/disk.ts';
import { Cli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';
import { facts } from '../cgroups/board.ts';

interface Board {
  dataDir: string;
  args: string[];
}

async function trial(body: (board: Board) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    using folder = temporaryFolder();
    const [repository, dataDir] = ['repository', 'data'].map((name) => join(folder.path, name)) as [string, string];
    for (const path of [repository, dataDir]) mkdirSync(path, { mode: 0o755 });
    const manifest = 'name: needy\nversion: 1.0.0\ninit: /bin/sh\nuid: 1\ngid: 1\nrootfs: host\n';
    writeFileSync(
      join(repository, 'needy.yaml'),
      `${manifest}cgroups:\n  memory: {memory_hard_limit: 32 MiB}\n  cpu: {quota: 20 %}\n  pids: {limit: 8}\n`,
      { mode: 0o644 },
    );
    await body({ dataDir, args: ['doctor', '--repository', repository, '--data-dir', dataDir] });
  });
}

const CONTROLLER: Readonly<Record<string, string>> = {
  'memory limit': 'memory',
  'cpu quota': 'cpu',
  'pids limit': 'pids',
};

describe('thuban doctor', needsRoot(), () => {
  test('proves each limit whose controller is there, and names whom it concerns where one is not', async (t) => {
    await trial(async ({ dataDir, args }) => {
      using cli = new Cli([...args, '--json']);
      const { code, stdout, stderr } = await cli.ended;
      const checks = new Map((JSON.parse(stdout) as Check[]).map((one) => [one.check, one]));
      t.diagnostic(stdout);
      for (const [check, controller] of Object.entries(CONTROLLER)) {
        const found = checks.get(check);
        if (facts.controllers[controller] !== undefined) assert.equal(found?.result, 'enforced', JSON.stringify(found));
        else assert.deepEqual([found?.result, found?.status, found?.affects], ['absent', 'problem', ['needy:1.0.0']]);
      }
      for (const [name, { version, mountpoint }] of Object.entries(facts.controllers))
        assert.equal(checks.get(`controller ${name}`)?.proof, `cgroups v${version} at ${mountpoint}`);
      const io = checks.get('io throttle');
      const canTry = wholeDiskOf(dataDir) !== undefined;
      assert.ok(canTry || io?.result === 'not tried', JSON.stringify(io));
      if (canTry) {
        assert.match(io?.proof ?? '', /on \w+ \(direct; .* without\)$|without a limit$|^dd /);
        // A disk that many others use may be too slow to prove it, but the kernel never ignores it.
        assert.notEqual(io?.result, 'ignored', io?.proof);
      }
      assert.equal(checks.get('device rules')?.result, 'enforced', JSON.stringify(checks.get('device rules')));
      assert.equal(checks.get('freezer')?.result, 'enforced');
      assert.equal(checks.get('launcher')?.status, 'ok');
      const concerned = [...checks.values()].some(({ status, affects }) => status === 'problem' && affects.length > 0);
      assert.equal(code, concerned ? 1 : 0, stderr);
      assert.deepEqual(readdirSync(dataDir), []);
    });
  });

  test('killed in the middle leaves nothing but a folder, and the next one sweeps that', async () => {
    await trial(async ({ dataDir, args }) => {
      using first = new Cli([...args]);
      const isUnderWay = (): boolean => readdirSync(dataDir).length > 0;
      const canTry = wholeDiskOf(dataDir) !== undefined;
      for (const end = Date.now() + (canTry ? 60_000 : 3000); Date.now() < end && !isUnderWay();)
        await new Promise((resolve) => setTimeout(resolve, 10));
      first.process.kill('SIGKILL');
      await first.ended;
      using second = new Cli([...args]);
      const { stdout } = await second.ended;
      assert.match(stdout, /memory limit/);
      assert.deepEqual(readdirSync(dataDir), []);
    });
  });
});
