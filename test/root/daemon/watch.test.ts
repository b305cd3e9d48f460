import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';
import { packageOf } from '../../unit/package/support.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(83_400_000 + process.pid);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function trial(body: (daemon: TestDaemon) => Promise<void>, config?: string): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon);
  });
}

describe('a repository that is watched', needsRoot(), () => {
  test('is left alone while others may write to it, and goes on when that is repaired', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      chmodSync(daemon.repository, 0o777);
      await daemon.rejects('repository');
      daemon.add('b', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      writeFileSync(file, 'name: a\n');
      await pause(1500);
      assert.equal((await daemon.container('a')).pid, pid);
      assert.equal((await daemon.client.containers()).length, 2);
      assert.equal((await daemon.client.repositories())[0]?.problem?.['code'], 'TH5010');
      daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      chmodSync(daemon.repository, 0o755);
      await daemon.reached('b', 'running');
      assert.equal((await daemon.container('a')).pid, pid);
    });
  });

  test('that disappears takes nothing with it, and is watched again when it is there', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      const aside = `${daemon.repository}.aside`;
      renameSync(daemon.repository, aside);
      await daemon.rejects('repository');
      assert.equal((await daemon.container('a')).pid, pid);
      mkdirSync(daemon.repository, { mode: 0o755 });
      writeFileSync(join(daemon.repository, 'a.yaml'), readFileSync(join(aside, 'a.yaml')), { mode: 0o644 });
      const { changes } = await daemon.client.apply();
      assert.deepEqual(changes, []);
      assert.equal((await daemon.container('a')).pid, pid);
    });
  });

  test('that is missing is told to who installs, and counts as soon as it is made', async () => {
    await trial(async (daemon) => {
      rmSync(daemon.repository, { recursive: true });
      await daemon.start();
      const bytes = packageOf();
      const chunks = (async function* () {
        yield await Promise.resolve(bytes);
      })();
      await assert.rejects(daemon.client.install('default', { chunks, size: bytes.length }), {
        code: 'TH5015',
        message: `the folder ${daemon.repository} does not exist`,
        hint: `install -d ${daemon.repository}`,
      });
      mkdirSync(daemon.repository, { mode: 0o755 });
      daemon.add('late', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.reached('late', 'running');
      const [repository] = await daemon.client.repositories();
      assert.deepEqual([repository?.problem, repository?.watched], [undefined, true]);
    }, 'watch: {rescan: 1 h}\n');
  });

  test('reads a file that is written slowly only when it is complete', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      const text = readFileSync(file, 'utf8').replace('exec', ': written slowly; exec');
      const piece = Math.ceil(text.length / 12);
      let told = 0;
      for (;;) {
        let longest = 0;
        let last = performance.now();
        writeFileSync(file, '');
        for (let at = 0; at < text.length; at += piece) {
          await pause(100);
          appendFileSync(file, text.slice(at, at + piece));
          longest = Math.max(longest, performance.now() - last);
          last = performance.now();
          assert.equal((await daemon.container('a')).state, 'running');
        }
        await until('it was read', () => daemon.log.includes('a:1.0.0 updated'));
        const rejected = (await daemon.events(['manifest_rejected'])).length;
        if (longest < 400) {
          assert.equal(rejected, told);
          break;
        }
        // The machine was too slow: the writer stood still for so long that the file counted as complete.
        told = rejected;
      }
      assert.notEqual((await daemon.reached('a', 'running')).pid, pid);
      assert.deepEqual(await daemon.events(['manifest_removed']), []);
    });
  });

  test('restarts nothing for a touch, for the same text anew, for a file that is gone for a moment', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      utimesSync(file, new Date(), new Date(0)); // also back in time
      await pause(800);
      daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await pause(800);
      renameSync(file, `${file}.old`);
      await pause(200);
      renameSync(`${file}.old`, file);
      await pause(1200);
      assert.equal((await daemon.container('a')).pid, pid);
      assert.deepEqual(await daemon.events(['updated', 'manifest_removed', 'exited']), []);
    });
  });

  test('takes five hundred files at once, and answers meanwhile', async () => {
    await trial(async (daemon) => {
      await daemon.start();
      for (let i = 0; i < 500; i++) daemon.add(`a${i}`, 'true');
      let longest = 0;
      for (;;) {
        const began = performance.now();
        const { containers } = await daemon.client.version();
        longest = Math.max(longest, performance.now() - began);
        if (containers === 500) break;
      }
      assert.ok(longest < 3000, `answered after ${Math.round(longest)} ms`);
    });
  });

  test('settles whatever a manifest flips between', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      const good = readFileSync(file, 'utf8');
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      for (let i = 0; i < 3; i++) {
        writeFileSync(file, 'name: a\nversion: 1.0.0\n');
        await daemon.rejects('a.yaml');
        writeFileSync(file, good);
        for (;;) if (!(await daemon.client.containers()).some(({ state }) => state === 'rejected')) break;
      }
      assert.equal((await daemon.container('a')).pid, pid);
      await until('one runs', () => processesWith(MARK).length === 1);
    });
  });
});
