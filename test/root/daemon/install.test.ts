import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checksumOf, writeChecksums } from '../../../src/package/checksums.ts';
import { install, onPackages, parts } from '../../support/built-packages.ts';
import { Cli } from '../../support/cli.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { needsImages } from '../../support/packages.ts';
import { until } from '../../support/processes.ts';
import { end, entry, header, manifestText, packageOf, parts as partsOf, squashfs } from '../../unit/package/support.ts';

const STAYS = 'echo here; exec /bin/sleep 1000';
const MIB = 1024 * 1024;

/** Half of a package, and a connection that stays. */
async function sendHalf(daemon: TestDaemon, bytes: Buffer): Promise<() => void> {
  const outgoing = request({
    socketPath: daemon.socket,
    method: 'PUT',
    path: '/v1/repositories/default/packages',
    agent: false,
    headers: { 'content-length': bytes.length },
  });
  outgoing.on('error', () => undefined);
  outgoing.write(bytes.subarray(0, bytes.length / 2));
  await until('some of it is there', () =>
    parts(daemon).some((name) => statSync(join(daemon.repository, name)).size > 0),
  );
  return () => outgoing.destroy();
}

/** Bytes of the daemon that are in memory. */
function resident(daemon: TestDaemon): number {
  const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** Bytes to send: some, and zeros behind them, which take no memory of a small board until they are sent. */
interface Sent {
  bytes: Buffer;
  zeros?: number;
}

async function* of({ bytes, zeros = 0 }: Sent): AsyncGenerator<Buffer> {
  const chunk = 65_536;
  for (let at = 0; at < bytes.length; at += chunk) {
    await Promise.resolve();
    yield bytes.subarray(at, at + chunk);
  }
  for (let left = zeros; left > 0; left -= chunk) yield Buffer.alloc(Math.min(chunk, left));
}

function send(daemon: TestDaemon, sent: Sent): Promise<unknown> {
  return daemon.client.install('default', { chunks: of(sent), size: sent.bytes.length + (sent.zeros ?? 0) });
}

/** A good package with an image that is zeros but for its head: a sparse file. `size` is a multiple of 512. */
function writeSparsePackage(file: string, size: number): void {
  const head = squashfs();
  const hash = createHash('sha256').update(head);
  const zeros = Buffer.alloc(MIB);
  for (let left = size - head.length; left > 0; left -= MIB) hash.update(zeros.subarray(0, left));
  const sums = { manifest: checksumOf(Buffer.from(manifestText)), image: { sha256: hash.digest('hex'), size } };
  const members = { ...partsOf({ checksums: writeChecksums(sums) }), image: header('rootfs.squashfs', size) };
  const before = Buffer.concat(Object.values(members));
  writeFileSync(file, Buffer.concat([before, head]));
  truncateSync(file, before.length + size + end.length);
}

describe('installing', needsImages(), () => {
  test('lists the container, and starts it when it starts by itself', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      const file = await maker.make({ name: 'camera', script: STAYS, sections: { autostart: 'relaxed' } });
      assert.deepEqual(await install(daemon, file), {
        id: 'camera:1.0.0',
        repository: 'default',
        file: join(daemon.repository, 'camera-1.0.0.tar'),
        size: statSync(file).size,
        started: true,
        warnings: [],
      });
      assert.equal((await daemon.container('camera')).state, 'running');
      const told = (await daemon.events())
        .map(({ type }) => type)
        .filter((type) => /installed|loaded|started/.test(type));
      assert.deepEqual(told, ['installed', 'manifest_loaded', 'started']);
      await until('it has written', () => daemon.hasLog('camera', 'here'));
      await assert.rejects(install(daemon, file), {
        code: 'TH5007',
        message: /is there already, in repository `default`/,
        details: { id: 'camera:1.0.0', repository: 'default', file: join(daemon.repository, 'camera-1.0.0.tar') },
      });
      const again = new Cli(['--socket', daemon.socket, 'install', file]);
      const { code, stdout, stderr } = await again.ended;
      assert.deepEqual([code, stdout], [0, 'camera-1.0.0.tar is there already, camera:1.0.0 in default\n'], stderr);
      const rested = await install(daemon, await maker.make({ name: 'report', script: 'exit 0' }));
      assert.equal(rested.started, false);
      assert.equal((await daemon.container('report')).state, 'stopped');
      const failing = { autostart: 'relaxed', init: '/bin/missing', args: [] };
      const failed = await install(daemon, await maker.make({ name: 'failing', script: '', sections: failing }));
      assert.equal(failed.started, false);
      assert.equal(failed.start_error?.['code'], 'TH3001');
      assert.deepEqual(parts(daemon), []);
      // Nobody but root may read what may be secret.
      assert.equal(statSync(join(daemon.repository, 'camera-1.0.0.tar')).mode & 0o777, 0o600);
    });
  });

  test('twenty at once brings all of them in, and the same one only once', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      const files: string[] = [];
      for (let i = 0; i < 20; i++) files.push(await maker.make({ name: `c${i}`, script: 'exit 0' }));
      const all = await Promise.all(files.map((file) => install(daemon, file)));
      assert.equal(new Set(all.map(({ id }) => id)).size, 20);
      assert.equal((await daemon.client.containers()).length, 20);
      const same = await maker.make({ name: 'same', script: 'exit 0' });
      const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => install(daemon, same)));
      const refused = outcomes
        .filter((one) => one.status === 'rejected')
        .map((one) => (one.reason as { code: string }).code);
      assert.deepEqual(
        refused,
        Array.from({ length: 9 }, () => 'TH5007'),
      );
      assert.deepEqual(parts(daemon), []);
    }, 'console: {limits: {stream_timeout: 1 min}}\n');
  });

  test('that breaks off leaves nothing: the client, the daemon, its end', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      const bytes = readFileSync(await maker.make({ name: 'camera', script: STAYS }));
      const leave = await sendHalf(daemon, bytes);
      leave();
      await until('nothing is left', () => parts(daemon).length === 0);
      await sendHalf(daemon, bytes);
      await daemon.signal('SIGKILL');
      assert.equal(parts(daemon).length, 1);
      await daemon.start();
      assert.deepEqual(parts(daemon), []);
      await sendHalf(daemon, bytes);
      await daemon.signal('SIGTERM');
      assert.deepEqual(parts(daemon), []);
      assert.deepEqual(readdirSync(daemon.repository), []);
    }, 'console: {limits: {stream_timeout: 1 min}}\n');
  });

  test('is refused beyond the capacity of the repository', async () => {
    await onPackages(async (daemon, maker) => {
      const files: string[] = [];
      for (let i = 0; i < 4; i++) files.push(await maker.make({ name: `c${i}`, script: STAYS }));
      const size = statSync(files[0] ?? '').size;
      const capacity = (more: string): void => {
        daemon.configure(`repositories: {default: {dir: ${daemon.repository}, ${more}}}\n`);
      };
      capacity('capacity_number: 2');
      await daemon.start();
      for (const file of files.slice(0, 2)) await install(daemon, file);
      const full = (unused: string): object => ({
        code: 'TH5008',
        message: /takes 2 packages, and holds 2/,
        hint: `thuban uninstall ${unused}:1.0.0, the oldest that is not in use`,
      });
      await assert.rejects(install(daemon, files[2] ?? ''), full('c0'));
      await daemon.client.start('c0');
      await assert.rejects(install(daemon, files[2] ?? ''), full('c1'));
      await daemon.signal('SIGTERM');
      capacity(`capacity_size: ${Math.round(size * 2.5)}`);
      await daemon.start();
      await assert.rejects(install(daemon, files[2] ?? ''), {
        code: 'TH5008',
        message: /the package needs .* are free/,
      });
      await daemon.client.uninstall('default', 'c0');
      await install(daemon, files[2] ?? '');
      // Of an unknown length: it is cut off where the room ends.
      await daemon.client.uninstall('default', 'c1');
      const long = request({
        socketPath: daemon.socket,
        method: 'PUT',
        path: '/v1/repositories/default/packages',
        headers: { 'transfer-encoding': 'chunked' },
      });
      const answered = new Promise<number>((resolve) =>
        long.once('response', ({ statusCode = 0 }) => {
          resolve(statusCode);
        }),
      );
      long.on('error', () => undefined);
      long.end(packageOf({ image: squashfs({ size: 16 * MIB }) }));
      assert.equal(await answered, 413);
      long.destroy();
      assert.deepEqual(parts(daemon), []);
    });
  });

  test('on a full disk says so and leaves the rest as it was', async () => {
    await onPackages(async (daemon, maker) => {
      const small = await maker.make({ name: 'small', script: STAYS });
      const size = Math.ceil(statSync(small).size / 4096) + 8;
      const mounted = spawnSync('mount', [
        '-t',
        'tmpfs',
        '-o',
        `size=${size * 4096},mode=755`,
        'thuban-small',
        daemon.repository,
      ]);
      assert.equal(mounted.status, 0, String(mounted.stderr));
      try {
        await daemon.start();
        await assert.rejects(send(daemon, { bytes: packageOf({ image: squashfs({ size: 8 * MIB }) }) }), {
          code: 'TH4006',
        });
        assert.deepEqual(parts(daemon), []);
        await install(daemon, small);
        await daemon.client.start('small');
        await daemon.reached('small', 'running');
        spawnSync('mount', ['-o', 'remount,ro', daemon.repository]);
        await assert.rejects(send(daemon, { bytes: packageOf() }), { code: 'TH5015' });
        await daemon.client.stop('small');
        await assert.rejects(daemon.client.uninstall('default', 'small'), { code: 'TH5015' });
        assert.equal((await daemon.client.start('small')).id, 'small:1.0.0');
        await daemon.signal('SIGTERM');
      } finally {
        spawnSync('umount', [daemon.repository]);
      }
    });
  });

  test('of hostile archives is refused early, and costs no memory', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      const good = readFileSync(await maker.make({ name: 'camera', script: STAYS }));
      const huge = 80 * MIB;
      const hostile: [what: string, sent: Sent][] = [
        ['zeros', { bytes: Buffer.alloc(0), zeros: huge }],
        ['noise', { bytes: Buffer.alloc(huge, 0xa5) }],
        ['a huge first member', { bytes: header('checksums', 8 ** 11 - 1), zeros: huge }],
        ['a long name', { bytes: header('././@LongLink', huge, { 156: 'L' }), zeros: huge }],
        ['extended headers', { bytes: header('x', huge, { 156: 'x' }), zeros: huge }],
        ['a member that leaves', { bytes: entry('../../etc/passwd', 'x'), zeros: huge }],
        ['something behind its end', { bytes: good, zeros: huge }],
        ['a changed image', { bytes: Buffer.concat([good.subarray(0, -3000), Buffer.alloc(3000, 1)]) }],
        [
          'a huge manifest',
          {
            bytes: Buffer.concat([packageOf().subarray(0, 1024), header('manifest.yaml', 64 * MIB)]),
            zeros: huge,
          },
        ],
      ];
      await assert.rejects(send(daemon, { bytes: Buffer.alloc(0), zeros: huge }));
      const before = resident(daemon);
      for (let round = 0; round < 3; round++)
        for (const [what, sent] of hostile)
          await assert.rejects(
            send(daemon, sent),
            (error: { code: string }) => /^TH50(03|04|05|11)$/.test(error.code),
            what,
          );
      const grown = resident(daemon) - before;
      assert.ok(grown < 40 * MIB, `${Math.round(grown / MIB)} MiB more after 2 GiB of garbage`);
      assert.deepEqual(readdirSync(daemon.repository), []);
    });
  });
});

describe('a package of 200 MB', needsImages(), () => {
  test('that was copied into the folder is checked while the console answers and other files count', async () => {
    await onPackages(async (daemon) => {
      await daemon.start();
      writeSparsePackage(join(daemon.repository, 'large.tar'), 200 * MIB);
      daemon.add('beside', 'exit 0');
      const waits: number[] = [];
      const seen: string[] = [];
      const began = performance.now();
      for (const end = Date.now() + 60_000; !seen.includes('camera') && Date.now() < end;) {
        const asked = performance.now();
        const names = (await daemon.client.containers()).map(({ name }) => name);
        waits.push(performance.now() - asked);
        for (const name of names) if (!seen.includes(name)) seen.push(name);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.ok(seen.includes('camera'), 'it is listed');
      // A daemon that does nothing else meanwhile would answer when it is done.
      const [longest, all] = [Math.max(...waits), performance.now() - began];
      assert.ok(longest < all / 2, `an answer took ${Math.round(longest)} of ${Math.round(all)} ms`);
    });
  });
});
