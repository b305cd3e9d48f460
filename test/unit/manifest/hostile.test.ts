import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Diagnostic } from '../../../src/base/index.ts';
import {
  countFindings,
  loadManifest,
  readManifestFile,
  renderDiagnosticLine,
  renderDiagnostics,
} from '../../../src/manifest/index.ts';
import { accept, acceptAll, brief, HEAD, refuse, refuseAll } from './support.ts';

/** `TH1007 1:1 message (hint)` of the first finding. */
function first(text: string | Uint8Array): string {
  const [{ code, line, column, message, hint }] = refuseAll(text) as [Diagnostic];
  return `${code} ${line}:${column} ${message} (${hint ?? ''})`;
}

describe('a file in another encoding', () => {
  const encodings: [string, string, Buffer][] = [
    ['UTF-16', 'little endian', Buffer.from(`\uFEFF${HEAD}`, 'utf16le')],
    ['UTF-16', 'big endian', Buffer.from(`\uFEFF${HEAD}`, 'utf16le').swap16()],
    ['UTF-16', 'without a mark', Buffer.from(HEAD, 'utf16le')],
    ['UTF-16', 'big endian without a mark', Buffer.from(HEAD, 'utf16le').swap16()],
    [
      'UTF-32',
      'little endian',
      Buffer.from(Uint32Array.from(`\uFEFF${HEAD}`, (char) => char.codePointAt(0) ?? 0).buffer),
    ],
    [
      'UTF-32',
      'big endian',
      Buffer.from(Uint32Array.from(`\uFEFF${HEAD}`, (char) => char.codePointAt(0) ?? 0).buffer).swap32(),
    ],
  ];
  for (const [name, how, bytes] of encodings)
    it(`is told to be ${name}, ${how}, and how to convert it`, () => {
      assert.equal(
        first(bytes),
        `TH1007 1:1 the file is ${name}, not UTF-8 (save it as UTF-8: \`iconv -f ${name} -t UTF-8 OLD > NEW\`)`,
      );
      assert.doesNotMatch(
        renderDiagnostics(refuseAll(bytes), bytes.toString(), { color: false, columns: 80 }),
        / \| /,
        'no frame',
      );
    });

  it('of one byte for each character is shown at the first that is not ASCII', () => {
    const bytes = Buffer.from(`${HEAD}env: {Ä: ä, B: Grüße}\n`, 'latin1');
    assert.equal(
      first(bytes),
      `TH1007 6:7 byte 0xc4 at ${HEAD.length + 6} is not UTF-8 text (save the file as UTF-8; in Latin-1 this byte is \`Ä\`)`,
    );
    const mixed = Buffer.concat([Buffer.from(`${HEAD}hostname: ääää`), Buffer.of(0xfc)]);
    assert.match(first(mixed), /^TH1007 6:15 byte 0xfc /, 'columns count characters, not bytes');
  });

  it('with NUL bytes is no text', () => {
    assert.match(
      first(`${HEAD}env: {A: "\0"}\n`),
      /^TH1007 6:11 byte 0x00 at \d+ is not UTF-8 text \(remove the NUL byte/,
    );
    assert.match(first(Buffer.from('7f454c4602010100000000000000', 'hex')), /^TH1007 /);
  });
});

describe('line ends', () => {
  it('may be those of Windows, of old Macs, or mixed, and places count them alike', () => {
    const faulty = `${HEAD}colour: red\nhostname: A\n`;
    const expected = brief(refuseAll(faulty));
    for (const end of ['\r\n', '\r']) {
      assert.deepEqual(acceptAll(HEAD.replaceAll('\n', end)), acceptAll(HEAD));
      const text = faulty.replaceAll('\n', end);
      assert.deepEqual(brief(refuseAll(text)), expected);
      assert.match(
        renderDiagnostics(refuseAll(text), text, { color: false, columns: 80 }),
        /^ > 7 {2}\| hostname: A$/m,
      );
    }
    assert.deepEqual(brief(refuseAll(`name: a\rversion: 1.0.0\r\nuid: 1\ngid: 1\rcolour: x`)), ['TH1102 5:1 colour']);
  });

  it('do not hide a key behind a comment', () => {
    assert.deepEqual(brief(refuseAll(`${HEAD}# a comment\rcolour: red\n`)), ['TH1102 7:1 colour']);
  });
});

describe('a text that is too much', () => {
  const deep: [string, string][] = [
    ['a list in a list, 10,000 times', `${HEAD}args: ${'['.repeat(10_000)}\n`],
    ['a map in a map', `${HEAD}env: ${'{a: '.repeat(10_000)}\n`],
    [
      'lines that are indented further and further',
      `env:\n${Array.from({ length: 1200 }, (_, i) => `${' '.repeat(i + 1)}a:`).join('\n')}`,
    ],
    ['dashes', `args:\n  ${'- '.repeat(10_000)}x\n`],
  ];
  for (const [what, text] of deep)
    it(`is refused with TH1001 at the level too many: ${what}`, () => {
      const [found] = refuseAll(text) as [Diagnostic];
      assert.equal(found.code, 'TH1001');
      assert.match(found.message, /nested deeper than 64 levels$/);
      assert.equal(found.hint, 'close the brackets that are open here, or indent this line less');
      const line = text.split('\n')[found.line - 1] ?? '';
      assert.match(line.charAt(found.column - 1), /[[{a:-]/, 'the place is one that can be seen');
    });

  const many: [string, string][] = [
    ['200,000 keys', `env:\n${Array.from({ length: 200_000 }, (_, i) => `  k${i}:\n`).join('')}`.slice(0, 1 << 20)],
    ['equal keys by the ten thousand', `${HEAD}env:\n${'  A: 1\n'.repeat(20_000)}`],
    ['anchors by the ten thousand', `${HEAD}args: [${'&a x, '.repeat(20_000)}]\n`],
  ];
  for (const [what, text] of many)
    it(`is refused with TH1002 before anything is made of it: ${what}`, () => {
      assert.deepEqual(
        refuseAll(text).map(({ code, message, hint }) => [code, message, hint]),
        [
          [
            'TH1002',
            'the file holds more than 50000 YAML tokens',
            'move large data into files that the container mounts',
          ],
        ],
      );
    });

  it('is told with all of its faults counted and a thousand of them listed', () => {
    const findings = refuseAll(`${HEAD}args: [${'{},'.repeat(10_000)}]\n`);
    assert.equal(findings.length, 1000);
    assert.equal(countFindings(findings, 'error'), 10_000);
    assert.deepEqual(findings.at(-1)?.omitted, { errors: 9000, warnings: 0 });
    assert.match(renderDiagnosticLine(findings.at(-1)!), /; 9000 more findings are not shown\)$/);
    assert.ok(findings.slice(0, -1).every(({ omitted }) => omitted === undefined));
  });

  it('is told of each of many equal keys, with the first one', () => {
    const findings = refuseAll(`${HEAD}env:\n${'  A: 1\n'.repeat(5000)}`);
    assert.equal(countFindings(findings, 'error'), 4999);
    assert.ok(findings.every(({ code, related }) => code === 'TH1006' && related?.line === 7));
  });

  for (const [what, text] of [
    ['a value', `${HEAD}hostname: ${'A'.repeat(1_000_000)}\n`],
    ['a comment', `${HEAD}hostname: A # ${'x'.repeat(1_000_000)}\n`],
    ['a key', `${HEAD}${'k'.repeat(1_000_000)}: 1\n`],
    ['a key in quotes', `${HEAD}"${'k'.repeat(1_000_000)}": 1\n`],
    ['blanks', `${HEAD}hostname:${' '.repeat(1_000_000)}A\n`],
  ] as const)
    it(`has frames of the terminal's width for ${what} of a megabyte`, () => {
      const findings = refuseAll(text);
      const lines = renderDiagnostics(findings, text, { color: false, columns: 80 }).split('\n');
      for (const line of lines) assert.ok(line.length <= 110, `${line.length} characters`);
      for (const { message, hint = '' } of findings) assert.ok(message.length + hint.length < 400);
    });
});

describe('characters that a terminal obeys', () => {
  const nasty = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2066\u200b\u2028';
  const texts: [string, string][] = [
    ['a value', `hostname: "${nasty}"\n`],
    ['a key', `"${nasty}": 1\n`],
    ['a key of a section', `cgroups: {"${nasty}": 1}\n`],
    ['a variable', `env: {"${nasty}=": {}}\n`],
    ['a mount', `mounts: {"${nasty}": {type: "${nasty}"}}\n`],
    ['a tag', `hostname: !<${nasty}> x\n`],
    ['an alias', `hostname: *${nasty.replaceAll(/[[\]]/g, '')}\n`],
    ['what is no YAML', `args: [a "${nasty}" b\n`],
    ['a quantity', `cgroups: {memory: {memory_hard_limit: "${nasty}"}}\n`],
    ['a schedule', `schedule: "${nasty}"\n`],
    ['a word', `restart: "${nasty}"\n`],
  ];
  for (const [where, text] of texts)
    it(`are shown and never sent when they stand in ${where}`, () => {
      const findings = refuse(text);
      const shown = [
        renderDiagnostics(findings, HEAD + text, { color: false, columns: 80 }),
        ...findings.map(renderDiagnosticLine),
      ].join('\n');
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u2028]/);
    });

  it('stand in a file name that is shown as well', () => {
    const { diagnostics } = loadManifest('colour: 1\n', '\u001b[2Ja.yaml');
    assert.match(renderDiagnosticLine(diagnostics[0]!), /^\^\[\[2Ja\.yaml:1:1/);
  });

  it('may stand in a value that goes to the program as it is', () => {
    assert.deepEqual(accept(`args: ["\\e[1m"]\n`).args, ['\u001b[1m']);
  });

  it('may not be half of a character, which no program could be given', () => {
    assert.deepEqual(brief(refuse('args: ["\\ud800"]\nenv: {A: "\\udfff"}\n')), [
      'TH1201 6:8 args[0]',
      'TH1201 7:10 env.A',
    ]);
    assert.equal(refuse('args: ["\\ud800"]\n')[0]?.message, 'the text holds half of a character');
    assert.deepEqual(accept('args: ["😀", "\\ud83d\\ude00"]\n').args, ['😀', '😀']);
  });
});

describe('what is no file with a text', () => {
  const folder = mkdtempSync(join(tmpdir(), 'thuban-hostile-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const told = (path: string): string => {
    const [found] = readManifestFile(path).diagnostics;
    return `${found?.code} ${found?.message}`;
  };

  it('is refused without waiting for it: folders, pipes, sockets, devices, links to nothing', async () => {
    const [pipe, socket, link] = [join(folder, 'pipe.yaml'), join(folder, 'socket.yaml'), join(folder, 'link.yaml')];
    execFileSync('mkfifo', [pipe]);
    const server = createServer();
    await new Promise<void>((done) => server.listen(socket, done));
    symlinkSync('nowhere', link);
    try {
      for (const path of [folder, pipe, '/dev/zero', '/dev/null', '/dev/tty'])
        assert.match(told(path), /^TH1008 (this is not a regular file$|cannot read the file: )/, path);
      assert.match(told(socket), /^TH1008 cannot read the file: .*ENXIO/);
      assert.match(told(link), /^TH1008 cannot read the file: .*ENOENT/);
      assert.match(told(join(folder, 'x'.repeat(300))), /^TH1008 cannot read the file: .*ENAMETOOLONG/);
    } finally {
      server.close();
    }
  });

  it('may say that it is empty and hold a text all the same, as in /proc', () => {
    assert.match(told('/proc/self/status'), /^TH1/);
    const fd = openSync('/proc/self/status', 'r');
    assert.ok(readSync(fd, Buffer.alloc(10)) > 0);
    closeSync(fd);
  });

  it('is read up to a megabyte, whatever it grows to meanwhile', () => {
    const file = join(folder, 'grows.yaml');
    writeFileSync(file, HEAD);
    assert.equal(readManifestFile(file).ok, true);
    for (let i = 0; i < 3; i++) appendFileSync(file, `#${'x'.repeat(400_000)}\n`);
    assert.match(told(file), /^TH1002 the file is 1\.1 MiB, at most 1 MiB is read$/);
  });
});
