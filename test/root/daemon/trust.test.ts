import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { makeKeys, onPackages, type KeyFiles, type PackageMaker } from '../../support/built-packages.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needsImages } from '../../support/packages.ts';
import { until } from '../../support/processes.ts';

const STAYS = 'exec /bin/sleep 1000';
const files = (version: string): Record<string, unknown> => ({
  mounts: { '/mnt': { type: 'resource', name: 'files', version, dir: '/' } },
});

function put(folder: string, file: string): void {
  const path = join(folder, basename(file));
  copyFileSync(file, `${path}.new`);
  renameSync(`${path}.new`, path);
}

/** Packages of two vendors: what the first one signed is distrusted as soon as the board has another key of his. */
async function twoVendors(daemon: TestDaemon, maker: PackageMaker): Promise<{ exchange: () => void }> {
  const [first, second, stranger] = ['first', 'second', 'stranger'].map((name) => makeKeys(daemon.shared, name));
  assert.ok(first !== undefined && second !== undefined && stranger !== undefined);
  const keys = [first, second].map(({ file }) => file).join(', ');
  daemon.configure(
    `repositories: {default: {dir: ${daemon.repository}, keys: [${keys}], require_signature: true}}\nschedule: {clock_gate: off}\ndaemon: {lease: 20 s}\n`,
  );
  const made = async (name: string, { signing: key }: KeyFiles, script?: string, sections = {}): Promise<void> => {
    put(daemon.repository, await maker.make({ name, key, sections, ...(script === undefined ? {} : { script }) }));
  };
  await made('ticks', first, 'exit 0', { schedule: '* * * * * *' });
  await made('loops', first, 'sleep 1', {
    autostart: 'relaxed',
    restart: { policy: 'always', initial_delay: '50 ms', max_delay: '50 ms', max_restarts: 'unlimited' },
  });
  await made('waits', first, 'exit 1', {
    autostart: 'relaxed',
    restart: { policy: 'always', initial_delay: '3 s', max_delay: '3 s' },
  });
  await made('files', first);
  await made('user', second, STAYS, files('*'));
  return {
    exchange: () => {
      copyFileSync(stranger.file, first.file);
    },
  };
}

/** It was to be started, and was not. */
async function refused(daemon: TestDaemon, name: string): Promise<void> {
  await until(`${name} is not started`, async () => {
    const { last_exit: exit } = await daemon.container(name);
    return exit?.error?.['code'] === 'TH5002';
  });
}

describe('what nobody trusts any more', needsImages(), () => {
  test('is not started by the clock, by a restart, or through a mount; what runs runs on', async () => {
    await onPackages(async (daemon, maker) => {
      const { exchange } = await twoVendors(daemon, maker);
      await daemon.start();
      await daemon.told('exited', 'ticks:1.0.0');
      await daemon.reached('loops', 'running');
      await daemon.client.start('user');
      await daemon.client.stop('user');
      exchange();
      await daemon.client.apply();
      const began = (await daemon.events(['started'])).length;
      for (const name of ['ticks', 'loops', 'waits']) await refused(daemon, name);
      assert.equal((await daemon.events(['started'])).length, began);
      await assert.rejects(daemon.client.start('user'), { code: 'TH1402' });
      for (const name of ['ticks', 'loops', 'waits'])
        await assert.rejects(daemon.client.start(name), { message: /is rejected.*not trusted/ });
    });
  });

  test('is not started by a next daemon either', async () => {
    await onPackages(async (daemon, maker) => {
      const { exchange } = await twoVendors(daemon, maker);
      await daemon.start();
      await daemon.told('exited', 'ticks:1.0.0');
      await daemon.reached('loops', 'running');
      await daemon.reached('waits', 'backoff');
      await daemon.signal('SIGKILL');
      exchange();
      await daemon.start();
      for (const name of ['ticks', 'loops', 'waits']) await refused(daemon, name);
      assert.deepEqual(await daemon.events(['started']), []);
    });
  });

  test('does not come into a signed container by way of another repository', async () => {
    await onPackages(async (daemon, maker) => {
      const vendor = makeKeys(daemon.shared, 'vendor');
      const open = join(daemon.shared, 'open');
      mkdirSync(open, { mode: 0o755 });
      daemon.configure(
        `repositories: {signed: {dir: ${daemon.repository}, keys: [${vendor.file}], require_signature: true}, open: {dir: ${open}, keys: [${vendor.file}]}}\n`,
      );
      const key = vendor.signing;
      const script = `cat /mnt/which; ${STAYS}`;
      const offer = async (folder: string, version: string, signed = {}): Promise<void> => {
        writeFileSync(join(maker.root, 'which'), `these are ${version}\n`);
        put(folder, await maker.make({ name: 'files', version, ...signed }));
      };
      await offer(daemon.repository, '1.0.0', { key });
      await offer(open, '9.0.0');
      put(daemon.repository, await maker.make({ name: 'user', key, script, sections: files('*') }));
      put(daemon.repository, await maker.make({ name: 'strict', key, script, sections: files('>=2') }));
      put(open, await maker.make({ name: 'guest', script, sections: files('*') }));
      await daemon.start();
      const has = async (name: string, version: string): Promise<void> => {
        await daemon.client.start(name);
        await until(`${name} has ${version}`, () => daemon.hasLog(name, `these are ${version}`));
      };
      await has('user', '1.0.0');
      await has('guest', '9.0.0');
      await assert.rejects(daemon.client.start('strict'), { code: 'TH1402', message: /have 1\.0\.0/ });
      // What the vendor has signed may lie anywhere.
      await offer(open, '2.1.0', { key });
      await until('it is listed', async () =>
        (await daemon.client.containers()).some(({ id }) => id === 'files:2.1.0'),
      );
      await has('strict', '2.1.0');
    });
  });
});
