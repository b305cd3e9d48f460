import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { install, installInto, onPackages } from '../../support/built-packages.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needsImages } from '../../support/packages.ts';
import { until } from '../../support/processes.ts';

const STAYS = 'echo here; exec /bin/sleep 1000';

/** An emulated board takes ten times as long for each. */
const ROUNDS = process.env['THUBAN_EMULATED'] === undefined ? 10 : 2;

/** In the table of mounts by this name. */
const MEMORY = 'thuban-memory';

/** Has a folder in memory while `body` runs; the daemon has ended then. */
async function inMemory(daemon: TestDaemon, folder: string, body: () => Promise<void>): Promise<void> {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m,mode=755', MEMORY, folder]);
  assert.equal(mounted.status, 0, String(mounted.stderr));
  try {
    await body();
    await daemon.signal('SIGTERM');
  } finally {
    if (!daemon.isDead) await daemon.signal('SIGKILL');
    spawnSync('umount', [folder]);
  }
}

/** Ids of what is listed, and what lies in the folder. */
async function contentsOf(daemon: TestDaemon): Promise<{ listed: string[]; files: string[] }> {
  const listed = (await daemon.client.containers()).map(({ id }) => id);
  return { listed, files: readdirSync(daemon.repository) };
}

const nothing = { listed: [], files: [] };

describe('a package of a container', needsImages(), () => {
  test('is installed and uninstalled ten times, every second time started and stopped, and is gone each time', async () => {
    await onPackages(async (daemon, maker) => {
      const file = await maker.make({ name: 'camera', script: STAYS });
      await daemon.start();
      for (let round = 0; round < ROUNDS; round++) {
        await install(daemon, file);
        assert.deepEqual(await contentsOf(daemon), { listed: ['camera:1.0.0'], files: ['camera-1.0.0.tar'] });
        if (round % 2 === 0) {
          await daemon.client.start('camera');
          await until('it has written', () => daemon.hasLog('camera', 'here'));
          assert.equal((await daemon.client.stop('camera')).exit?.reason, 'stopped');
        }
        await daemon.client.uninstall('default', 'camera:1.0.0');
        assert.deepEqual(await contentsOf(daemon), nothing);
        assert.ok(!daemon.hasLog('camera', 'here'), 'its log is gone as well');
      }
    });
  });

  test('is in one repository: another one refuses it, and so does one that there is not', async () => {
    await onPackages(async (daemon, maker) => {
      const second = join(daemon.folder.path, 'second');
      mkdirSync(second, { mode: 0o755 });
      daemon.configure(`repositories: {default: {dir: ${daemon.repository}}, second: {dir: ${second}}}\n`);
      const file = await maker.make({ name: 'camera', script: STAYS });
      await daemon.start();
      await assert.rejects(installInto(daemon, 'whatever', file), { code: 'TH5014', message: /`whatever`/ });
      assert.deepEqual(await contentsOf(daemon), nothing);
      await install(daemon, file);
      await assert.rejects(installInto(daemon, 'second', file), {
        code: 'TH5007',
        message: /`camera:1\.0\.0` is there already, in repository `default`/,
      });
      assert.deepEqual(readdirSync(second), []);
      // The refusal is about what is there, not about the repository.
      await daemon.client.uninstall('default', 'camera');
      assert.equal((await installInto(daemon, 'second', file)).repository, 'second');
      await assert.rejects(install(daemon, file), { code: 'TH5007', message: /in repository `second`/ });
      assert.deepEqual(readdirSync(second), ['camera-1.0.0.tar']);
    });
  });
});

describe('a repository with limits', needsImages(), () => {
  test('takes one package and no second one, and none beyond its room, on a disk and in memory', async () => {
    await onPackages(async (daemon, maker) => {
      const memory = join(daemon.folder.path, 'memory');
      const dirs = ['disk-number', 'disk-size', 'memory-number', 'memory-size'].map((name): [string, string] => [
        name,
        join(name.startsWith('disk') ? daemon.repository : memory, name),
      ]);
      const limits = (name: string): string =>
        name.endsWith('number') ? 'capacity_number: 1' : 'capacity_size: 4 KiB';
      const lines = dirs.map(([name, dir]) => `  ${name}: {dir: ${dir}, ${limits(name)}}\n`);
      daemon.configure(`repositories:\n${lines.join('')}`);
      const large = await maker.make({ name: 'large' });
      assert.ok(statSync(large).size > 4096);
      mkdirSync(memory, { mode: 0o755 });
      await inMemory(daemon, memory, async () => {
        for (const [, dir] of dirs) mkdirSync(dir, { mode: 0o755 });
        await daemon.start();
        for (const [name, dir] of dirs) {
          const first = await maker.make({ name, script: STAYS });
          if (name.endsWith('number')) await installInto(daemon, name, first);
          const message = name.endsWith('number') ? /takes 1 package, and holds 1/ : /the package needs .*4 KiB/;
          await assert.rejects(installInto(daemon, name, large), { code: 'TH5008', message }, name);
          assert.deepEqual(readdirSync(dir), name.endsWith('number') ? [`${name}-1.0.0.tar`] : []);
        }
        const listed = (await daemon.client.containers()).map(({ name }) => name);
        assert.deepEqual(listed, ['disk-number', 'memory-number']);
      });
    });
  });
});
