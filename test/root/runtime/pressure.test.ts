import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session, Supervised, gatherFacts, type Exit, type RuntimeEvent } from '../../../src/runtime/index.ts';
import { READS_TOO_MUCH, SCARCE, shell } from '../../support/containers.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const version = gatherFacts().cgroups.controllers['memory']?.version ?? 2;

/** The least that can be told: any wait in half a second, any reclaim. */
function watched(): Partial<Manifest> {
  const pressure = { some: '1 ms', window: '500 ms', level: 'low' };
  const memory = { memory_hard_limit: SCARCE, memory_swap_limit: SCARCE, pressure };
  return { cgroups: { memory }, stop: { signal: 'SIGKILL', timeout: 1 } } as unknown as Partial<Manifest>;
}

type Pressure = Extract<RuntimeEvent, { type: 'pressure' }>;

function check({ which, threshold, window, avg10, total_us, count }: Partial<Pressure>): void {
  if (version === 1) assert.deepEqual([which, threshold, window, avg10], ['low', undefined, undefined, undefined]);
  else {
    assert.deepEqual([which, threshold, window, typeof avg10], ['some', 0.001, 0.5, 'number']);
    assert.ok(Number(total_us) >= 1000);
  }
  assert.ok((count ?? 0) >= 1);
}

/** Runs until so many events of pressure were told, and stops it then. */
async function until(count: number): Promise<{ exit: Exit; events: RuntimeEvent[]; supervised: Supervised }> {
  await using session = await Session.open({ prefix: 'thuban-test-' });
  const events: RuntimeEvent[] = [];
  const supervised: Supervised = new Supervised({
    board: session.board,
    loaded: shell(READS_TOO_MUCH, watched()),
    planOptions: session.planOptions,
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'pressure' && events.filter(({ type }) => type === 'pressure').length === count)
        void supervised.stop();
    },
  });
  return { exit: await supervised.start(), events, supervised };
}

describe('a container that waits for memory', needsRoot(), () => {
  test('is told of as an event, at most once in a window, and that is no out-of-memory', async () => {
    await leavesNothingBehind(async () => {
      const { exit, events, supervised } = await until(3);
      assert.deepEqual([exit.reason, exit.oom], ['stopped', undefined]);
      const told = events.filter((event) => event.type === 'pressure');
      told.forEach(check);
      const times = told.map(({ time }) => Date.parse(time));
      const shortest = version === 1 ? 2000 : 1000;
      for (const [i, time] of times.entries()) {
        const before = times[i - 1] ?? -Infinity;
        assert.ok(time - before >= shortest - 20, JSON.stringify(told)); // a timer may be a little early by the wall clock
      }
      assert.ok(events.every(({ type }) => type !== 'oom'));
      // What the kernel did to keep it within its limit is counted on v2, and killed nothing.
      const counted = supervised.lastRun?.counters.events();
      assert.equal(counted?.oom_kill, 0);
      if (version === 2) assert.ok(Number(counted.max) > 0, JSON.stringify(counted));
      else assert.equal(counted.max, null);
    });
  });

  test('is refused at its start where the kernel does not watch, and leaves nothing; with best_effort it is degraded', async () => {
    await leavesNothingBehind(async () => {
      const loaded = shell('exit 3', watched());
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const run = async (enforce: 'strict' | 'best_effort'): Promise<{ exit: Exit; events: RuntimeEvent[] }> => {
        const events: RuntimeEvent[] = [];
        // As if the plan had not seen it coming: what the kernel refuses is refused by the kernel.
        const facts = Object.create(session.board.facts) as typeof session.board.facts;
        facts.plan = (...args) => {
          const made = session.board.facts.plan(...args);
          const monitors = made.cgroup.monitors?.map((monitor) => ({ ...monitor, text: 'nothing of the kind' })) ?? [];
          return { ...made, cgroup: { ...made.cgroup, monitors } };
        };
        const supervised = new Supervised({
          board: { ...session.board, facts },
          loaded: { ...loaded, manifest: { ...loaded.manifest, cgroups: { ...loaded.manifest.cgroups, enforce } } },
          planOptions: session.planOptions,
          onEvent: (event) => events.push(event),
        });
        return { exit: await supervised.start(), events };
      };
      const strict = await run('strict');
      assert.equal(strict.exit.reason, 'start_failed');
      assert.equal(strict.exit.error?.['code'], 'TH2015');
      assert.match(String(strict.exit.error['message']), /`nothing of the kind` of memory\.pressure\S* \(EINVAL\)/);
      const best = await run('best_effort');
      assert.deepEqual([best.exit.reason, best.exit.code], ['exited', 3]);
      const started = best.events.find(({ type }) => type === 'started');
      assert.ok(started?.type === 'started');
      assert.deepEqual(
        started.conditions?.map(({ type, code }) => [type, code]),
        [['degraded', 'TH2015']],
      );
    });
  });

  test('is heard of by the next daemon as well', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon('daemon: {lease: 5 min}\n');
      daemon.add('reader', READS_TOO_MUCH, watched());
      await daemon.start();
      await daemon.client.start('reader');
      const [first] = await daemon.told('pressure', 'reader:1.0.0');
      check(first as Partial<Pressure>);
      await daemon.signal('SIGKILL');
      await daemon.start();
      await daemon.told('adopted', 'reader:1.0.0');
      const [next] = await daemon.told('pressure', 'reader:1.0.0');
      check(next as Partial<Pressure>);
      assert.notEqual(next?.epoch, first?.epoch);
      assert.match(daemon.log, /"msg":"reader:1\.0\.0 is short of memory: /);
      const { memory } = await daemon.client.container('reader');
      assert.equal(memory?.events?.oom_kill, 0);
    });
  });
});

describe('a board whose kernel cannot tell of an out-of-memory', needsRoot(), () => {
  test('looks for it once a second, and kills the rest of the container all the same', async (t) => {
    if (version === 2) {
      t.skip('needs cgroups v1: v2 can always tell');
      return;
    }
    await leavesNothingBehind(async () => {
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const facts = Object.create(session.board.facts) as typeof session.board.facts;
      facts.plan = (...args) => {
        const made = session.board.facts.plan(...args);
        return { ...made, cgroup: { ...made.cgroup, polled: true } };
      };
      const events: RuntimeEvent[] = [];
      const memory = { memory_hard_limit: SCARCE, memory_swap_limit: SCARCE };
      const script = 'sleep 1000 & (x=0123456789abcdef; while :; do x=$x$x; done); while :; do sleep 1000; done';
      const supervised = new Supervised({
        board: { ...session.board, facts },
        loaded: shell(script, { cgroups: { memory } }),
        planOptions: session.planOptions,
        onEvent: (event) => events.push(event),
      });
      const exit = await supervised.start();
      assert.deepEqual([exit.reason, exit.oom?.cause], ['oom_killed', 'own_limit']);
      assert.equal(events.filter(({ type }) => type === 'oom').length, 1);
    });
  });
});
