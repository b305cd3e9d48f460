import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { EventRecord } from '../../../src/runtime/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

async function trial(body: (daemon: TestDaemon) => Promise<void>, config?: string): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new TestDaemon(config);
    await body(daemon);
  });
}

const EVERY_SECOND = '* * * * * *';

async function of(daemon: TestDaemon, container: string, type: string): Promise<EventRecord[]> {
  return (await daemon.events([type])).filter((event) => event.container === container);
}

describe('a container with a schedule', needsRoot(), () => {
  test('is started by the clock and rests between its runs, with the next one shown', async () => {
    await trial(async (daemon) => {
      daemon.add('tick', 'echo run', { schedule: EVERY_SECOND });
      daemon.add('rare', 'echo never', { schedule: '0 0 1 1 *' });
      await daemon.start();
      await until('it has run three times', async () => (await of(daemon, 'tick:1.0.0', 'exited')).length >= 3);
      const runs = await of(daemon, 'tick:1.0.0', 'scheduled');
      for (const { due, late_ms } of runs) {
        assert.match(String(due), /\.000Z$/);
        assert.ok(Number(late_ms) >= 0);
      }
      const dues = runs.map(({ due }) => due);
      assert.equal(new Set(dues).size, dues.length, 'no instant twice');
      const rare = await daemon.container('rare');
      assert.equal(rare.state, 'stopped');
      assert.match(rare.next_run ?? '', /-01-01T00:00:00\.000Z$/);
      assert.equal((await of(daemon, 'rare:1.0.0', 'scheduled')).length, 0);
      const { last_run } = await daemon.client.container('tick');
      assert.ok(last_run !== undefined && last_run >= String(dues[0]));
    });
  });

  test('that still runs is skipped, replaced, queued or joined, as overlap says', async () => {
    await trial(async (daemon) => {
      const overlaps = { forbid: 'sleep 60', replace: 'sleep 60', queue: 'sleep 2', allow: 'sleep 60' };
      for (const [overlap, script] of Object.entries(overlaps))
        daemon.add(overlap, script, { schedule: { cron: EVERY_SECOND, overlap }, stop: { timeout: 1 } });
      await daemon.start();
      await until('all have been due several times', async () => {
        const ids = (await daemon.client.containers()).map(({ id }) => id);
        return ids.includes('allow:1.0.0#3') && (await of(daemon, 'queue:1.0.0', 'scheduled')).length >= 2;
      });
      assert.equal((await of(daemon, 'forbid:1.0.0', 'scheduled')).length, 1);
      assert.equal((await of(daemon, 'forbid:1.0.0', 'skipped'))[0]?.['reason'], 'overlap');
      await until('one was replaced', async () => {
        const [exited] = await of(daemon, 'replace:1.0.0', 'exited');
        return (exited?.['exit'] as { stopped_for?: string } | undefined)?.stopped_for?.startsWith('for replacement');
      });
      const queued = await of(daemon, 'queue:1.0.0', 'exited');
      for (const { exit } of queued) assert.equal((exit as { reason: string }).reason, 'exited', 'each ran to its end');
      const beside = await daemon.container('allow');
      assert.deepEqual(
        (await daemon.client.containers())
          .filter(({ name }) => name === 'allow')
          .map(({ id }) => id)
          .slice(0, 3),
        ['allow:1.0.0', 'allow:1.0.0#2', 'allow:1.0.0#3'],
      );
      assert.equal(beside.id, 'allow:1.0.0', 'a name alone means the first');
      const { groups } = await daemon.client.container('allow:1.0.0#2');
      assert.match(groups?.[0]?.path ?? '', /c-allow@1\.0\.0=2$/);
    });
  });

  test('stops at eight runs beside each other, and says so', async () => {
    await trial(async (daemon) => {
      daemon.add('many', 'sleep 60', { schedule: { cron: EVERY_SECOND, overlap: 'allow' }, stop: { timeout: 1 } });
      await daemon.start();
      await until('there are too many', async () =>
        (await of(daemon, 'many:1.0.0', 'skipped')).some(({ reason }) => reason === 'limit'),
      );
      const running = (await daemon.client.containers()).filter(({ state }) => state === 'running');
      assert.equal(running.length, 8);
      rmSync(join(daemon.repository, 'many.yaml'));
      await until('all are gone', async () => (await daemon.client.containers()).length === 0);
    });
  });

  test('is stopped after max_runtime, which a new daemon goes on counting', async () => {
    await trial(async (daemon) => {
      daemon.add('long', 'sleep 60', {
        schedule: { cron: EVERY_SECOND, max_runtime: 4 },
        stop: { timeout: 1 },
      });
      await daemon.start();
      await daemon.reached('long', 'running');
      await daemon.signal('SIGKILL');
      await daemon.start();
      await until('it was stopped', async () => (await of(daemon, 'long:1.0.0', 'exited')).length > 0);
      const [exited] = await of(daemon, 'long:1.0.0', 'exited');
      const exit = exited?.['exit'] as { reason: string; stopped_for: string; duration: number };
      assert.equal(exit.reason, 'stopped');
      assert.match(exit.stopped_for, /^max_runtime 4 s/);
      assert.ok(exit.duration >= 3.9, `${exit.duration} s`);
      assert.match(daemon.log, /"code":"TH4007"/);
    });
  });

  test('is not stopped after max_runtime while it waits for its restart, which counts anew', async () => {
    await trial(async (daemon) => {
      chmodSync(daemon.shared, 0o777);
      const restart = { policy: 'on_failure', initial_delay: 4, max_delay: 4, jitter: 0 };
      const schedule = { cron: EVERY_SECOND, max_runtime: 3 };
      const script = 'if [ -e /mnt/once ]; then sleep 60; fi; echo > /mnt/once; sleep 1; exit 1';
      const mounts = { '/mnt': { type: 'bind', host: daemon.shared, options: 'rw' } };
      daemon.add('crash', script, { schedule, restart, mounts, stop: { timeout: 1 } });
      await daemon.start();
      await until('it has ended twice', async () => (await of(daemon, 'crash:1.0.0', 'exited')).length >= 2);
      const [first, second] = (await of(daemon, 'crash:1.0.0', 'exited')).map(
        ({ exit }) => exit as { reason: string; stopped_for?: string; duration: number },
      );
      assert.equal(first?.reason, 'exited');
      assert.equal((await of(daemon, 'crash:1.0.0', 'restarting')).length, 1);
      assert.match(second?.stopped_for ?? '', /^max_runtime 3 s/);
      assert.ok((second?.duration ?? 0) >= 2.9, `${second?.duration} s`);
    });
  });

  test('has its whole max_runtime when it replaces a run that lasted as long', async () => {
    await trial(async (daemon) => {
      const schedule = { cron: '*/2 * * * * *', overlap: 'replace', max_runtime: 2 };
      daemon.add('turn', 'sleep 60', { schedule, stop: { timeout: 1 } });
      await daemon.start();
      await until('it was replaced', async () => (await of(daemon, 'turn:1.0.0', 'exited')).length >= 4);
      for (const { exit } of await of(daemon, 'turn:1.0.0', 'exited')) {
        const { stopped_for = '', duration } = exit as { stopped_for?: string; duration: number };
        if (stopped_for.startsWith('max_runtime')) assert.ok(duration >= 1.9, `stopped after ${duration} s`);
      }
    });
  });

  test('makes up for what was missed while no daemon ran, once, and only with catch_up', async () => {
    await trial(async (daemon) => {
      const schedule = { cron: '* * * * *', catch_up_window: 3600 };
      daemon.add('once', 'echo made up', { schedule: { ...schedule, catch_up: 'once' } });
      daemon.add('none', 'echo made up', { schedule });
      await daemon.start();
      const state = join(daemon.folder.path, 'data/state/schedules');
      await until('the schedule was noted', () => existsSync(join(state, 'once@1.0.0.json')));
      await daemon.signal('SIGTERM');
      // Both ran ten minutes ago, as far as the next daemon can know.
      const then = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
      const note = JSON.parse(readFileSync(join(state, 'once@1.0.0.json'), 'utf8')) as object;
      for (const name of ['once', 'none']) {
        const container = `${name}:1.0.0`;
        const kept = { ...note, container, state: { v: 1, due: then, began: then, clock: then } };
        writeFileSync(join(state, `${name}@1.0.0.json`), JSON.stringify(kept), { mode: 0o600 });
      }
      await daemon.start();
      await until('the missed ones were told', async () => (await of(daemon, 'none:1.0.0', 'skipped')).length > 0);
      const made = (await of(daemon, 'once:1.0.0', 'scheduled')).filter(({ catch_up }) => catch_up === true);
      assert.equal(made.length, 1);
      assert.ok((await of(daemon, 'none:1.0.0', 'scheduled')).every(({ catch_up }) => catch_up === false));
      rmSync(join(daemon.repository, 'once.yaml'));
      await until('its last run is forgotten', () => !readdirSync(state).includes('once@1.0.0.json'));
    });
  });

  test('keeps its last run over the death of the daemon, and writes it to flash at the end', async () => {
    await trial(async (daemon) => {
      daemon.add('tick', 'true', { schedule: EVERY_SECOND });
      await daemon.start();
      await until('it has run three times', async () => (await of(daemon, 'tick:1.0.0', 'scheduled')).length >= 3);
      const began = (folder: string): number => {
        const text = readFileSync(join(daemon.folder.path, folder, 'tick@1.0.0.json'), 'utf8');
        return (JSON.parse(text) as { state: { began: number } }).state.began;
      };
      const flash = 'data/state/schedules';
      await daemon.signal('SIGKILL');
      const last = began('run/schedules');
      assert.ok(last - began(flash) > 1500, 'the runs after the first one were not written to flash');
      daemon.add('tick', 'true', { schedule: '0 0 1 1 *' });
      await daemon.start();
      // The file has to hold still first, and until then the clock may start it.
      await until('it rests', async () => (await daemon.container('tick')).next_run?.includes('-01-01T') === true);
      const { last_run = '' } = await daemon.client.container('tick');
      assert.ok(Date.parse(last_run) >= last, last_run);
      await daemon.signal('SIGTERM');
      assert.equal(began(flash), Date.parse(last_run));
      assert.deepEqual(readdirSync(join(daemon.runDir, 'schedules')), []);
    });
  });

  test('that is gone, or has no schedule any more, leaves no last run, and one that is rejected keeps its own', async () => {
    await trial(async (daemon) => {
      const schedule = { cron: '0 0 1 1 *', catch_up: 'once' };
      const state = join(daemon.folder.path, 'data/state/schedules');
      const noted = (): string => readdirSync(state).sort().join();
      const names = ['broken', 'gone', 'plain'];
      const files = names.map((name) => daemon.add(name, 'true', { schedule }));
      const all = names.map((name) => `${name}@1.0.0.json`);
      await daemon.start();
      await until('all are noted', () => existsSync(state) && noted() === all.join());
      await daemon.signal('SIGTERM');

      // Nothing of it can be read, so that it may be any of them.
      writeFileSync(files[0] ?? '', 'name: [', { mode: 0o644 });
      rmSync(files[1] ?? '');
      daemon.add('plain', 'true');
      await daemon.start();
      await daemon.rejects('broken.yaml');
      assert.equal(noted(), all.join());
      writeFileSync(files[0] ?? '', 'name: broken\nversion: 1.0.0\n', { mode: 0o644 });
      await until('the others are forgotten', () => noted() === 'broken@1.0.0.json');
      await daemon.signal('SIGTERM');
      await daemon.start();
      assert.equal(noted(), 'broken@1.0.0.json');
      await daemon.signal('SIGTERM');
      rmSync(files[0] ?? '');
      await daemon.start();
      await until('nothing is left', () => noted() === '');
    });
  });

  test('goes by another schedule as soon as its file says so', async () => {
    await trial(async (daemon) => {
      daemon.add('moved', 'echo run', { schedule: '0 0 1 1 *' });
      await daemon.start();
      daemon.add('moved', 'echo run', { schedule: EVERY_SECOND });
      await until('it has run', async () => (await of(daemon, 'moved:1.0.0', 'scheduled')).length > 0);
      daemon.add('moved', 'echo run');
      await until('it has none', async () => (await daemon.container('moved')).next_run === undefined);
    });
  });
});
