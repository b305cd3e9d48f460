import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderDiagnostics } from '../../../src/manifest/index.ts';
import { load, type Given } from './support.ts';

/** What `thuban daemon` shows on a terminal of 80 columns. */
function frames(given: Given): string {
  const { diagnostics, texts } = load(given);
  const options = { color: false, columns: 80 };
  return diagnostics.map((found) => renderDiagnostics([found], texts.get(found.file), options)).join('');
}

describe('frames', () => {
  const cases: [what: string, given: Given, lines: string[]][] = [
    [
      'an unknown key',
      { file: 'console:\n  event_hystory: 5\n' },
      [
        'thuban.yaml:2:3 error[TH1102]: unknown key `event_hystory` in console',
        '   1  | console:',
        ' > 2  |   event_hystory: 5',
        '      |   ^^^^^^^^^^^^^ did you mean `event_history`?',
      ],
    ],
    [
      'a key that stands at the wrong depth',
      { file: 'event_history: 5\n' },
      [
        'thuban.yaml:1:1 error[TH1102]: unknown key `event_history`',
        ' > 1  | event_history: 5',
        '      | ^^^^^^^^^^^^^ it belongs under `console`',
      ],
    ],
    [
      'a value out of its range in a drop-in',
      { dropIns: { '10.yaml': 'start:\n  concurrency: 0\n' } },
      [
        'thuban.d/10.yaml:2:16 error[TH1205]: `start.concurrency` is 0, allowed 1 to 1000',
        ' > 2  |   concurrency: 0',
        '      |                ^',
        '   hint: write `concurrency: 1`',
      ],
    ],
    [
      'two sockets with one path',
      { file: 'console:\n  sockets:\n    - path: /run/a.sock\n    - path: /run/a.sock\n' },
      [
        'thuban.yaml:4:13 error[TH1306]: two sockets have the path `/run/a.sock`',
        '   3  |     - path: /run/a.sock',
        '      |             ----------- first here',
        ' > 4  |     - path: /run/a.sock',
        '      |             ^^^^^^^^^^^ hint: choose another path, or remove one socket',
      ],
    ],
    [
      'a variable with a bad value',
      { env: { THUBAN_CFG_SHUTDOWN__TIMEOUT: '5 m' } },
      [
        'THUBAN_CFG_SHUTDOWN__TIMEOUT:1:1 error[TH1203]: cannot read `5 m` as a duration',
        ' > 1  | 5 m',
        '      | ^^^ unknown unit `m`, did you mean `min`?',
        '   hint: write `250 ms`, `10 s`, `5 min` or a number of seconds',
      ],
    ],
    [
      'a flag with a bad value',
      { flags: { 'cgroups.parent': 'machine' } },
      [
        '--cgroup-parent:1:1 error[TH1211]:',
        '  `machine` is neither `self` nor an absolute path',
        ' > 1  | machine',
        '      | ^^^^^^^',
        '   hint: write `self`, or the path of a group from the top of its mount, for',
        '         example `/machine`',
      ],
    ],
  ];
  for (const [what, given, lines] of cases)
    it(`show ${what}`, () => {
      assert.deepEqual(frames(given).trimEnd().split('\n'), lines);
    });
});
