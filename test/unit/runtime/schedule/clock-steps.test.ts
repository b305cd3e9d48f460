import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import type { Report, Scenario } from '../../../support/clock-driver.ts';

const MIB = 1 << 20;
const library = ['x86_64-linux-gnu', 'aarch64-linux-gnu', 'arm-linux-gnueabihf']
  .map((triplet) => `/usr/lib/${triplet}/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));
const skip = library === undefined && 'NOT RUN: clocks that step need libfaketime: apt-get install faketime';

describe('on a wall clock that steps', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'clock-steps-'));
  const driver = join(folder, 'driver.mjs');
  before(async () => {
    const entryPoints = [join(import.meta.dirname, '../../../support/clock-driver.ts')];
    const banner = {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    };
    await build({ entryPoints, outfile: driver, bundle: true, platform: 'node', format: 'esm', banner });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** As the daemon runs: bundled, and without generated code. */
  async function run(name: string, scenario: Scenario): Promise<Report> {
    const file = join(folder, `${name}.offset`);
    writeFileSync(file, '+0\n');
    const child = spawn(process.execPath, ['--disallow-code-generation-from-strings', driver], {
      env: {
        ...process.env,
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        DONT_FAKE_MONOTONIC: '1',
        SCENARIO: JSON.stringify(scenario),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, name);
    const report = JSON.parse(output) as Report;
    const { longest, rss_growth, told } = report;
    const runs = told.filter((line) => line.includes(' run ')).length;
    console.log(
      `${name}: longest turn ${longest.cpu_ms} ms of CPU, ${longest.wall_ms} ms in all; RSS +${(rss_growth / MIB).toFixed(1)} MiB; ${runs} runs`,
    );
    assert.ok(longest.cpu_ms < 100, `the event loop was kept busy for ${longest.cpu_ms} ms`);
    assert.ok(rss_growth < 32 * MIB, `${rss_growth} bytes more`);
    return report;
  }

  const minute = { cron: '* * * * *' };
  const second = { cron: '* * * * * *' };
  const everyTwo = { cron: '*/2 * * * * *' };

  test('ahead by a year: no burst, and the next run right afterwards', async () => {
    const { told } = await run('year ahead', {
      schedules: [minute, second, everyTwo],
      gate: 'auto',
      clock: [
        { at: '2027-05-01T10:00:10Z', seconds: 2 },
        { at: '2028-05-01T10:00:56Z', seconds: 6 },
      ],
    });
    const afterwards = told.slice(told.findIndex((line) => line.startsWith('clock')) + 1);
    const missed = afterwards.filter((line) => line.includes('missed'));
    assert.deepEqual(missed.slice(0, 3).sort(), ['0 missed 10080', '1 missed 10080', '2 missed 10080']);
    assert.ok(afterwards.includes('0 run 2028-05-01T10:01:00.000Z'), afterwards.join('\n'));
    assert.ok(afterwards.includes('2 run 2028-05-01T10:00:58.000Z'), afterwards.join('\n'));
    const runs = afterwards.filter((line) => line.startsWith('1 run'));
    assert.ok(runs.length >= 3 && runs.length <= 7, afterwards.join('\n'));
    assert.equal(new Set(runs).size, runs.length);
  });

  test('back by an hour: schedules go on, and what has run does not run again', async () => {
    const { told } = await run('hour back', {
      schedules: [{ cron: '0 * * * *' }, second, { cron: '0 3 * * *' }],
      gate: 'auto',
      clock: [
        { at: '2027-05-01T02:59:58Z', seconds: 3 },
        { at: '2027-05-01T02:59:57Z', seconds: 5 },
        { at: '2027-05-01T01:59:57Z', seconds: 5 },
      ],
    });
    const of = (id: number): string[] => told.filter((line) => line.startsWith(`${id} run`));
    assert.deepEqual(of(2), ['2 run 2027-05-01T03:00:00.000Z']);
    assert.deepEqual(of(0), ['0 run 2027-05-01T03:00:00.000Z']);
    assert.ok(of(1).includes('1 run 2027-05-01T02:00:00.000Z'), told.join('\n'));
  });

  const berlin = { time_zone: 'Europe/Berlin' };
  test('Berlin in autumn: every half hour runs in both hours, a fixed time once', async () => {
    const { told } = await run('Berlin, autumn', {
      schedules: [
        { cron: '*/30 * * * *', ...berlin },
        { cron: '30 2 * * *', ...berlin },
      ],
      gate: 'auto',
      clock: [
        { at: '2027-10-31T00:29:58Z', seconds: 3 },
        { at: '2027-10-31T00:59:58Z', seconds: 3 },
        { at: '2027-10-31T01:29:58Z', seconds: 3 },
      ],
    });
    assert.deepEqual(told.filter((line) => line.includes('run')).sort(), [
      '0 run 2027-10-31T00:30:00.000Z',
      '0 run 2027-10-31T01:00:00.000Z',
      '0 run 2027-10-31T01:30:00.000Z',
      '1 run 2027-10-31T00:30:00.000Z',
    ]);
  });

  test('Berlin in spring: a fixed time in the gap runs right after it', async () => {
    const { told } = await run('Berlin, spring', {
      schedules: [
        { cron: '*/30 * * * *', ...berlin },
        { cron: '30 2 * * *', ...berlin },
      ],
      gate: 'auto',
      clock: [{ at: '2027-03-28T00:59:58Z', seconds: 3 }],
    });
    assert.deepEqual(told.sort(), ['0 run 2027-03-28T01:00:00.000Z', '1 run 2027-03-28T01:00:00.000Z']);
  });

  for (const gate of ['auto', 'off'] as const)
    test(`from 1970 to now, gate ${gate}`, async () => {
      const { told, waited } = await run(`1970, gate ${gate}`, {
        schedules: [second, minute],
        gate,
        clock: [
          { at: '1970-01-01T00:00:10Z', seconds: 2 },
          { at: '2027-05-01T10:00:57Z', seconds: 5 },
        ],
      });
      assert.equal(waited, gate === 'auto');
      assert.equal(
        told.some((line) => line.includes('run 1970')),
        gate === 'off',
      );
      assert.ok(told.includes('1 run 2027-05-01T10:01:00.000Z'), told.join('\n'));
    });

  const alone = (alarmOnly: Scenario['alarmOnly']): Scenario => ({
    schedules: [],
    gate: 'off',
    ...(alarmOnly && { alarmOnly }),
    clock: [
      { at: '1970-01-01T00:00:10Z', seconds: 1 },
      { at: '2027-05-01T10:00:57Z', seconds: 3 },
    ],
  });

  test('the clock is looked at before node-cron wakes and goes through what it missed', async () => {
    const { told } = await run('look before', alone('until looked'));
    assert.deepEqual(told.slice(1), ['looked']);
  });

  test('an alarm that rings all the same costs no more than the years', async () => {
    const { told } = await run('alarm alone', alone('whatever was seen'));
    assert.deepEqual([...new Set(told.slice(1))], ['looked', 'rung']);
  });
});
