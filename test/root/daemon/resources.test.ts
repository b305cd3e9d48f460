import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

describe('a repository with resources', needsRoot(), () => {
  test('gives a container the newest files that it asks for, and says so when there are none', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon();
      for (const version of ['1.9.0', '1.10.0', '2.0.0']) {
        const path = join(daemon.shared, version);
        mkdirSync(path);
        writeFileSync(join(path, 'version'), `maps ${version}\n`);
        const manifest = { name: 'maps', version, uid: 1000, gid: 1000, rootfs: path };
        writeFileSync(join(daemon.repository, `maps-${version}.yaml`), JSON.stringify(manifest), { mode: 0o644 });
      }
      const maps = (version: string): object => ({ '/maps': { type: 'resource', name: 'maps', version, dir: '/' } });
      daemon.add('reader', 'cat /maps/version; exec sleep 1000', { mounts: maps('^1.2') });
      daemon.add('late', 'exit 0', { mounts: maps('^3') });
      await daemon.start();
      await daemon.client.start('reader');
      await until('it has read', () => daemon.hasLog('reader', 'maps 1.10.0'));
      await assert.rejects(daemon.client.start('late'), {
        code: 'TH1402',
        message: 'no container satisfies `maps ^3` (have 2.0.0, 1.10.0, 1.9.0)',
      });
      const refused = { code: 'TH6005', message: '`maps:1.10.0` has no `init`: its files are for others to mount' };
      const before = await daemon.client.container('maps:1.10.0');
      assert.deepEqual([before.resource, before.mounted_by], [true, ['reader:1.0.0']]);
      await assert.rejects(daemon.client.start('maps:1.10.0'), {
        ...refused,
        hint: '`reader:1.0.0` mounts them (`type: resource`)',
      });
      await assert.rejects(daemon.client.restart('maps:1.10.0'), refused);
      await assert.rejects(daemon.client.start('maps:2.0.0', { args: ['-c', 'true'] }), {
        hint: 'no container mounts them yet (`type: resource`, `name: maps`)',
      });
      const after = await daemon.client.container('maps:1.10.0');
      assert.deepEqual(
        [after.state, after.since, after.last_exit, after.history],
        ['stopped', before.since, undefined, before.history],
      );
      await daemon.signal('SIGTERM');
    });
  });

  test('starts files for others with a program of the one who asks, and with nothing else', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon();
      const files = join(daemon.shared, 'tools');
      for (const folder of ['usr', 'proc']) mkdirSync(join(files, folder), { recursive: true });
      for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(files, name));
      writeFileSync(join(files, 'version'), 'tools 1\n');
      const mounts = { '/usr': { type: 'bind', host: '/usr' } };
      const manifest = { name: 'tools', version: '1.0.0', uid: 1000, gid: 1000, rootfs: files, mounts };
      writeFileSync(join(daemon.repository, 'tools.yaml'), JSON.stringify(manifest), { mode: 0o644 });
      await daemon.start();
      const { client } = daemon;
      const before = await client.container('tools');
      const refused = { code: 'TH6005', message: '`tools:1.0.0` has no `init`: its files are for others to mount' };
      for (const init of ['<INIT>', '/debug<INIT>']) await assert.rejects(client.start('tools', { init }), refused);
      await assert.rejects(client.restart('tools'), refused);
      const after = await client.container('tools');
      assert.deepEqual(
        [after.state, after.since, after.last_exit, after.history],
        ['stopped', before.since, undefined, before.history],
        'a start that is refused is no failure of the container',
      );
      const script = 'read -r line < /version; echo "$line $COLOUR"; exec sleep 1000';
      const first = await client.start('tools', { init: '/bin/sh', args: ['-c', script], env: { COLOUR: 'red' } });
      assert.equal((await daemon.container('tools')).pid, first.pid);
      await until('it has read', () => daemon.hasLog('tools', 'tools 1 red'));
      const second = await client.restart('tools');
      assert.notEqual(second.pid, first.pid);
      await until('it has read again', async () => (await read(daemon)).length === 2);
      await client.stop('tools');
      await client.restart('tools');
      await until('it has read once more', async () => (await read(daemon)).length === 3);
      await client.stop('tools');
      await assert.rejects(client.start('tools', { args: ['-c', script] }), refused);
      assert.deepEqual(await read(daemon), ['tools 1 red', 'tools 1 red', 'tools 1 red']);
      await daemon.signal('SIGTERM');
    });
  });
});

async function read(daemon: TestDaemon): Promise<string[]> {
  return (await daemon.lines('tools')).filter((line) => !line.startsWith('- '));
}
