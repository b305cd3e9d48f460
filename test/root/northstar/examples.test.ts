import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadManifest } from '../../../src/manifest/index.ts';
import { pack } from '../../../src/package/index.ts';
import type { Exit } from '../../../src/runtime/index.ts';
import { needsRootAndPerl } from '../../support/asking.ts';
import { install, onPackages } from '../../support/built-packages.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { examples, packExample, planned } from '../../support/examples.ts';
import { loopsOf, leavesNothingBehind } from '../../support/leaks.ts';
import { needsImages } from '../../support/packages.ts';
import { until } from '../../support/processes.ts';

const manifests = join(examples, 'manifests');

/** What a program has written, without what Thuban says of it. */
async function said(daemon: TestDaemon, name: string): Promise<string[]> {
  return (await daemon.lines(name)).filter((line) => !line.startsWith('- '));
}

async function packFile(file: string, out: string, options: { root?: string } = {}): Promise<string> {
  const text = readFileSync(file);
  const loaded = loadManifest(text, file);
  assert.ok(loaded.ok, file);
  return (await pack(text, loaded.manifest, { out, ...options })).file;
}

describe('every example', needsImages(), () => {
  test('is packed, installed, started as far as it is a program, and uninstalled, and nothing is left', async () => {
    await onPackages(async (daemon) => {
      await daemon.start();
      const { client, runDir, shared } = daemon;
      for (const name of ['greeter', 'texts']) assert.equal(packExample(shared, name).code, 0);
      await packFile(join(examples, 'packages/texts/reader.yaml'), shared);
      for (const name of readdirSync(manifests)) await packFile(join(manifests, name), shared);
      const files = readdirSync(shared).filter((name) => name.endsWith('.tar'));
      assert.equal(files.length, readdirSync(manifests).length + 3, 'no two of them have one name');
      for (const name of files) {
        const installing = install(daemon, join(shared, name));
        // What this version cannot execute is not taken over.
        if (planned.some((one) => name.startsWith(packageName(one))))
          await assert.rejects(installing, { code: 'TH1107' });
        else await installing;
      }
      const all = await client.containers();
      assert.equal(all.length, files.length - planned.length);
      assert.deepEqual(readdirSync(daemon.repository).length, all.length);
      for (const { id, resource, state } of all)
        if (resource !== true && state === 'stopped')
          // A clock may have started it since: that it ran is seen below.
          await client.start(id).catch(unless('TH6005'));
      const ran = new Set((await daemon.events(['started'])).map(({ container }) => container));
      assert.deepEqual(
        all.filter(({ id, resource }) => ran.has(id) === (resource === true)).map(({ id }) => id),
        [],
        'programs were started, files were not',
      );
      for (const { id } of all) await remove(daemon, id);
      assert.deepEqual(await client.containers(), []);
      assert.deepEqual(readdirSync(daemon.repository), []);
      for (const folder of ['logs', 'state', 'sockets', 'consoles'])
        assert.deepEqual(readdirSync(join(runDir, folder)), [], folder);
      assert.deepEqual(readdirSync(join(daemon.folder.path, 'data/persist')), []);
      await until('no image is mounted', () => loopsOf(daemon.folder.path).length === 0);
    });
  });
});

/** Its manifest says under which name an example is packed. */
function packageName(example: string): string {
  return /^name: (\S+)$/m.exec(readFileSync(join(manifests, `${example}.yaml`), 'utf8'))?.[1] ?? '';
}

/** Stops and uninstalls. Another program may end in between, and a clock may start another one. */
async function remove({ client }: TestDaemon, id: string): Promise<void> {
  await until(`${id} is uninstalled`, async () => {
    const { state } = await client.container(id);
    if (state !== 'stopped' && state !== 'failed') await client.stop(id, { timeout: 0.5 }).catch(unless('TH6005'));
    return client.uninstall('default', id, { wipe: true }).then(() => true, unless('TH5006'));
  });
}

/** What is not this is no race. */
function unless(code: string): (error: unknown) => false {
  return (error) => {
    if ((error as { code?: string }).code !== code) throw error;
    return false;
  };
}

describe('a package without anything of its own', needsImages(), () => {
  test('runs the interpreter of one resource on the script of another', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      await install(daemon, await maker.make({ name: 'interpreter' }));
      for (const version of ['0.0.1', '0.0.2']) {
        const root = join(daemon.shared, `message-${version}`);
        mkdirSync(root);
        writeFileSync(join(root, 'hello'), `echo "hello from ${version}, I see: $(cd /; echo *)"\n`);
        const manifest = join(daemon.shared, `message-${version}.yaml`);
        writeFileSync(manifest, `name: message\nversion: ${version}\nuid: 1000\ngid: 1000\n`);
        await install(daemon, await packFile(manifest, daemon.shared, { root }));
      }
      const resource = (name: string, version: string, dir: string): object => ({
        type: 'resource',
        name,
        version,
        dir,
      });
      const folders = readdirSync(maker.root).filter((name) => /^(bin|lib)/.test(name));
      for (const [name, version] of [
        ['hello-old', '=0.0.1'],
        ['hello-new', '>=0.0.1'],
      ] as const) {
        const mounts = {
          ...Object.fromEntries(folders.map((folder) => [`/${folder}`, resource('interpreter', '*', `/${folder}`)])),
          '/message': resource('message', version, '/'),
        };
        const manifest = {
          name,
          version: '1.0.0',
          uid: 1000,
          gid: 1000,
          init: '/bin/sh',
          args: ['/message/hello'],
          mounts,
        };
        const file = join(daemon.shared, `${name}.yaml`);
        writeFileSync(file, JSON.stringify(manifest));
        await install(daemon, await packFile(file, daemon.shared));
        await daemon.client.start(name);
        const { last_exit: exit } = await daemon.reached(name, 'stopped');
        assert.deepEqual([exit?.reason, exit?.code], ['exited', 0]);
      }
      const seen = ['message', ...folders].sort().join(' ');
      assert.deepEqual(await said(daemon, 'hello-old'), [`hello from 0.0.1, I see: ${seen}`]);
      assert.deepEqual(await said(daemon, 'hello-new'), [`hello from 0.0.2, I see: ${seen}`]);
    });
  });
});

async function onDaemon(body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon();
    await body(daemon);
    await daemon.signal('SIGTERM');
  });
}

describe('a server and its client', needsRootAndPerl(), () => {
  test('meet at a socket, and what the server was told it still knows after its restart', async () => {
    await onDaemon(async (daemon) => {
      for (const name of ['22-store.yaml', '22b-store-client.yaml'])
        copyFileSync(join(manifests, name), join(daemon.repository, name));
      await daemon.start();
      const { client } = daemon;
      const ask = async (): Promise<Exit | undefined> => {
        await client.start('values-client');
        return (await daemon.reached('values-client', 'stopped')).last_exit;
      };
      assert.notEqual((await ask())?.code, 0, 'nobody is there yet');
      await client.start('values');
      assert.equal((await ask())?.code, 0);
      await client.stop('values');
      await client.start('values');
      const file = join(daemon.repository, '22b-store-client.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace('  - set weather sunny\n', ''));
      await client.apply();
      assert.equal((await ask())?.code, 0);
      const lines = await said(daemon, 'values-client');
      assert.match(lines[0] ?? '', /^the store does not answer: /);
      assert.deepEqual(lines.slice(1), ['OK', 'sunny', 'sunny']);
      await client.stop('values');
    });
  });
});

/** A shell script that sends one request over the connection that it finds open, and prints the answer. */
function asks(method: string, path: string, body = ''): string {
  const head = `Host: thuban\\r\\nConnection: close\\r\\nContent-Type: application/json\\r\\nContent-Length: ${body.length}`;
  return `printf '${method} ${path} HTTP/1.1\\r\\n${head}\\r\\n\\r\\n${body}' >&"$THUBAN_CONSOLE"; cat <&"$THUBAN_CONSOLE"`;
}

describe('a container with a console', needsRootAndPerl(), () => {
  test('reads its own `custom`, as it stands in its manifest', async () => {
    await onDaemon(async (daemon) => {
      const custom = { site: 'roof', numbers: [1, 0.5, null], inner: { on: true, text: '1' } };
      const sections = { custom, console: { permissions: ['inspect'] } };
      daemon.add('custom', asks('GET', '/v1/containers/custom'), sections);
      await daemon.start();
      await daemon.client.start('custom');
      await daemon.reached('custom', 'stopped');
      const answer = (await said(daemon, 'custom')).find((line) => line.startsWith('{')) ?? '{}';
      assert.deepEqual((JSON.parse(answer) as { manifest: { custom: unknown } }).manifest.custom, custom);
      assert.deepEqual((await daemon.client.container('custom')).manifest?.custom, custom);
    });
  });

  test('kills itself by SIGTERM, and its end says so', async () => {
    await onDaemon(async (daemon) => {
      const kill = asks('POST', '/v1/containers/weary/kill', '{"signal":"SIGTERM"}');
      const mounts = { '/mnt': { type: 'bind', host: daemon.shared } };
      const script = `until [ -e /mnt/now ]; do sleep 0.02; done; ${kill}; exec sleep 1000`;
      daemon.add('weary', script, { mounts, console: { permissions: ['kill'] } });
      await daemon.start();
      await daemon.client.start('weary');
      // A program may ask before it is known to run, and what only starts is not killed.
      writeFileSync(join(daemon.shared, 'now'), '');
      const { last_exit: exit } = await daemon.reached('weary', 'stopped');
      assert.deepEqual([exit?.reason, exit?.signal], ['signalled', 'SIGTERM']);
    });
  });
});
