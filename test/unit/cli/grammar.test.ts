import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readSignal } from '../../../src/cli/act/signals.ts';
import { commands, nameOf } from '../../../src/cli/commands/index.ts';
import { readSeconds, readSince, readTimeout } from '../../../src/cli/durations.ts';
import { matchesName } from '../../../src/cli/names.ts';
import { readTail } from '../../../src/cli/tail.ts';
import { speaksAscii } from '../../../src/cli/terminal.ts';
import { readWords } from '../../../src/cli/words.ts';

describe('a duration', () => {
  test('is a number of seconds, or numbers with units', () => {
    const cases: [string, number][] = [
      ['0', 0],
      ['90', 90],
      ['1.5', 1.5],
      ['250ms', 0.25],
      ['250 ms', 0.25],
      ['10s', 10],
      ['10m', 600],
      ['5 min', 300],
      ['1h30m', 5400],
      ['2d', 172_800],
    ];
    for (const [text, seconds] of cases) assert.equal(readSeconds(text), seconds, text);
  });

  test('is nothing else', () => {
    for (const text of ['', ' ', 's', '-1s', '1x', '1h30', '1 h x', '1e3', 'ten', '1..5s', '9'.repeat(20)])
      assert.equal(readSeconds(text), undefined, text);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const seconds = readSeconds(text);
        assert.ok(seconds === undefined || (Number.isFinite(seconds) && seconds >= 0));
      }),
    );
  });

  test('is for ever as a time-out of 0, and at most what a timer holds', () => {
    assert.equal(readTimeout('0'), Infinity);
    assert.equal(readTimeout('0s'), Infinity);
    assert.equal(readTimeout(undefined), undefined);
    assert.equal(readTimeout('24d'), 24 * 86_400);
    for (const text of ['25d', 'soon']) assert.throws(() => readTimeout(text), { code: 'TH6011' });
  });
});

describe('--since', () => {
  const now = Date.parse('2026-01-31T10:00:00.000Z');

  test('is a time ago, a time, or a number where events have numbers', () => {
    assert.deepEqual(readSince('10m', { now }), { time: '2026-01-31T09:50:00.000Z' });
    assert.deepEqual(readSince('2026-01-31T10:00Z', { now }), { time: '2026-01-31T10:00:00.000Z' });
    assert.deepEqual(readSince('2026-01-31 12:00:05.5+02:00', { now }), { time: '2026-01-31T10:00:05.500Z' });
    const local = { time: new Date(2026, 0, 31, 10, 0).toISOString() };
    assert.deepEqual(readSince('2026-01-31T10:00', { now }), local);
    assert.deepEqual(readSince('2026-01-31', { now }), { time: new Date(2026, 0, 31).toISOString() });
    assert.deepEqual(readSince('@880', { now, numbered: true }), { seq: 880 });
  });

  test('is refused with examples when it is none of these', () => {
    for (const text of ['yesterday', '2026-13-01', '31.01.2026', '@5', '2026-01-31T', '@x', ''])
      assert.throws(() => readSince(text, { now }), { code: 'TH6011' }, text);
    assert.throws(() => readSince('@', { now, numbered: true }), { code: 'TH6011', hint: /@SEQ/ });
  });

  test('does not go back beyond the beginning of time', () => {
    assert.deepEqual(readSince('100000d', { now }), { time: '1970-01-01T00:00:00.000Z' });
  });
});

describe('names', () => {
  const camera = { id: 'camera:2.1.0', name: 'camera' };

  test('are a name, a name with its version, or a pattern of either', () => {
    for (const name of ['camera', 'camera:2.1.0', 'cam*', '*', '*:2.*', 'camera:*', 'c*m*a'])
      assert.ok(matchesName(name, camera), name);
    for (const name of ['cam', 'camera:2.1', 'CAM*', 'cam*x', 'camera.2.1.0', 'camer?', '(c|d)*', 'camera:2[.]1.*'])
      assert.ok(!matchesName(name, camera), name);
  });

  test('stand for themselves, whatever they are made of', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.ok(matchesName(`${text.replaceAll('*', '')}*`, { id: text.replaceAll('*', ''), name: 'x' }));
      }),
    );
  });
});

test('a signal is a name with or without SIG, or a number', () => {
  for (const text of ['SIGHUP', 'HUP', 'hup', 'sighup', '1']) assert.equal(readSignal(text), 'SIGHUP');
  assert.throws(() => readSignal('SIGTREM'), { code: 'TH6011', hint: 'did you mean `SIGTERM`?' });
  for (const text of ['', '0', '99', 'nonsense']) assert.throws(() => readSignal(text), { code: 'TH6011' });
});

test('a tail is a number of lines or all', () => {
  assert.equal(readTail('20'), 20);
  assert.equal(readTail('0'), 0);
  assert.equal(readTail('all'), undefined);
  assert.equal(readTail(undefined), undefined);
  for (const text of ['-1', '', 'some', '1.5']) assert.throws(() => readTail(text), { code: 'TH6011' });
});

describe('the words of a command line', () => {
  test('may have common flags before the command', () => {
    assert.deepEqual(readWords(['--json', '--socket', 'ps', 'inspect', 'x']).words, [
      'inspect',
      '--json',
      '--socket',
      'ps',
      'x',
    ]);
    assert.deepEqual(readWords(['--json']).words, ['--json']);
    assert.deepEqual(readWords(['--json', 'nonsense']).words, ['--json', 'nonsense']);
  });

  test('end at -- where a command hands the rest on', () => {
    assert.deepEqual(readWords(['start', 'camera', '--', '--fps', '5', '--']), {
      words: ['start', 'camera'],
      passed: ['--fps', '5', '--'],
    });
    assert.deepEqual(readWords(['start', 'camera', '--']), { words: ['start', 'camera'], passed: [] });
    assert.equal(readWords(['start', 'camera']).passed, undefined);
    assert.deepEqual(readWords(['validate', '--', '-odd.yaml']).words, ['validate', '--', '-odd.yaml']);
  });

  test('of a family are two, and flags before or between them go behind', () => {
    assert.deepEqual(readWords(['--json', 'key', '--color', 'never', 'generate', 'acme']).words, [
      ...['key', 'generate', '--json', '--color', 'never', 'acme'],
    ]);
    assert.deepEqual(readWords(['key', 'generate', 'acme', '-q']).words, ['key', 'generate', 'acme', '-q']);
    assert.deepEqual(readWords(['--json', 'key', 'nonsense']).words, ['key', '--json', 'nonsense']);
    assert.deepEqual(readWords(['key', '--help']).words, ['key', '--help']);
  });

  test('know the words of Northstar’s users, which stand in no list', () => {
    assert.deepEqual(readWords(['notifications', '-f']).words, ['events', '-f']);
  });
});

test('every word means one command', () => {
  const words = commands.flatMap((entry) => [nameOf(entry), ...(entry.aliases ?? []), ...(entry.hiddenAliases ?? [])]);
  assert.equal(new Set(words).size, words.length);
});

test('a terminal speaks ASCII without a UTF-8 locale, on consoles, and when asked', () => {
  const cases: [Record<string, string>, boolean][] = [
    [{ LANG: 'C.UTF-8', TERM: 'xterm' }, false],
    [{ LANG: 'de_DE.utf8' }, false],
    [{ LANG: 'C.UTF-8', LC_ALL: 'C' }, true],
    [{ LANG: 'C', LC_CTYPE: 'en_GB.UTF-8' }, false],
    [{ LC_ALL: '', LANG: 'C.UTF-8' }, false],
    [{}, true],
    [{ LANG: 'C.UTF-8', TERM: 'linux' }, true],
    [{ LANG: 'C.UTF-8', TERM: 'vt102' }, true],
    [{ LANG: 'C.UTF-8', THUBAN_ASCII: '1' }, true],
    [{ LANG: 'C.UTF-8', THUBAN_ASCII: '0' }, false],
  ];
  for (const [env, ascii] of cases) assert.equal(speaksAscii(env), ascii, JSON.stringify(env));
});
