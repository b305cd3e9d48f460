import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import {
  plainFacts,
  planCgroups,
  readPressure,
  type CgroupPlan,
  type CgroupRequest,
  type Machine,
  type PressureResources,
} from '../../../src/cgroups/index.ts';
import { monitorRefusal } from '../../../src/cgroups/refuse-monitor.ts';
import { v2Board, v2Group } from './fake-boards.ts';
import { request, withKnobs } from './requests.ts';

const KEY = 'cgroups.memory.pressure';
const MACHINE: Machine = { pageSize: 4096, cpus: '0-3', nodes: '0', memory: 2 ** 30, psi: true, kernel: '6.12.1' };
const SOME: PressureResources = { some: 0.15, window: 2, level: 'medium' };

function planned(
  version: 'v1' | 'v2',
  pressure: PressureResources,
  machine: Partial<Machine> = {},
  more: Partial<CgroupRequest> = {},
): CgroupPlan {
  return planCgroups(request(version, { memory: { pressure } }, { machine: { ...MACHINE, ...machine }, ...more }));
}

function refused(...args: Parameters<typeof planned>): string[] {
  try {
    planned(...args);
  } catch (error) {
    assert.ok(error instanceof ThubanError);
    return [error.code, String(error.details['key']), error.hint ?? ''];
  }
  assert.fail('nothing was refused');
}

describe('the plan of early warnings', () => {
  test('has a PSI trigger for each kind on v2, in the kernel’s microseconds', () => {
    const { monitors, groups } = planned('v2', { some: 0.15, full: 0.05, window: 0.5, level: 'low' });
    const file = `${groups[0]?.path ?? ''}/memory.pressure`;
    assert.deepEqual(monitors, [
      { kind: 'some', file, text: 'some 150000 500000', key: `${KEY}.some` },
      { kind: 'full', file, text: 'full 50000 500000', key: `${KEY}.full` },
    ]);
  });

  test('is one that the kernel takes: a fake of it does', () => {
    const fs = v2Board({ machine: { privileged: true } });
    const path = v2Group(fs);
    for (const { text } of planned('v2', { some: 0.15, full: 0.0001, window: 10 }).monitors ?? [])
      fs.write(`${path}/memory.pressure`, text);
  });

  test('has the level on v1, which is `medium` unless told', () => {
    const path = '/sys/fs/cgroup/memory/thuban/c-app@1.0.0/memory.pressure_level';
    assert.deepEqual(planned('v1', SOME).monitors, [{ kind: 'level', file: path, text: 'medium', key: KEY }]);
    assert.equal(planned('v1', { level: 'critical' }).monitors?.[0]?.text, 'critical');
  });

  test('is absent where nothing is asked for', () => {
    for (const version of ['v1', 'v2'] as const) assert.ok(!('monitors' in planCgroups(request(version, {}))));
  });

  test('is refused where a level is all that is asked for and there is no v1', () => {
    const [code, key, hint] = refused('v2', { level: 'critical' });
    assert.deepEqual([code, key], ['TH2003', `${KEY}.level`]);
    assert.match(hint ?? '', /add `some: 150 ms`/);
  });

  test('is refused without PSI, with the boot parameter that turns it on', () => {
    const [code, key, hint] = refused('v2', SOME, { psi: false });
    assert.deepEqual([code, key], ['TH2002', KEY]);
    assert.match(hint ?? '', /psi=1 .*CONFIG_PSI/);
  });

  test('is refused on PREEMPT_RT with v1', () => {
    assert.deepEqual(refused('v1', SOME, { preemptRt: true }).slice(0, 2), ['TH2015', KEY]);
    assert.equal(planned('v2', SOME, { preemptRt: true }).monitors?.length, 1);
  });

  test('is refused where a v1 board is known to lack the file', () => {
    const facts = withKnobs(plainFacts('v1'), 'memory', ['memory.limit_in_bytes']);
    assert.deepEqual(refused('v1', SOME, {}, { facts }).slice(0, 2), ['TH2002', KEY]);
  });

  test('without CAP_SYS_RESOURCE takes windows of a multiple of 2 s since 6.4, and none before', () => {
    const without = { sysResource: false };
    assert.equal(planned('v2', { some: 1, window: 4 }, without).monitors?.length, 1);
    assert.deepEqual(refused('v2', { some: 1, window: 3 }, without).slice(0, 2), ['TH2015', `${KEY}.window`]);
    assert.deepEqual(refused('v2', SOME, { ...without, kernel: '6.1.0-28-arm64' }).slice(0, 2), ['TH2015', KEY]);
    assert.equal(planned('v2', { some: 1, window: 3 }, { kernel: '6.1.0' }).monitors?.length, 1);
  });

  test('degrades instead with best_effort, and lets the rest be watched', () => {
    const { monitors, degraded } = planned('v2', SOME, { psi: false }, { enforce: 'best_effort' });
    assert.deepEqual([monitors, degraded.map(({ code, key }) => [code, key])], [undefined, [['TH2002', KEY]]]);
    assert.equal(planned('v2', SOME, {}, { enforce: 'best_effort' }).monitors?.[0]?.optional, true);
  });
});

test('a PREEMPT_RT board with v1 has its counters looked at, and says so without refusing anything', () => {
  const machine = { ...MACHINE, preemptRt: true };
  const { polled, degraded } = planCgroups(request('v1', {}, { machine }));
  assert.deepEqual([polled, degraded.map(({ code }) => code)], [true, ['TH2015']]);
  assert.equal(planCgroups(request('v2', {}, { machine })).polled, undefined);
  assert.equal(planCgroups(request('v1', {})).polled, undefined);
});

describe('a monitor that the kernel refuses', () => {
  const trigger = { kind: 'some', file: '/c/memory.pressure', text: 'some 1 2', key: KEY } as const;
  const level = { kind: 'level', file: '/c/memory.pressure_level', text: 'low', key: KEY } as const;

  test('is an absent file when there is no PSI, also where the file is there', () => {
    for (const errno of ['ENOENT', 'EOPNOTSUPP']) assert.equal(monitorRefusal(trigger, errno).code, 'TH2002');
  });

  test('is told with its text and errno otherwise', () => {
    const { code, message, hint } = monitorRefusal(trigger, 'EINVAL');
    assert.deepEqual([code, message], ['TH2015', 'the kernel does not watch `some 1 2` of memory.pressure (EINVAL)']);
    assert.match(hint ?? '', /windows up to 10 s/);
    assert.match(monitorRefusal(level, 'EOPNOTSUPP').hint ?? '', /PREEMPT_RT/);
    assert.equal(monitorRefusal(level, 'EIO').hint, undefined);
  });
});

describe('a pressure file', () => {
  const read = (text: string | undefined): ReturnType<typeof readPressure> => {
    const fs = v2Board();
    const path = v2Group(fs);
    const file = `${path}/memory.pressure`;
    if (text === undefined) fs.faults.push({ op: 'read', path: file, errno: 'EOPNOTSUPP' });
    else fs.read = () => text;
    return readPressure(fs, file);
  };

  test('is read as the kernel writes it, with a key that a newer kernel adds', () => {
    const text =
      'some avg10=1.71 avg60=2.36 avg300=2.57 total=230548833\nfull avg10=1.00 avg60=1.01 avg300=1.00 avg900=2 total=157622356\n';
    assert.deepEqual(read(text), {
      some: { avg10: 1.71, avg60: 2.36, avg300: 2.57, total_us: 230548833 },
      full: { avg10: 1, avg60: 1.01, avg300: 1, total_us: 157622356 },
    });
  });

  test('without `full`, of another form, or of a kernel without PSI is no reason to fail', () => {
    assert.deepEqual(read('some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n'), {
      some: { avg10: 0, avg60: 0, avg300: 0, total_us: 7 },
      full: null,
    });
    const some = { avg10: 1, avg60: null, avg300: null, total_us: null };
    assert.deepEqual(read('some avg10=1\n'), { some, full: null });
    for (const text of ['', 'nothing of the kind\n', undefined]) assert.equal(read(text), null);
  });
});
