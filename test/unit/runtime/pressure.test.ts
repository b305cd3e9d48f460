import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import type { Monitor, Notice } from '../../../src/cgroups/index.ts';
import type { LauncherClient } from '../../../src/launcher/index.ts';
import { pressureSentence, type PressureNews } from '../../../src/runtime/index.ts';
import { armMonitors } from '../../../src/runtime/arm-monitors.ts';
import { PressureWatch } from '../../../src/runtime/pressure-watch.ts';
import { v2Board, v2Group } from '../cgroups/fake-boards.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const KEY = 'cgroups.memory.pressure';

function setUp(monitors: (file: string) => Monitor[]): {
  clock: ManualClock;
  told: PressureNews[];
  armed: string[];
  watch: PressureWatch;
  gone: () => void;
} {
  const fs = v2Board();
  const file = `${v2Group(fs)}/memory.pressure`;
  fs.group(file.slice(0, file.lastIndexOf('/'))).values.set(
    'memory.pressure',
    'some avg10=12.50 avg60=1.00 avg300=0.10 total=420000\nfull avg10=2.00 avg60=0.00 avg300=0.00 total=1000',
  );
  const [clock, told, armed]: [ManualClock, PressureNews[], string[]] = [new ManualClock(), [], []];
  const watch = new PressureWatch({
    launcher: {
      monitor: (_id, kind) => {
        armed.push(kind);
        return Promise.resolve('OK');
      },
    },
    id: 7n,
    fs,
    monitors: monitors(file),
    tell: (news) => told.push(news),
    clock,
  });
  const gone = (): void => {
    fs.rmdir(file.slice(0, file.lastIndexOf('/')));
  };
  return { clock, told, armed, watch, gone };
}

const triggers = (file: string): Monitor[] => [
  { kind: 'some', file, text: 'some 150000 2000000', key: `${KEY}.some` },
  { kind: 'full', file, text: 'full 50000 500000', key: `${KEY}.full` },
];
const level = (): Monitor[] => [{ kind: 'level', file: '/c/memory.pressure_level', text: 'medium', key: KEY }];

describe('memory pressure of a run', () => {
  test('is told with its threshold and what the kernel measures at that moment', () => {
    const { told, watch } = setUp(triggers);
    watch.receive({ kind: 'some', count: 1 });
    watch.receive({ kind: 'full', count: 3 });
    assert.deepEqual(told, [
      { which: 'some', threshold: 0.15, window: 2, avg10: 12.5, total_us: 420_000, count: 1 },
      { which: 'full', threshold: 0.05, window: 0.5, avg10: 2, total_us: 1000, count: 3 },
    ]);
    watch.close();
  });

  test('is heard again after its window, and not before a second', async () => {
    const { armed, clock, watch } = setUp(triggers);
    watch.receive({ kind: 'some', count: 1 });
    watch.receive({ kind: 'full', count: 1 });
    await clock.advance(999);
    assert.deepEqual(armed, []);
    await clock.advance(1);
    assert.deepEqual(armed, ['full']);
    await clock.advance(1000);
    assert.deepEqual(armed, ['full', 'some']);
    watch.close();
  });

  test('of v1 is a level, heard every two seconds', async () => {
    const { armed, told, clock, watch } = setUp(level);
    watch.receive({ kind: 'level', count: 491 });
    assert.deepEqual(told, [{ which: 'medium', count: 491 }]);
    await clock.advance(2000);
    assert.deepEqual(armed, ['level']);
    watch.close();
  });

  test('is armed anew by a daemon that takes the run over', async () => {
    const { armed, watch } = setUp(triggers);
    watch.resume();
    await Promise.resolve();
    assert.deepEqual(armed, ['some', 'full']);
    watch.close();
  });

  test('is told without figures when the group is gone, and not at all after the end', async () => {
    const { armed, told, clock, watch, gone } = setUp(triggers);
    gone();
    watch.receive({ kind: 'some', count: 1 });
    assert.deepEqual(told, [{ which: 'some', threshold: 0.15, window: 2, count: 1 }]);
    watch.close();
    watch.receive({ kind: 'some', count: 1 });
    await clock.advance(60_000);
    assert.deepEqual([told.length, armed], [1, []]);
  });

  test('is a sentence', () => {
    const some = { which: 'some', threshold: 0.15, window: 2, avg10: 12.5, total_us: 1, count: 1 } as const;
    assert.equal(
      pressureSentence(some),
      'some: a process waited 150 ms or more of 2 s for memory, 12.5 % of the last 10 s',
    );
    assert.match(pressureSentence({ ...some, which: 'full', count: 4 }), /^full: every process waited .*, 4 times$/);
    assert.equal(pressureSentence({ which: 'medium', count: 1 }), 'level medium: reclaiming memory gets hard');
  });
});

describe('arming the monitors of a start', () => {
  const launcher = (answers: string[], protocol = 2): LauncherClient =>
    ({
      protocol,
      pid: 41,
      build: '0.3.0',
      monitor: () => Promise.resolve(answers.shift() ?? 'OK'),
    }) as unknown as LauncherClient;
  const monitors = triggers('/c/memory.pressure');

  test('gives what the launcher holds', async () => {
    assert.deepEqual(await armMonitors(launcher([]), 1n, monitors, []), monitors);
  });

  test('refuses the start when the kernel does, at the manifest’s key', async () => {
    await assert.rejects(armMonitors(launcher(['OK', 'EINVAL']), 1n, monitors, []), (error) => {
      assert.ok(error instanceof ThubanError);
      assert.deepEqual([error.code, error.details['key']], ['TH2015', `${KEY}.full`]);
      return true;
    });
  });

  test('with best_effort goes on with the others', async () => {
    const degraded: Notice[] = [];
    const optional = monitors.map((monitor) => ({ ...monitor, optional: true }));
    assert.deepEqual(await armMonitors(launcher(['EOPNOTSUPP']), 1n, optional, degraded), optional.slice(1));
    assert.deepEqual(
      degraded.map(({ code }) => code),
      ['TH2002'],
    );
  });

  test('is refused with a launcher of an earlier version, and says what ends that', async () => {
    await assert.rejects(armMonitors(launcher([], 1), 1n, monitors, []), (error) => {
      assert.ok(error instanceof ThubanError);
      assert.equal(error.code, 'TH2015');
      assert.match(error.message, /the launcher \(pid 41\) is of version 0\.3\.0/);
      assert.match(error.hint ?? '', /thuban shutdown/);
      return true;
    });
    assert.deepEqual(await armMonitors(launcher([], 1), 1n, [], []), []);
  });
});
