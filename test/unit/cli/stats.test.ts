import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContainerStats } from '../../../src/runtime/index.ts';
import { ratesOf } from '../../../src/cli/stats/rates.ts';
import { legend, statsTable, type Row } from '../../../src/cli/stats/rows.ts';
import { Screen, cutToHeight } from '../../../src/cli/stats/screen.ts';
import { sorted } from '../../../src/cli/stats/sort.ts';
import { fakeContainers } from '../../support/fake-containers.ts';
import { fakeStats } from '../../support/fake-stats.ts';
import { begin, thuban, withConsole } from './support.ts';

const terminal = {
  isTTY: true,
  columns: 80,
  color: false,
  ascii: true,
  style: (_style: string, text: string): string => text,
};

function rows(change: (stats: ContainerStats) => Partial<ContainerStats> = () => ({})): Row[] {
  return fakeContainers()
    .filter(({ state }) => state === 'running')
    .map((container) => {
      const [before, after] = [fakeStats(container, 0), fakeStats(container, 1)].map((one) => ({
        ...one,
        ...change(one),
      })) as [ContainerStats, ContainerStats];
      return { stats: after, rates: ratesOf(before, after) };
    });
}

describe('the table of stats', () => {
  test('has every column in 80 cells, with the base of every percentage below it', () => {
    const lines = [...statsTable(rows(), terminal, { wide: false }), ...legend(rows(), 80)];
    assert.deepEqual(lines, [
      'NAME      CPU QUOTA THROTTLED   WSET    USE  LIMIT PIDS   READ   WRITE PSI',
      'camera    61%  100%      3.2% 88 MiB 93 MiB 96 MiB    9  0 B/s 1.2MB/s 4.1',
      'gateway  2.0%     -         - 41 MiB 58 MiB      -   17 8 kB/s   0 B/s 0.0',
      '  CPU, QUOTA: percent of one CPU; THROTTLED: part of periods; WSET: use without',
      '  inactive page cache; PSI: memory, some, percent of the last 10 s',
    ]);
    for (const line of lines) assert.ok(line.length <= 80, line);
  });

  test('of the widest values still fits', () => {
    const wide = rows(({ memory }) => ({
      name: 'sensor-north-west',
      memory: memory && { ...memory, usage: 1023 * 1024 ** 2, working_set: 1.5 * 1024 ** 2, limit: 512 * 1024 },
      pids: { current: 9999, peak: null, limit: null, unlimited: true, max_events: null },
    }));
    const lines = statsTable(wide, terminal, { wide: false });
    for (const line of lines) assert.ok(line.length <= 80, line);
    assert.match(lines[0] ?? '', /WSET.*LIMIT.*PIDS.*READ.*WRITE/);
  });

  test('on v1 has no pressure, and says so', () => {
    const v1 = rows(() => ({ cgroups: 'v1', psi: null, io: null }));
    assert.match(statsTable(v1, terminal, { wide: false })[1] ?? '', / \? +\? +-$/);
    assert.match(legend(v1, 200).join('\n'), /PSI: not on cgroups v1; READ, WRITE: `\?` without an I\/O group/);
    assert.match(
      legend(
        rows(() => ({ psi: null })),
        200,
      ).join('\n'),
      /PSI: off on this kernel/,
    );
  });

  test('shows what is not known as `?` and what does not apply as `-`, never as 0', () => {
    const unknown = rows(() => ({ cpu: null, memory: null, pids: null }));
    assert.match(statsTable(unknown, terminal, { wide: false })[1] ?? '', /^camera +\? +\? +\? +\? +\? +\? +\? /);
  });

  test('piped has two blanks between columns, and columns that stand still when it is followed', () => {
    const piped = { ...terminal, isTTY: false };
    assert.equal(
      statsTable(rows(), piped, { wide: false })[1],
      'camera    61%   100%       3.2%  88 MiB  93 MiB  96 MiB     9   0 B/s  1.2MB/s  4.1',
    );
    const options = { wide: false, steady: true, time: '2026-01-31T10:44:00.000Z' };
    const [header, first] = statsTable(rows(), piped, options);
    const small = statsTable(rows(() => ({ memory: null })).slice(1), piped, options);
    assert.equal(small[0], header);
    assert.equal(small[1]?.length, first?.length);
  });

  test('is sorted by any of its numbers, largest first, unknown last', () => {
    const names = (key: Parameters<typeof sorted>[1]): string[] => sorted(rows(), key).map(({ stats }) => stats.name);
    assert.deepEqual(names(undefined), ['camera', 'gateway']);
    assert.deepEqual(names('pids'), ['gateway', 'camera']);
    assert.deepEqual(names('read'), ['gateway', 'camera']);
    assert.deepEqual(names('write'), ['camera', 'gateway']);
    const [camera, gateway] = rows();
    assert.ok(camera && gateway);
    assert.deepEqual(
      sorted([{ stats: camera.stats, rates: undefined }, gateway], 'cpu').map(({ stats }) => stats.name),
      ['gateway', 'camera'],
    );
  });
});

describe('rates', () => {
  const [container] = fakeContainers();
  assert.ok(container);

  test('are of one run: another one began to count at 0', () => {
    const [before, after] = [fakeStats(container, 0), fakeStats(container, 1)];
    assert.equal(ratesOf({ ...before, started_at: '2026-01-31T10:00:00.000Z' }, after), undefined);
    assert.equal(ratesOf({ ...before, pid: 1 }, after), undefined);
    assert.equal(ratesOf(undefined, after), undefined);
    assert.equal(ratesOf(after, after), undefined);
  });

  test('are right where the counters are beyond what a number holds', () => {
    const [before, after] = [fakeStats(container, 0), fakeStats(container, 1)];
    const far = (one: ContainerStats, usage_us: string): ContainerStats => ({
      ...one,
      cpu: one.cpu && { ...one.cpu, usage_us },
    });
    const rates = ratesOf(far(before, '18446744073708551615'), far(after, '18446744073709051615'));
    assert.equal(rates?.cpu_percent, 50);
    assert.equal(rates.write_bytes_per_second, 1_200_000);
  });

  test('of a counter that seems to fall are 0, of one that is not there unknown', () => {
    const [before, after] = [fakeStats(container, 1), { ...fakeStats(container, 0), monotonic_us: 9_000_000 }];
    assert.equal(ratesOf(before, after)?.cpu_percent, 0);
    assert.equal(ratesOf(before, { ...after, cpu: null })?.cpu_percent, null);
    assert.equal(ratesOf({ ...before, io: null }, after)?.read_bytes_per_second, null);
  });
});

describe('the screen', () => {
  test('draws over what it drew, and below what others printed', () => {
    const written: string[] = [];
    const screen = new Screen((text) => written.push(text));
    screen.draw(['a', 'b']);
    screen.draw(['c']);
    screen.leave();
    screen.draw(['d']);
    assert.deepEqual(written, ['\ra\x1b[K\nb\x1b[K\n\x1b[J', '\r\x1b[2Ac\x1b[K\n\x1b[J', '\rd\x1b[K\n\x1b[J']);
  });

  test('counts what does not fit', () => {
    const lines = ['NAME', 'a', 'b', 'c', 'd'];
    assert.deepEqual(cutToHeight(lines, 6), lines);
    assert.deepEqual(cutToHeight(lines, 5), ['NAME', 'a', 'b', '  2 of 4 containers']);
  });
});

describe('thuban stats', () => {
  test('takes the rates of two samples, and tells the bases on stderr', async () => {
    await withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'stats');
      assert.equal(code, 0);
      assert.match(stdout, /^NAME .*\ncamera +61% +100% +3\.2% .* 4\.1\ngateway +2\.0% +- +- .*\n$/);
      assert.match(stderr, /^ {2}CPU, QUOTA: percent of one CPU;/);
      assert.deepEqual(bench.control.calls.at(-1), { action: 'allStats', options: { follow: true, interval: 1 } });
    });
  });

  test('--json is one array of the whole structure, with what happened between the samples', async () => {
    await withConsole({}, async (bench) => {
      const { stdout } = await thuban(bench, 'stats', '--json', '--sort', 'pids', 'camera', 'gate*');
      const all = JSON.parse(stdout) as (ContainerStats & { rates: Record<string, number> })[];
      assert.deepEqual(
        all.map(({ id }) => id),
        ['gateway:1.4.2', 'camera:2.1.0'],
      );
      assert.deepEqual(all[1]?.rates, {
        seconds: 1,
        cpu_percent: 61,
        quota_percent: 100,
        throttled_percent: 3.2,
        read_bytes_per_second: 0,
        write_bytes_per_second: 1_200_000,
      });
      assert.equal(all[1].io?.[0]?.wbytes, '9007199254740993000');
      assert.equal('quota_percent' in (all[0]?.rates ?? {}), false);
    });
  });

  test('-f piped prints one header and then rows, and goes on with the next daemon', async () => {
    await withConsole({}, async (bench) => {
      bench.control.samples = 3;
      using cli = begin(bench, ['stats', '-f', '--interval', '100ms']);
      await cli.saw('gateway ');
      await cli.saw('connection to the daemon lost');
      await cli.saw('connected again');
      cli.process.kill('SIGINT');
      const { code, stdout } = await cli.ended;
      assert.equal(code, 130);
      assert.equal(stdout.match(/TIME/g)?.length, 1);
      for (const line of stdout.trimEnd().split('\n').slice(1)) assert.match(line, /^\d{4}-.*Z {2}(camera|gateway) /);
    });
  });

  test('says which name has nothing to measure, and measures the others', async () => {
    await withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'stats', 'camera', 'report', 'nobody');
      assert.equal(code, 1);
      assert.match(stdout, /\ncamera /);
      assert.match(stderr, /TH6003[^]*TH6005[^]*`report:1\.0\.0` is stopped/);
      const alone = await thuban(bench, 'stats', 'report');
      assert.deepEqual([alone.code, alone.stdout], [1, '']);
    });
  });

  test('with nothing that runs prints the header alone', async () => {
    await withConsole({}, async (bench) => {
      bench.control.containers = [];
      const { code, stdout, stderr } = await thuban(bench, 'stats');
      assert.deepEqual([code, stderr], [0, 'no container runs   (thuban ps)\n']);
      assert.match(stdout, /^NAME +CPU .*\n$/);
    });
  });

  test('an interval that is none is refused', async () => {
    await withConsole({}, async (bench) => {
      for (const text of ['0', 'soon', '2h', '50ms']) {
        const { code, stderr } = await thuban(bench, 'stats', '--interval', text);
        assert.equal(code, 2);
        assert.match(stderr, /TH6011/);
      }
    });
  });
});
