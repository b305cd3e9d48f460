import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Diagnostic } from '../../../src/base/index.ts';
import {
  loadManifest,
  renderDiagnosticLine,
  renderDiagnostics,
  type RenderOptions,
} from '../../../src/manifest/index.ts';
import { HEAD } from './support.ts';

const PLAIN: RenderOptions = { color: false, columns: 80 };

function frame(file: string, text: string, options = PLAIN): string {
  return renderDiagnostics(loadManifest(text, file).diagnostics, text, options);
}

/** Puts lines at given numbers and comments between them. */
function at(lines: Record<number, string>): string {
  const last = Math.max(...Object.keys(lines).map(Number));
  return Array.from({ length: last }, (_, i) => lines[i + 1] ?? '#').join('\n') + '\n';
}

const head = Object.fromEntries(
  HEAD.trimEnd()
    .split('\n')
    .map((line, i) => [i + 1, line]),
);

describe('frames', () => {
  const frames: [string, string, string, string[]][] = [
    [
      'an unknown key with the section it stands in',
      'sensors.yaml',
      at({ ...head, 11: 'cgroups:', 12: '    memroy:', 13: '      memory_hard_limit: 1' }),
      [
        'sensors.yaml:12:5 error[TH1102]: unknown key `memroy` in cgroups',
        '   11 | cgroups:',
        ' > 12 |     memroy:',
        '      |     ^^^^^^ did you mean `memory`?',
      ],
    ],
    [
      'an unknown word with the words that are known',
      'job.yaml',
      at({ ...head, 7: 'restart: on-failure' }),
      [
        'job.yaml:7:10 error[TH1201]: `on-failure` is not a restart policy',
        ' > 7  | restart: on-failure',
        '      |          ^^^^^^^^^^ did you mean `on_failure`?',
        '   hint: one of never, on_failure, always',
      ],
    ],
    [
      'a size with both readings of it',
      'cam.yaml',
      at({ ...head, 6: 'cgroups:', 7: '  memory:', 9: '    memory_hard_limit: 64 Megs' }),
      [
        'cam.yaml:9:24 error[TH1202]: cannot read `64 Megs` as a size',
        ' > 9  |     memory_hard_limit: 64 Megs',
        '      |                        ^^^^^^^ unknown unit `Megs`',
        '   hint: 64 MiB (67108864 bytes) or 64 MB (64000000 bytes)',
      ],
    ],
    [
      'a missing key at the first line',
      'cam.yaml',
      HEAD.replace('uid: 1000\n', ''),
      [
        'cam.yaml:1:1 error[TH1104]: `uid` is missing',
        ' > 1  | name: camera',
        '      | ^ a container needs a user to run as',
        '   hint: add `uid: 1000` (1 to 65535; root is not allowed)',
      ],
    ],
    [
      'overlapping mounts with both places',
      'cam.yaml',
      at({
        ...head,
        14: 'mounts:',
        15: '  /data:',
        16: '    type: bind',
        17: '    host: /d',
        18: '  /data/log:',
        19: '    type: bind',
        20: '    host: /l',
      }),
      [
        'cam.yaml:18:3 error[TH1301]: mount `/data/log` lies inside mount `/data`',
        '   15 |   /data:',
        '      |   ----- first mount',
        ' > 18 |   /data/log:',
        '      |   ^^^^^^^^^ bind targets must not overlap; move one',
      ],
    ],
    [
      'swap below memory with both values',
      'cam.yaml',
      at({
        ...head,
        7: 'cgroups:',
        8: '  memory:',
        9: '    memory_hard_limit: 64 MiB',
        10: '    memory_swap_limit: 32 MiB',
      }),
      [
        'cam.yaml:10:24 error[TH1302]: memory_swap_limit is below memory_hard_limit',
        '   9  |     memory_hard_limit: 64 MiB',
        '      |                        ------ 67108864 bytes',
        ' > 10 |     memory_swap_limit: 32 MiB',
        '      |                        ^^^^^^ memory plus swap: at least 64 MiB',
      ],
    ],
    [
      'a key twice with the first one',
      'cam.yaml',
      at({ ...head, 6: 'mounts:', 7: '  /a: {type: proc}', 14: 'mounts:', 15: '  /b: {type: proc}' }),
      [
        'cam.yaml:14:1 error[TH1006]: key `mounts` appears twice',
        '   6  | mounts:',
        '      | ------ first here',
        ' > 14 | mounts:',
        '      | ^^^^^^ hint: merge both maps under one `mounts`',
      ],
    ],
    [
      'a tab made visible',
      'cam.yaml',
      at({ ...head, 6: 'mounts:', 7: '  /lib:', 8: '\thost: /lib' }),
      [
        'cam.yaml:8:1 error[TH1003]: tab in indentation',
        ' > 8  | →  host: /lib',
        '      | ^ YAML indents with spaces only',
        '   hint: replace each tab by two spaces (nothing else was checked: the file',
        '         could not be read past this line)',
      ],
    ],
  ];
  for (const [what, file, text, expected] of frames)
    it(`show ${what}`, () => {
      assert.equal(frame(file, text), expected.map((line) => `${line}\n`).join(''));
    });

  for (const columns of [80, 60, 40, 30])
    it(`stay within ${columns} columns, and break no word that is to be typed`, () => {
      for (const [, file, text] of frames) {
        const drawn = frame(file, text, { color: false, columns });
        for (const line of drawn.split('\n')) assert.ok(line.length <= columns || line.startsWith(file), line);
        const whole = frame(file, text, { color: false, columns: 1000 });
        for (const [typed] of whole.matchAll(/`[^`]{1,16}`/g))
          assert.ok(drawn.includes(typed), `${typed} in\n${drawn}`);
      }
    });

  it('break messages, labels and hints on a narrow terminal', () => {
    const narrow = { color: false, columns: 40 };
    const [, file, text] = frames[4] ?? ['', '', ''];
    assert.deepEqual(frame(file, text, narrow).split('\n'), [
      'cam.yaml:18:3 error[TH1301]:',
      '  mount `/data/log` lies inside mount',
      '  `/data`',
      '   15 |   /data:',
      '      |   ----- first mount',
      ' > 18 |   /data/log:',
      '      |   ^^^^^^^^^',
      '      | bind targets must not overlap;',
      '      | move one',
      '',
    ]);
    const [, other, uid] = frames[3] ?? ['', '', ''];
    assert.deepEqual(frame(other, uid, narrow).split('\n').slice(-3), [
      '   hint: add `uid: 1000` (1 to 65535;',
      '         root is not allowed)',
      '',
    ]);
  });

  it('are ASCII where a terminal knows no more', () => {
    const [, file, text] = frames[7] ?? ['', '', ''];
    assert.match(frame(file, text, { ...PLAIN, ascii: true }), /^ > 8 {2}\| > {2}host: \/lib$/m);
    const long = `${HEAD}hostname: ${'A'.repeat(300)}\n`;
    assert.match(frame('a.yaml', long, { ...PLAIN, ascii: true }), /A\.\.$/m);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(frame('a.yaml', long, { ...PLAIN, ascii: true }), /[^\u0000-\u007f]/);
  });

  it('put the underline below wide characters, marks and tabs', () => {
    const under = (line: string): string => {
      const [, source = '', marks = ''] = frame('a.yaml', `${HEAD}${line}\n`).split('\n');
      return `${source.slice(8)}\n${marks.slice(8).replace(/(?<=\^) .*/, '')}`;
    };
    assert.equal(under('env: {名前: {a: b}}'), `env: {名前: {a: b}}\n${' '.repeat(12)}^^^^^^`);
    assert.equal(under('env: {A\u0301B: {a: b}}'), `env: {A\u0301B: {a: b}}\n${' '.repeat(10)}^^^^^^`);
    assert.equal(under('env: {"😀": {a: b}}'), `env: {"😀": {a: b}}\n${' '.repeat(12)}^^^^^^`);
    assert.equal(under('hostname:\tA\t# x'), `hostname:→  A→  # x\n${' '.repeat(12)}^`);
  });

  it('show a second place far away without what lies between', () => {
    const far = at({ ...head, 6: 'hostname: a', 1200: 'hostname: b' });
    assert.deepEqual(frame('a.yaml', far).split('\n'), [
      'a.yaml:1200:1 error[TH1006]: key `hostname` appears twice',
      '   6    | hostname: a',
      '        | -------- first here',
      ' > 1200 | hostname: b',
      '        | ^^^^^^^^ hint: keep one `hostname`',
      '',
    ]);
  });

  it('show each of several findings on one line', () => {
    const found = frame('a.yaml', `${HEAD}cgroups: {memroy: 1, cpus: 2}\n`).split('\n');
    assert.deepEqual(
      found.filter((line) => line.startsWith('      |')),
      ['      |           ^^^^^^ did you mean `memory`?', '      |                      ^^^^ did you mean `cpu`?'],
    );
  });

  it('name places in other files', () => {
    const elsewhere = [{ file: 'b.yaml', line: 3, column: 3, label: '`b` waits for `a`' }];
    const base = loadManifest(`${HEAD}colour: 1\n`, 'a.yaml').diagnostics[0]!;
    const circle = { ...base, message: '`a → b → a` wait for each other', hint: 'remove one', elsewhere };
    const draw = (columns: number, ascii: boolean): string[] =>
      renderDiagnostics([circle], `${HEAD}colour: 1\n`, { color: false, columns, ascii }).split('\n');
    assert.deepEqual(draw(80, false), [
      'a.yaml:6:1 error[TH1102]: `a → b → a` wait for each other',
      ' > 6  | colour: 1',
      '      | ^^^^^^',
      '   b.yaml:3:3 `b` waits for `a`',
      '   hint: remove one',
      '',
    ]);
    assert.equal(draw(80, true)[0], 'a.yaml:6:1 error[TH1102]: `a -> b -> a` wait for each other');
    assert.deepEqual(draw(30, false).slice(-4, -2), ['   b.yaml:3:3', '     `b` waits for `a`']);
    assert.match(renderDiagnosticLine(circle), /\(b\.yaml:3:3 `b` waits for `a`; remove one\)$/);
  });

  it('never send control characters of the file to the terminal', () => {
    const text = `${HEAD}hostname: "\u001b[31m\u202eA\u0007"\n`;
    const shown = frame('a.yaml', text);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.match(shown, /\^\[\[31m<U\+202E>A\^G/);
  });

  it('cut a long line around the fault', () => {
    const text = `${HEAD}env: {${Array.from({ length: 40 }, (_, i) => `VARIABLE_${i}: x`).join(', ')}, THUBAN_X: y, LAST: z}\n`;
    const lines = frame('a.yaml', text).split('\n');
    assert.match(lines[1] ?? '', /^ > 6 {2}\| ….*THUBAN_X: y, LAST: z\}$/);
    assert.equal(lines[1]?.indexOf('THUBAN_X'), lines[2]?.indexOf('^^^^^^^^'));
    for (const line of lines) assert.ok(line.length <= 80, line);
  });

  it('are plain lines when the text of the file is not known', () => {
    const { diagnostics } = loadManifest(`${HEAD}hostname: A\n`, 'a.yaml');
    assert.equal(
      renderDiagnostics(diagnostics, undefined, PLAIN),
      'a.yaml:6:11 error[TH1201]: `A` is not a host name\n   hint: use 1 to 63 of `a-z 0-9 -`, with `-` neither first nor last\n',
    );
  });

  it('say the same with colour as without', () => {
    const text = `${HEAD}hostname: A\nrestart: nevr\n`;
    const coloured = frame('a.yaml', text, { color: true, columns: 80 });
    assert.ok(coloured.includes('\u001b[31m'));
    // eslint-disable-next-line no-control-regex
    assert.equal(coloured.replaceAll(/\u001b\[\d+m/g, ''), frame('a.yaml', text));
  });
});

describe('lines for pipes', () => {
  const line = (text: string): string => {
    const [first] = loadManifest(HEAD + text, 'a.yaml').diagnostics as [Diagnostic];
    return renderDiagnosticLine(first);
  };
  it('hold place, severity, code, message and hint', () => {
    assert.equal(
      line('cgroups: {memroy: 1}\n'),
      'a.yaml:6:11: error TH1102: unknown key `memroy` in cgroups (did you mean `memory`?)',
    );
    assert.equal(
      line('mounts: {/a: {type: tmpfs, size: 64M}}\n'),
      'a.yaml:6:34: warning TH1310: `64M` means 64000000 bytes (write `64 MB` for the same, or `64 MiB`)',
    );
  });
});
