import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { shell } from '../../support/containers.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { OwnUser, needsUser, ownerOf, USER } from '../../support/rootless.ts';

/** A repository where a daemon of this user looks for one. */
function repositoryOf(user: OwnUser): string {
  const folder = join(user.home, '.local/share/thuban/repository');
  for (const part of ['.local', '.local/share', '.local/share/thuban', '.local/share/thuban/repository'])
    user.folder(join(user.home, part));
  return folder;
}

function put(folder: string, name: string, script: string): void {
  const { manifest } = shell(script, { name });
  writeFileSync(join(folder, `${name}.yaml`), JSON.stringify({ ...manifest, autostart: 'relaxed' }));
}

describe('a daemon without root', needsUser(), () => {
  test('runs in places of its user, who alone may speak to it, and leaves nothing', async () => {
    await leavesNothingBehind(async () => {
      using user = new OwnUser();
      const ask = async (...args: string[]): Promise<string> => {
        using cli = user.cli(args);
        const { stdout, stderr } = await cli.ended;
        return stdout + stderr;
      };
      put(repositoryOf(user), 'sleeper', 'echo up; exec sleep 1000');
      using daemon = user.cli(['daemon']);
      await daemon.saw('"ready":true');
      const socket = join(user.runDir, 'thuban/console.sock');
      assert.deepEqual(ownerOf(socket), [USER, USER]);
      await until('it runs', async () => /sleeper:1\.0\.0 +running/.test(await ask('ps')));
      assert.equal(await ask('exec', 'sleeper', '--', 'id', '-u'), '1000\n');
      assert.match(await ask('logs', 'sleeper'), /up/);
      // Without groups it cannot be held, nor measured.
      assert.match(await ask('pause', 'sleeper'), /^error\[TH7001\]: `sleeper:1\.0\.0` cannot be paused: this user/);
      assert.match(await ask('pause', '-vv', 'sleeper'), /422/);
      assert.match(await ask('ps'), /sleeper:1\.0\.0 +running +\S+ +\? +\?/);
      // The next daemon takes over what this one leaves.
      const dead = once(daemon.process, 'exit'); // its launcher holds its output open
      daemon.process.kill('SIGKILL');
      await dead;
      using next = user.cli(['daemon']);
      await next.saw('sleeper:1.0.0 adopted');
      await next.saw('"ready":true');
      assert.match(await ask('ps'), /sleeper:1\.0\.0 +running/);
      assert.equal(await ask('exec', 'sleeper', '--', 'sh', '-c', 'exit 0'), '');
      assert.match(await ask('stop', 'sleeper'), /^stopped sleeper:1\.0\.0 in .*ended by SIGTERM/);
      assert.match(await ask('shutdown', '-y'), /no container was running/);
      assert.equal((await next.ended).code, 0);
    });
  });

  test('finds his configuration, and the daemon of the board for who has none of his own', async () => {
    await leavesNothingBehind(async () => {
      using user = new OwnUser();
      mkdirSync(join(user.home, '.config/thuban'), { recursive: true });
      writeFileSync(join(user.home, '.config/thuban/thuban.yaml'), 'daemon: {lease: 7 s}\n');
      using cli = user.cli(['daemon', '--print-config']);
      const { code, stdout, stderr } = await cli.ended;
      assert.equal(code, 0, stderr);
      assert.match(stdout, /lease: .*7/);
      assert.match(stdout, new RegExp(`run_dir: ${user.runDir}/thuban`));
      assert.match(stdout, new RegExp(`data_dir: ${user.home}/.local/share/thuban`));
      using ps = user.cli(['ps', '--json']);
      assert.match((await ps.ended).stderr, /\/run\/thuban\/console\.sock/);
    });
  });
});
