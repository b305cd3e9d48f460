import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { signManifest, signatureFileOf } from '../../../src/package/index.ts';
import { install, makeKeys, onPackages } from '../../support/built-packages.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needsImages } from '../../support/packages.ts';
import { until } from '../../support/processes.ts';

const STAYS = 'echo here; exec /bin/sleep 1000';
const auto = { autostart: 'relaxed' };

/** As somebody does who copies into the folder with care. */
function put(daemon: TestDaemon, file: string, name = basename(file)): string {
  const path = join(daemon.repository, name);
  copyFileSync(file, `${path}.new`);
  renameSync(`${path}.new`, path);
  return path;
}

describe('packages in a repository', needsImages(), () => {
  test('are containers like others: started, replaced by another build, removed', async () => {
    await onPackages(async (daemon, maker) => {
      put(daemon, await maker.make({ name: 'camera', script: STAYS, sections: auto }));
      await daemon.start();
      const first = await daemon.reached('camera', 'running');
      const file = put(daemon, await maker.make({ name: 'camera', script: `echo new; ${STAYS}`, sections: auto }));
      await until('the other build has written', () => daemon.hasLog('camera', 'new'));
      const second = await daemon.reached('camera', 'running');
      assert.notEqual(second.pid, first.pid);
      // What is not whole is waited for, then rejected, and harms nothing.
      const whole = readFileSync(file);
      writeFileSync(file, whole.subarray(0, whole.length / 2));
      const broken = await daemon.rejects('camera-1.0.0.tar');
      assert.equal(broken.errors?.[0]?.code, 'TH5005');
      assert.equal((await daemon.container('camera')).pid, second.pid);
      await assert.rejects(daemon.client.uninstall('default', 'camera-1.0.0.tar'), { code: 'TH5006' });
      writeFileSync(file, whole);
      await until('it is right again', () => daemon.log.includes('right again'));
      assert.equal((await daemon.container('camera')).pid, second.pid);
    });
  });

  test('count by their signature, beside manifests that count by theirs', async () => {
    await onPackages(async (daemon, maker) => {
      const vendor = makeKeys(daemon.shared, 'vendor');
      const stranger = makeKeys(daemon.shared, 'stranger');
      daemon.configure(
        `repositories: {default: {dir: ${daemon.repository}, keys: [${vendor.file}], require_signature: true}}\n`,
      );
      const key = vendor.signing;
      put(daemon, await maker.make({ name: 'good', script: STAYS, sections: auto, key }));
      put(daemon, await maker.make({ name: 'unsigned', script: STAYS }));
      put(daemon, await maker.make({ name: 'foreign', script: STAYS, key: stranger.signing }));
      const changed = readFileSync(await maker.make({ name: 'changed', script: STAYS, key }));
      changed[changed.length - 2000] = (changed[changed.length - 2000] ?? 0) ^ 1;
      writeFileSync(join(daemon.repository, 'changed.tar'), changed);
      writeFileSync(join(daemon.repository, 'short.tar'), changed.subarray(0, changed.length - 5000));
      writeFileSync(join(daemon.repository, 'none.tar'), Buffer.alloc(10_240));
      daemon.add('plain', 'exit 0');
      const signed = daemon.add('signed', 'exit 0');
      writeFileSync(signatureFileOf(signed), signManifest(readFileSync(signed), key));
      await daemon.start();
      const listed = await daemon.client.containers();
      assert.deepEqual(
        Object.fromEntries(listed.map(({ id, errors }) => [id, errors?.map(({ code }) => code).join(' ') ?? 'good'])),
        {
          'good:1.0.0': 'good',
          'signed:1.0.0': 'good',
          'plain.yaml': 'TH5001',
          'unsigned-1.0.0.tar': 'TH5001',
          'foreign-1.0.0.tar': 'TH5002',
          'changed.tar': 'TH5003',
          'short.tar': 'TH5005',
          'none.tar': 'TH5011',
        },
      );
      await daemon.reached('good', 'running');
      assert.equal((await daemon.client.container('good')).signer, vendor.id);
      // A signature that comes later counts, and one that goes does not any more.
      const plain = join(daemon.repository, 'plain.yaml');
      writeFileSync(signatureFileOf(plain), signManifest(readFileSync(plain), key));
      await daemon.reached('plain', 'stopped');
      // Another key of the vendor: what the old one signed is rejected, what runs of it runs on.
      copyFileSync(stranger.file, vendor.file);
      await daemon.client.apply();
      await daemon.rejects('good-1.0.0.tar');
      assert.equal((await daemon.container('good')).state, 'running');
      await daemon.reached('foreign', 'stopped');
      writeFileSync(vendor.file, 'no key');
      await daemon.client.apply();
      const [repository] = await daemon.client.repositories();
      assert.equal(repository?.problem?.['code'], 'TH5012');
      assert.equal((await daemon.container('good')).state, 'running');
      await assert.rejects(install(daemon, join(daemon.repository, 'good-1.0.0.tar')), { code: 'TH5012' });
    });
  });

  test('are hashed once, also for a daemon that takes over, and anew for one that begins anew', async () => {
    await onPackages(async (daemon, maker) => {
      const file = put(daemon, await maker.make({ name: 'camera', script: STAYS }));
      await daemon.start();
      const kept = join(daemon.runDir, 'verified.json');
      const { packages } = JSON.parse(readFileSync(kept, 'utf8')) as { packages: { identity: { ino: string } }[] };
      assert.deepEqual(
        packages.map(({ identity }) => identity.ino),
        [String(statSync(file).ino)],
      );
      writeFileSync(kept, '{"boot": ');
      await daemon.signal('SIGKILL');
      await daemon.start();
      assert.equal((await daemon.container('camera')).state, 'stopped');
      assert.match(daemon.log, /verified.json cannot be used/);
      const text = readFileSync(kept, 'utf8');
      assert.match(text, /"ino"/);
      // A note that lies shows who believes it.
      const bytes = readFileSync(file);
      bytes[bytes.length - 2000] = (bytes[bytes.length - 2000] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      const { size, ctimeNs } = statSync(file, { bigint: true });
      const lie = text.replace(/"ctime_ns":"\d+"/, `"ctime_ns":"${ctimeNs}"`);
      assert.match(lie, new RegExp(`"size":"${size}"`));
      await daemon.signal('SIGKILL');
      writeFileSync(kept, lie);
      await daemon.start();
      assert.equal((await daemon.container('camera')).state, 'stopped');
      await daemon.signal('SIGTERM');
      writeFileSync(kept, lie);
      await daemon.start();
      assert.equal((await daemon.rejects('camera-1.0.0.tar')).errors?.[0]?.code, 'TH5003');
    });
  });
});

describe('uninstalling', needsImages(), () => {
  test('leaves what a container keeps, and takes it with `--wipe`, unless it is another version’s as well', async () => {
    await onPackages(async (daemon, maker) => {
      const sections = { mounts: { '/data': { type: 'persist' } } };
      const script =
        'read n < /data/starts; echo "$((n + 1))" > /data/starts; echo "start $((n + 1))"; exec /bin/sleep 1000';
      const kept = join(daemon.folder.path, 'data/persist/camera');
      await daemon.start();
      for (const [version, line] of [
        ['1.0.0', 'start 1'],
        ['1.1.0', 'start 2'],
      ] as const) {
        await install(daemon, await maker.make({ name: 'camera', version, script, sections }));
        await daemon.client.start(`camera:${version}`);
        await until('it has written', () => daemon.hasLog('camera', line));
        await daemon.client.stop(`camera:${version}`);
      }
      await assert.rejects(daemon.client.uninstall('default', 'camera:1.0.0', { wipe: true }), { code: 'TH5006' });
      await daemon.client.uninstall('default', 'camera:1.0.0');
      assert.equal(readFileSync(join(kept, 'starts'), 'utf8'), '2\n');
      await daemon.client.uninstall('default', 'camera:1.1.0', { wipe: true });
      assert.ok(!existsSync(kept));
      assert.ok(existsSync(join(daemon.folder.path, 'data/persist')));
    });
  });

  test('is refused for what runs, for what others use, and for what is no package', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      const texts = await install(daemon, await maker.make({ name: 'texts' }));
      await install(daemon, await maker.make({ name: 'camera', script: STAYS, sections: auto }));
      const plain = daemon.add('reader', 'exec sleep 1000', {
        mounts: { '/texts': { type: 'resource', name: 'texts', version: '*', dir: '/' } },
      });
      await daemon.reached('reader', 'stopped');
      await daemon.client.start('reader');
      const refusals: [name: string, code: string, message: RegExp, hint: string][] = [
        ['camera', 'TH5006', /`camera:1.0.0` is running/, 'thuban stop camera:1.0.0'],
        ['texts', 'TH5006', /`texts:1.0.0` is used by `reader:1.0.0`/, 'thuban stop reader:1.0.0'],
        ['reader', 'TH6005', /is a plain manifest/, `rm ${plain}`],
        [
          'nobody',
          'TH6003',
          /no package `nobody` in repository `default`/,
          'thuban ps lists them; a rejected one goes by the name of its file',
        ],
      ];
      for (const [name, code, message, hint] of refusals)
        await assert.rejects(daemon.client.uninstall('default', name), { code, message, hint });
      await assert.rejects(daemon.client.uninstall('other', 'camera'), { code: 'TH5014' });
      await daemon.client.stop('reader');
      await daemon.client.uninstall('default', 'texts:1.0.0');
      assert.ok(!existsSync(texts.file));
      await assert.rejects(daemon.client.start('reader'), { code: 'TH1402' });
    });
  });

  test('removes garbage by the name of its file, and leaves nothing of a container', async () => {
    await onPackages(async (daemon, maker) => {
      writeFileSync(join(daemon.repository, 'garbage.tar'), 'none');
      await daemon.start();
      await daemon.rejects('garbage.tar');
      await daemon.client.uninstall('default', 'garbage.tar');
      const { id } = await install(daemon, await maker.make({ name: 'camera', script: 'echo here' }));
      await daemon.client.start('camera');
      await daemon.reached('camera', 'stopped');
      await daemon.client.uninstall('default', id);
      assert.deepEqual(await daemon.client.containers(), []);
      assert.deepEqual(readdirSync(daemon.repository), []);
      for (const folder of ['logs', 'state']) assert.deepEqual(readdirSync(join(daemon.runDir, folder)), []);
      const types = (await daemon.events(['installed', 'uninstalled'])).map(({ type, container }) => [type, container]);
      assert.deepEqual(types, [
        ['uninstalled', 'garbage.tar'],
        ['installed', id],
        ['uninstalled', id],
      ]);
    });
  });

  test('and starting at once: one of them is refused', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      const file = await maker.make({ name: 'camera', script: STAYS });
      const seen = new Set<string>();
      for (let round = 0; round < 20; round++) {
        await install(daemon, file);
        const both = [() => daemon.client.start('camera'), () => daemon.client.uninstall('default', 'camera')];
        const [first, second] = round % 2 === 0 ? both : both.reverse();
        const outcome = await Promise.allSettled([first?.(), second?.()]);
        assert.equal(outcome.filter(({ status }) => status === 'fulfilled').length, 1, JSON.stringify(outcome));
        const left = await daemon.client.containers();
        seen.add(left[0]?.state ?? 'gone');
        if (left.length === 0) continue;
        assert.equal(left[0]?.state, 'running');
        await daemon.client.stop('camera');
        await daemon.client.uninstall('default', 'camera');
      }
      assert.deepEqual([...seen].sort(), ['gone', 'running']);
    });
  });
});
