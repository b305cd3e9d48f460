import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(85_400_000 + process.pid);

async function trial(body: (daemon: TestDaemon) => Promise<void>, config?: string): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon);
  });
}

describe('a repository that changes while the daemon runs', needsRoot(), () => {
  test('adds, replaces and removes containers, and leaves the others alone', async () => {
    await trial(async (daemon) => {
      daemon.add('steady', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      const gone = daemon.add('gone', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      daemon.add('changed', `trap 'exit 0' TERM; sleep ${MARK} & wait`, { autostart: 'relaxed' });
      await daemon.start();
      const { pid } = await daemon.reached('steady', 'running');
      const before = await daemon.reached('changed', 'running');
      await daemon.reached('gone', 'running');
      daemon.add('new', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      daemon.add('changed', `exec sleep ${MARK}`, { autostart: 'relaxed', hostname: 'other' });
      rmSync(gone);
      await daemon.told('manifest_removed', 'gone:1.0.0');
      const [updated] = await daemon.told('updated', 'changed:1.0.0');
      assert.deepEqual([updated?.['how'], updated?.['changed']], ['replace', ['args[1]', 'hostname']]);
      await daemon.reached('new', 'running');
      const after = await daemon.reached('changed', 'running');
      assert.notEqual(after.pid, before.pid);
      assert.equal(after.last_exit?.stopped_for, 'for replacement');
      assert.equal(after.restarts, 0, 'a replacement is no restart');
      assert.equal((await daemon.container('steady')).pid, pid);
      assert.equal(existsSync(join(daemon.runDir, 'logs/gone@1.0.0')), false);
      assert.equal(existsSync(join(daemon.runDir, 'state/gone@1.0.0.json')), false);
      assert.equal(processesWith(MARK).length, 3);
    });
  });

  test('with a text that says the same restarts nothing, also not after the next daemon', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('a', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      const { pid } = await daemon.reached('a', 'running');
      writeFileSync(file, `# another text\n${readFileSync(file, 'utf8')}`);
      const [updated] = await daemon.told('updated', 'a:1.0.0');
      assert.deepEqual([updated?.['how'], updated?.['changed']], ['text', []]);
      assert.equal((await daemon.client.container('a')).outdated, undefined);
      await daemon.signal('SIGKILL');
      await daemon.start();
      await daemon.client.apply();
      assert.equal((await daemon.container('a')).pid, pid);
    });
  });

  test('by a copy under another name goes on with the file that it has, also with the next daemon', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('m', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      const { pid } = await daemon.reached('m', 'running');
      const copy = join(daemon.repository, 'a.yaml');
      writeFileSync(copy, readFileSync(file, 'utf8').replace(MARK, `${MARK} # other`), { mode: 0o644 });
      const rejected = await daemon.rejects('a.yaml');
      assert.equal(rejected.errors?.[0]?.code, 'TH1401');
      // By what a list shows: of what is rejected that is the file.
      assert.deepEqual(await daemon.client.containers().then((all) => all.map(({ id }) => id)), ['a.yaml', 'm:1.0.0']);
      assert.match(rejected.errors[0].message, new RegExp(`is also defined in ${file}:`));
      await daemon.signal('SIGKILL');
      await daemon.start();
      await daemon.client.apply();
      const after = await daemon.client.container('m');
      assert.deepEqual([after.pid, after.file], [pid, file]);
      rmSync(file);
      const { changes } = await daemon.client.apply();
      assert.deepEqual(
        changes.map(({ id, action, file: from }) => [id, action, from]),
        [['m:1.0.0', 'replace', copy]],
      );
      assert.deepEqual(await daemon.client.containers().then((all) => all.map(({ id }) => id)), ['m:1.0.0']);
    });
  });

  test('and breaks stops nothing; a restart by policy goes on with what was', async () => {
    await trial(async (daemon) => {
      const script = `[ -e /mnt/again ] && exec sleep ${MARK}; while [ ! -e /mnt/end ]; do sleep 0.02; done; touch /mnt/again; exit 3`;
      chmodSync(daemon.shared, 0o777);
      const sections = {
        mounts: { '/mnt': { type: 'bind', host: daemon.shared, options: 'rw' } },
        restart: { policy: 'on_failure', initial_delay: 0.05, jitter: 0, max_restarts: 5 },
      };
      const file = daemon.add('a', script, sections);
      const rests = daemon.add('rests', 'true');
      await daemon.start();
      const { pid } = await daemon.client.start('a');
      for (const path of [file, rests]) writeFileSync(path, `name: ${path === file ? 'a' : 'rests'}\nversion: 1.0.0\n`);
      await daemon.rejects('a.yaml');
      await daemon.rejects('rests.yaml');
      assert.equal((await daemon.container('a')).pid, pid);
      assert.equal((await daemon.client.container('a:1.0.0')).outdated, true);
      await assert.rejects(daemon.client.start('rests:1.0.0'), { code: 'TH6005' });
      writeFileSync(join(daemon.shared, 'end'), '');
      await until('its policy has started it again', () => processesWith(MARK).length === 1);
      const told = (await daemon.events(['manifest_rejected'])).filter(({ container }) => container === 'a.yaml');
      assert.equal(told.length, 1, 'told once, not at every look');
      daemon.add('a', `: right again; ${script}`, sections);
      await daemon.told('updated', 'a:1.0.0');
      await until('it runs anew', () => processesWith(MARK).length === 1);
      assert.match((await daemon.client.container('a:1.0.0')).command?.at(-1) ?? '', /right again/);
    });
  });

  test('to another version has the old one gone before the new one starts', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `trap 'sleep 0.3; exit 0' TERM; sleep ${MARK} & wait`);
      await daemon.start();
      await daemon.client.start('a');
      daemon.add('a', `exec sleep ${MARK}`, { version: '1.1.0' });
      await daemon.told('manifest_removed', 'a:1.0.0');
      await daemon.reached('a', 'running');
      const all = await daemon.client.containers();
      assert.deepEqual(
        all.map(({ id }) => id),
        ['a:1.1.0'],
      );
      const order = (await daemon.events(['exited', 'started'])).map(({ type, container }) => `${type} ${container}`);
      assert.deepEqual(order.slice(-2), ['exited a:1.0.0', 'started a:1.1.0']);
    });
  });

  test('is followed by each container by itself: one that does not end holds nobody up', async () => {
    await trial(async (daemon) => {
      const deaf = `trap '' TERM; sleep ${MARK} & while :; do wait; done`;
      daemon.add('deaf', deaf, { autostart: 'relaxed', stop: { timeout: 600 } });
      daemon.add('lost', 'true', { init: '/nowhere', autostart: 'relaxed' });
      await daemon.start();
      await until('it sleeps', () => processesWith(MARK).length === 1);
      daemon.add('deaf', `: new; ${deaf}`, { autostart: 'relaxed', stop: { timeout: 600 } });
      await daemon.reached('deaf', 'stopping');
      daemon.add('other', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.reached('other', 'running');
      assert.equal((await daemon.container('deaf')).state, 'stopping');
      await daemon.client.kill('deaf');
    });
  });

  test('gives what has failed another try, and what was stopped none', async () => {
    await trial(async (daemon) => {
      daemon.add('failed', 'true', { init: '/nowhere', autostart: 'relaxed' });
      daemon.add('stopped', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.start();
      await daemon.reached('failed', 'failed');
      await daemon.reached('stopped', 'running');
      await daemon.client.stop('stopped');
      daemon.add('failed', `exec sleep ${MARK}`, { autostart: 'relaxed' });
      daemon.add('stopped', `: new; exec sleep ${MARK}`, { autostart: 'relaxed' });
      await daemon.reached('failed', 'running');
      await daemon.told('updated', 'stopped:1.0.0');
      assert.equal((await daemon.container('stopped')).state, 'stopped');
    });
  });

  test('replaces at once what waits for its restart, also when it is critical', async () => {
    await trial(async (daemon) => {
      const restart = { policy: 'always', initial_delay: 600, jitter: 0, max_delay: 600 };
      daemon.add('slow', 'exit 3', { restart, autostart: 'critical' });
      await daemon.start();
      await daemon.reached('slow', 'backoff');
      daemon.add('slow', `exec sleep ${MARK}`, { restart, autostart: 'critical' });
      await daemon.reached('slow', 'running');
    });
  });

  test('starts only so many at once by themselves; the others wait for their turn', async () => {
    await trial(async (daemon) => {
      await daemon.start();
      for (let i = 0; i < 12; i++) daemon.add(`a${i}`, `exec sleep ${MARK}`, { autostart: 'relaxed' });
      await until('all run', () => processesWith(MARK).length === 12);
      const told = await daemon.events(['state', 'started']);
      const waited = told.filter(({ message }) => message === 'waiting for its turn to start');
      assert.ok(waited.length >= 6, `${waited.length} waited`);
      // One after the other: nobody's start ends before that of those who came earlier.
      const started = told.filter(({ type }) => type === 'started').map(({ container }) => container);
      const waiting = waited.map(({ container }) => container);
      assert.deepEqual(
        started.filter((container) => waiting.includes(container)),
        waiting,
      );
    }, 'start: {concurrency: 1}\n');
  });
});
