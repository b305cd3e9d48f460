import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { logLine } from '../../../src/cli/logs/line.ts';
import { gatherByTime, mergeByTime } from '../../../src/cli/logs/merge.ts';
import type { LogRecord } from '../../../src/runtime/index.ts';
import { fakeTerminal } from '../../support/terminal.ts';

process.env['TZ'] = 'UTC'; // clock times of a terminal are local
const time = new Date().toISOString().replace(/T.*/, 'T00:00:11.020Z');

function record(line: string, stream: LogRecord['stream'] = 'stdout'): LogRecord {
  return { time, stream, line };
}

describe('a line of thuban logs', () => {
  const plainStyle = { raw: false, marked: false, nameWidth: 0 };
  const marked = { raw: false, marked: true, nameWidth: 0 };

  test('is in a pipe what the program wrote, with what speaks to a terminal made visible', () => {
    const pipe = fakeTerminal({ isTTY: false });
    const show = (line: string, raw = false): string => logLine(record(line), 'x', pipe, { ...plainStyle, raw });
    assert.equal(show('  a\tb é カ  '), '  a\tb é カ  ');
    assert.equal(show('\u001b[31mred\u0007\r'), '^[[31mred^G^M');
    assert.equal(show('a\u202eb'), 'a<U+202E>b');
    assert.equal(show('\u001b[31mred', true), '\u001b[31mred');
  });

  test('has on a terminal its time, its stream when that is stderr, and of several containers the name', () => {
    const terminal = fakeTerminal();
    assert.match(logLine(record('ok'), 'camera', terminal, marked), /^(\S+ )?00:00:11\.020 ok$/);
    const several = { ...marked, nameWidth: 7 };
    assert.match(logLine(record('ok'), 'camera', terminal, several), /^camera {2}(\S+ )?00:00:11\.020 ok$/);
    assert.match(
      logLine(record('bad', 'stderr'), 'gateway', terminal, several),
      /^gateway (\S+ )?00:00:11\.020 E\| bad$/,
    );
    const red = logLine(record('bad', 'stderr'), 'x', fakeTerminal({ color: true }), marked);
    assert.ok(red.endsWith('\u001b[31mE|\u001b[39m \u001b[31mbad\u001b[39m'));
  });

  test('stands between hyphens when it is a remark of the runtime, which --raw does not set free', () => {
    const remark = record('312 lines dropped\u001b', 'thuban');
    assert.equal(logLine(remark, 'x', fakeTerminal(), { ...plainStyle, raw: true }), '- 312 lines dropped^[ -');
  });
});

describe('the lines of several containers', () => {
  interface Line {
    time: string;
    from: number;
  }

  async function* source(times: number[], from: number): AsyncGenerator<Line> {
    for (const at of times) {
      await Promise.resolve();
      yield { time: new Date(at).toISOString(), from };
    }
  }

  const histories = fc.array(
    fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 10 }).map((times) => times.sort((a, b) => a - b)),
    { maxLength: 5 },
  );

  const inOrder = (lines: Line[]): void => {
    for (const [at, line] of lines.entries()) if (at > 0) assert.ok((lines[at - 1]?.time ?? '') <= line.time);
  };

  test('come in the order of their times, none lost', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (all) => {
        const merged: Line[] = [];
        for await (const line of mergeByTime(all.map(source))) merged.push(line);
        assert.equal(merged.length, all.flat().length);
        inOrder(merged);
      }),
    );
  });

  test('come so too where they are followed, as far as they are there already', async () => {
    const all = [[1, 5, 9], [2, 3, 10], [], [4]];
    const lines: Line[] = [];
    await gatherByTime(all.map(source), (line) => lines.push(line));
    assert.equal(lines.length, 7);
    inOrder(lines);
  });

  test('are handed over although a source breaks', async () => {
    const lines: Line[] = [];
    const broken = async function* (): AsyncGenerator<Line> {
      yield { time: new Date(1).toISOString(), from: 0 };
      await Promise.reject(new Error('lost'));
    };
    await assert.rejects(
      gatherByTime([broken()], (line) => lines.push(line)),
      /lost/,
    );
    assert.equal(lines.length, 1);
  });
});
