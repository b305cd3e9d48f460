import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { describe, test } from 'node:test';
import type { ImageFile } from '../../../src/base/index.ts';
import { nativeBinary } from '../../../src/runtime/binaries.ts';
import { Session, type Exit } from '../../../src/runtime/index.ts';
import { runIn } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot } from '../../support/identity.ts';
import { makeImage } from '../../support/image.ts';
import { leavesNothingBehind, loopsOf } from '../../support/leaks.ts';
import { STAY, identityOf, makePackage, needsImages, onPackage, packaged } from '../../support/packages.ts';
import { until } from '../../support/processes.ts';

function refusal({ reason, error }: Exit): unknown[] {
  return [reason, error?.['code'], (error?.['details'] as { errno?: string } | undefined)?.errno];
}

describe('the file of a package', needsImages(), () => {
  const changes: [string, (file: string) => void][] = [
    ['written to', (file) => { appendFileSync(file, 'x'); }],
    ['of the same size, but of a later change', (file) => { writeFileSync(file, readFileSync(file)); }],
    ['replaced', (file) => { copyFileSync(file, `${file}.new`); renameSync(`${file}.new`, file); }],
    ['gone', (file) => { rmSync(file); }],
    ['a symbolic link', (file) => { renameSync(file, `${file}.moved`); symlinkSync(`${file}.moved`, file); }],
    ['a FIFO, which nobody writes to', (file) => { rmSync(file); assert.equal(spawnSync('mkfifo', [file]).status, 0); }],
    ['a folder', (file) => { rmSync(file); mkdirSync(file); }],
  ]; // prettier-ignore

  for (const [what, change] of changes)
    test(`is refused when it is ${what} since it was checked`, async () => {
      await onPackage(async ({ image, session }) => {
        const loaded = packaged(image, 'exit 0');
        assert.equal((await runIn(session, loaded)).exit.reason, 'exited', 'before');
        change(image.file);
        const { exit } = await runIn(session, loaded);
        assert.deepEqual(refusal(exit), ['start_failed', 'TH5003', 'ESTALE']);
        assert.match(String(exit.error?.['message']), /`.*test-1\.0\.0\.tar` was changed, replaced or removed/);
      });
    });

  test('is refused while somebody may write to it through a descriptor of before, and taken when that is closed', async () => {
    await onPackage(async ({ image, session }) => {
      for (const flags of ['r+', 'a']) {
        const fd = openSync(image.file, flags);
        const { exit } = await runIn(session, packaged(image, 'exit 0'));
        closeSync(fd);
        assert.deepEqual(refusal(exit), ['start_failed', 'TH5010', 'ETXTBSY']);
        assert.match(String(exit.error?.['message']), /`.*test-1\.0\.0\.tar` is open for writing/);
      }
      const reader = openSync(image.file, 'r');
      assert.equal((await runIn(session, packaged(image, 'exit 0'))).exit.reason, 'exited');
      closeSync(reader);
    });
  });

  test('may be opened for writing at that very moment: its container is refused or runs, and gets no signal', async () => {
    await onPackage(async ({ image, session }) => {
      const writer = spawn('sh', ['-c', 'while :; do : >> "$0"; done', image.file]);
      const ends = new Set<string>();
      try {
        for (let i = 0; i < 100; i++) {
          const { exit, stdout } = await runIn(session, packaged(image, 'echo here'));
          ends.add(stdout === 'here\n' ? String(exit.reason) : refusal(exit).join(' '));
        }
      } finally {
        writer.kill('SIGKILL');
        await once(writer, 'exit');
      }
      for (const end of ends) assert.match(end, /^(exited|start_failed TH5010 ETXTBSY)$/);
      assert.ok(ends.has('exited'), [...ends].join());
    });
  });

  test('may go while its container runs', async () => {
    await onPackage(async ({ image, run }) => {
      const { exit, stdout } = await run('echo still here', asRoot, {
        whenRunning: () => {
          rmSync(image.file);
        },
      });
      assert.deepEqual([exit.reason, stdout], ['exited', 'still here\n']);
    });
  });
});

describe('an image that cannot be used', needsImages(), () => {
  const damages: [string, (image: ImageFile) => Partial<ImageFile>][] = [
    ['is no image', ({ file, size }) => { writeFileSync(file, Buffer.alloc(size + 4096, 0x5a)); return {}; }],
    ['is empty', ({ file }) => { writeFileSync(file, ''); return {}; }],
    ['ends too early', ({ file, offset, size }) => { truncateSync(file, offset + Math.floor(size / 2)); return {}; }],
    ['begins elsewhere', ({ offset }) => ({ offset: offset + 512 })],
    ['is shorter than it says', () => ({ size: 4096 })],
  ]; // prettier-ignore

  for (const [what, damage] of damages)
    test(`because it ${what} is named, and nothing is left`, async () => {
      await onPackage(async ({ image, session }) => {
        const changed = { ...image, ...damage(image) };
        const { exit } = await runIn(session, packaged({ ...changed, identity: identityOf(image.file) }, 'exit 0'));
        const [reason, code, errno] = refusal(exit);
        assert.deepEqual([reason, code], ['start_failed', 'TH3004'], String(errno));
        assert.match(String(exit.error?.['message']), /the image in `.*test-1\.0\.0\.tar` is damaged/);
      });
    });
});

describe('the loop device of a package', needsImages(), () => {
  test('is free after a start that failed later on, at a mount or at the program', async () => {
    await onPackage(async ({ run, folder }) => {
      const late = [
        { init: '/no/such/program' },
        { mounts: { '/bin/sh': { type: 'tmpfs', size: 4096 } } },
        { rlimits: { as: { soft: 4096, hard: 4096 } } },
      ] as const;
      for (const sections of late) {
        const { exit } = await run('exit 0', { ...asRoot, ...sections });
        assert.notEqual(exit.reason, 'exited', JSON.stringify(sections));
        await until('the loop device is free', () => loopsOf(folder).length === 0);
      }
    });
  });

  test('goes with the launcher when that is killed', async () => {
    await onPackage(async ({ run, session, folder }) => {
      const { exit } = await run(STAY, asRoot, {
        whenRunning: () => {
          assert.equal(loopsOf(folder).length, 1);
          process.kill(session.launcherPid, 'SIGKILL');
        },
      });
      assert.equal(exit.error?.['code'], 'TH3011');
      await until('the loop device is free', () => loopsOf(folder).length === 0);
    });
  });

  test('is found for 30 starts at once, of two launchers and of others beside them', async () => {
    await leavesNothingBehind(async () => {
      using files = temporaryFolder();
      const image = makePackage(`${files.path}/test-1.0.0.tar`, makeImage(files.path));
      await using one = await Session.open({ prefix: 'thuban-test-' });
      await using other = await Session.open({ prefix: 'thuban-test-' });
      const starts = Array.from({ length: 30 }, async (_, i) => {
        const loaded = packaged(image, 'echo here', {
          name: `test-${i}`,
          mounts: { '/new': { type: 'tmpfs', size: 4096 } },
        });
        return runIn(i % 2 === 0 ? one : other, loaded);
      });
      for (let i = 0; i < 10; i++) {
        const device = spawnSync('losetup', ['--find', '--show', '--read-only', image.file], { encoding: 'utf8' });
        assert.equal(device.status, 0, device.stderr);
        await new Promise((resolve) => setImmediate(resolve));
        spawnSync('losetup', ['--detach', device.stdout.trim()]);
      }
      for (const { stdout, exit } of await Promise.all(starts)) assert.equal(stdout, 'here\n', JSON.stringify(exit));
    });
  });

  test('is reached without the host’s /dev', async () => {
    await onPackage(async ({ image, folder }) => {
      copyFileSync(nativeBinary('thuban-launcher'), `${folder}/real`);
      const script =
        '#!/bin/sh\nexec unshare --mount sh -c \'mount -t tmpfs none /dev && exec "$0" "$@"\' "${0%/*}/real" "$@"\n';
      writeFileSync(`${folder}/launcher`, script, { mode: 0o755 });
      await using session = await Session.open({ prefix: 'thuban-test-', launcher: `${folder}/launcher` });
      const { stdout, exit } = await runIn(session, packaged(image, 'echo here'));
      assert.equal(stdout, 'here\n', JSON.stringify(exit));
    });
  });
});
