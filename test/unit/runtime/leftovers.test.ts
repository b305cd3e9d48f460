import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ThubanError } from '../../../src/base/index.ts';
import { FakeKernelFs, type Group } from '../../../src/cgroups/index.ts';
import type { RuntimeEvent } from '../../../src/runtime/index.ts';
import { Leftovers, type HeldRun } from '../../../src/runtime/leftovers.ts';
import { boardGroups } from '../../support/board-groups.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const TOP = '/sys/fs/cgroup/thuban';

interface Bench {
  fs: FakeKernelFs;
  clock: ManualClock;
  leftovers: Leftovers;
  events: RuntimeEvent[];
  problems: ThubanError[];
  /** A group with a process that does not end until it is let go. */
  stuck: (name: string) => { group: Group; letGo: () => void };
  /** Lets so many milliseconds pass, as small as what anybody sleeps. */
  pass: (ms: number) => Promise<void>;
}

function bench(
  file?: string,
  fs = new FakeKernelFs({ mounts: [{ version: 2, mountpoint: '/sys/fs/cgroup', controllers: ['memory'] }] }),
): Bench {
  const clock = new ManualClock();
  const problems: ThubanError[] = [];
  const onProblem = (error: ThubanError): void => {
    problems.push(error);
  };
  const options = { fs, shared: boardGroups(fs), clock, signal: fs.signal, onProblem };
  const leftovers = new Leftovers({ ...options, ...(file === undefined ? {} : { file }) });
  const events: RuntimeEvent[] = [];
  leftovers.onChange = (event) => {
    events.push(event);
  };
  const stuck = (name: string): { group: Group; letGo: () => void } => {
    if (!fs.list('/sys/fs/cgroup').some((entry) => entry.name === 'thuban')) fs.mkdir(TOP);
    fs.mkdir(`${TOP}/${name}`);
    const pid = fs.spawn(`${TOP}/${name}`);
    fs.stick(pid);
    fs.files.set(`/proc/${pid}/stat`, `${pid} (cp) D 1 1`);
    fs.files.set(`/proc/${pid}/wchan`, 'nfs_wait_bit_killable');
    const letGo = (): void => {
      fs.stick(pid, false);
    };
    return { group: { version: 2, controllers: ['memory'], path: `${TOP}/${name}` }, letGo };
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 10) await clock.advance(10);
  };
  return { fs, clock, leftovers, events, problems, stuck, pass };
}

describe('what could not be removed', () => {
  test('is shown with its processes and where they wait, tried again, and gone in the end', async () => {
    const { fs, leftovers, events, stuck, pass } = bench();
    const { group, letGo } = stuck('c-a@1.0.0');
    leftovers.add('a:1.0.0', [group]);
    const [condition] = leftovers.conditionsOf('a:1.0.0');
    assert.deepEqual(
      [condition?.type, condition?.code, condition?.message],
      ['leftover', 'TH2010', `${group.path} stays: 1000 (cp, nfs_wait_bit_killable) cannot be killed`],
    );
    assert.deepEqual(leftovers.conditionsOf('b:1.0.0'), []);
    await pass(4000);
    assert.deepEqual([events, leftovers.conditionsOf('a:1.0.0').length], [[], 1]);
    letGo();
    await pass(10_000);
    assert.deepEqual(
      events.map((event) => ({ ...event, time: '' })),
      [{ time: '', container: 'a:1.0.0', type: 'leftover', paths: [], removed: [group.path] }],
    );
    assert.deepEqual([leftovers.conditionsOf('a:1.0.0'), leftovers.paths.size], [[], 0]);
    assert.throws(() => fs.stat(group.path), { code: 'ENOENT' });
  });

  test('is tried at growing intervals, a minute at most, for ever', async () => {
    const { fs, clock, leftovers, stuck, pass } = bench();
    leftovers.add('a:1.0.0', [stuck('c-a@1.0.0').group]);
    const attempts: number[] = [];
    let last = -1e9;
    const rmdir = fs.rmdir.bind(fs);
    fs.rmdir = (path) => {
      if (clock.monotonic() - last > 800) attempts.push(clock.monotonic());
      last = clock.monotonic();
      rmdir(path);
    };
    await pass(400_000);
    const gaps = attempts.slice(1).map((at, i) => Math.round((at - (attempts[i] ?? 0)) / 1000));
    assert.ok(
      gaps.slice(-3).every((gap) => gap >= 60 && gap <= 63),
      gaps.join(),
    );
    assert.ok((gaps[0] ?? 99) <= 5 && gaps.every((gap, i) => i === 0 || gap >= (gaps[i - 1] ?? 0) - 1), gaps.join());
    leftovers.close();
  });

  test('leaves the next run a name of its own, as long as it is there', async () => {
    const { leftovers, stuck, pass } = bench();
    assert.equal(leftovers.spareFor('a:1.0.0'), undefined);
    const first = stuck('c-a@1.0.0');
    leftovers.add('a:1.0.0', [first.group]);
    assert.equal(leftovers.spareFor('a:1.0.0'), 2);
    leftovers.add('a:1.0.0', [stuck('c-a@1.0.0%2').group]);
    assert.equal(leftovers.spareFor('a:1.0.0'), 3);
    assert.equal(leftovers.spareFor('b:1.0.0'), undefined);
    first.letGo();
    await pass(20_000);
    assert.equal(leftovers.spareFor('a:1.0.0'), undefined);
    leftovers.close();
  });

  test('is known to the next daemon, with the run that the launcher holds', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'leftovers.json');
    const first = bench(file);
    const { group, letGo } = first.stuck('c-a@1.0.0');
    let released = 0;
    const held = (exited: Promise<void>): HeldRun => ({
      run: '77',
      exited,
      release: () => {
        released++;
        return Promise.resolve();
      },
    });
    first.leftovers.add('a:1.0.0', [group], held(new Promise(() => undefined)));
    first.leftovers.close();
    const next = bench(file, first.fs);
    assert.deepEqual(
      next.leftovers.noted().map(({ run }) => run),
      ['77'],
    );
    let exit = (): void => undefined;
    const asked: string[] = [];
    next.leftovers.restore((run) => {
      asked.push(run);
      return held(
        new Promise<void>((resolve) => {
          exit = resolve;
        }),
      );
    });
    assert.deepEqual([asked, [...next.leftovers.paths]], [['77'], [group.path]]);
    letGo();
    await next.pass(10_000);
    assert.deepEqual([next.leftovers.conditionsOf('a:1.0.0').length, released], [1, 0], 'its init is still there');
    exit();
    await next.pass(10);
    assert.deepEqual([next.leftovers.conditionsOf('a:1.0.0'), released], [[], 1]);
    assert.deepEqual(bench(file, first.fs).leftovers.noted(), []);
  });

  test('of a run that went with its launcher is only the groups', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'leftovers.json');
    const first = bench(file);
    const { group, letGo } = first.stuck('c-a@1.0.0');
    first.leftovers.add(undefined, [group], {
      run: '77',
      exited: new Promise(() => undefined),
      release: () => Promise.resolve(),
    });
    first.leftovers.close();
    const next = bench(file, first.fs);
    next.leftovers.restore(() => undefined);
    letGo();
    await next.pass(10_000);
    assert.deepEqual([next.leftovers.paths.size, next.events], [0, []], 'nobody is told of what is nobody’s');
  });

  test('is tried a last time at the end, and waited for no longer than a second or two', async () => {
    const { clock, events, fs, leftovers, stuck, pass } = bench();
    const [first, second] = [stuck('c-a@1.0.0'), stuck('c-b@1.0.0')];
    leftovers.add('a:1.0.0', [first.group]);
    leftovers.add('b:1.0.0', [second.group]);
    await pass(500);
    first.letGo();
    const began = clock.monotonic();
    const finished = leftovers.finish();
    await pass(2000);
    await finished;
    assert.ok(clock.monotonic() - began <= 2000);
    assert.deepEqual(
      [[...leftovers.paths], events.map(({ container }) => container)],
      [[second.group.path], ['a:1.0.0']],
    );
    await pass(3000); // an attempt that was under way
    second.letGo();
    await pass(60_000);
    assert.ok(
      fs.list(TOP).some(({ name }) => name === 'c-b@1.0.0'),
      'nothing is tried after that',
    );
  });

  test('a damaged file costs the attempts and is told', () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'leftovers.json');
    writeFileSync(file, '{"v": 1, "left": [');
    const { leftovers, problems } = bench(file);
    assert.deepEqual(leftovers.noted(), []);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['TH7008'],
    );
    writeFileSync(file, 'null');
    assert.deepEqual(leftovers.noted(), []);
  });
});
