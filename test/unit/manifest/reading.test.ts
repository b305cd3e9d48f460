import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadManifest, readManifestFile } from '../../../src/manifest/index.ts';
import { accept, acceptAll, brief, HEAD, refuse, refuseAll } from './support.ts';

describe('reading YAML', () => {
  const faults: [string, string, string | Uint8Array, string][] = [
    ['a bracket that is never closed', 'TH1001', `${HEAD}args: [a\nenv:\n`, 'TH1001 7:1'],
    ['a quote that is never closed', 'TH1001', `${HEAD}hostname: "a\n`, 'TH1001 6:12'],
    ['a value that begins with @', 'TH1001', `${HEAD}hostname: @a\n`, 'TH1001 6:11'],
    ['a key that is indented too far', 'TH1001', 'name: a\n  uid: 1\n', 'TH1001 2:3'],
    ['an alias without an anchor', 'TH1001', `${HEAD}env: *none\n`, 'TH1001 6:6'],
    ['nesting without end', 'TH1001', '['.repeat(1000), 'TH1001 1:129'],
    ['a file of more than 1 MiB', 'TH1002', `# ${'x'.repeat(1024 * 1024)}`, 'TH1002 1:1'],
    ['a tab in the indentation', 'TH1003', `${HEAD}mounts:\n  /a:\n\t  type: proc\n`, 'TH1003 8:1'],
    ['a tab after blanks in the indentation', 'TH1003', `${HEAD}mounts:\n  \t/a:\n`, 'TH1003 7:3'],
    ['two documents', 'TH1004', `${HEAD}---\nname: b\n`, 'TH1004 6:1'],
    ['a recursive alias', 'TH1005', `${HEAD}args: &a [*a]\n`, 'TH1005 6:11'],
    ['an alias bomb', 'TH1005', `a: &a [x]\nb: &b [${'*a,'.repeat(60)}]\nc: [*b, *b]\n`, 'TH1005 3:5'],
    ['a key twice', 'TH1006', `${HEAD}env:\n  A: 1\n  B: 2\n  A: 3\n`, 'TH1006 9:3 env.A'],
    ['a NUL byte', 'TH1007', `${HEAD}env: {A: "\0"}`, 'TH1007 6:11'],
    ['bytes that are not UTF-8', 'TH1007', Buffer.concat([Buffer.from('name: a\nb: '), Buffer.of(0xff)]), 'TH1007 2:4'],
    ['a map as a key', 'TH1101', `${HEAD}env:\n  {a: b}: c\n`, 'TH1101 7:3 env'],
    ['a tag of YAML that no manifest needs', 'TH1103', `${HEAD}hostname: !!binary aGk=\n`, 'TH1103 6:12 hostname'],
    ['a tag', 'TH1103', `${HEAD}env: !secret {A: b}\n`, 'TH1103 6:6 env'],
  ];
  for (const [what, code, text, expected] of faults)
    it(`refuses ${what} with ${code} at its place`, () => {
      assert.deepEqual(brief(refuseAll(text)), [expected]);
    });

  it('points at the first of two equal keys', () => {
    const [found] = refuse('env:\n  A: 1\n  A: 3\n');
    assert.deepEqual(found?.related, { line: 7, column: 3, length: 1, label: 'first here' });
  });

  it('lists the mandatory keys of an empty file', () => {
    const missing = ['TH1104 1:1 name', 'TH1104 1:1 version', 'TH1104 1:1 uid', 'TH1104 1:1 gid'];
    for (const text of ['', '\n\n', '# nothing\n', '---\n', '~']) assert.deepEqual(brief(refuseAll(text)), missing);
  });

  it('accepts a byte order mark, a document marker, Windows line ends and JSON', () => {
    const plain = acceptAll(HEAD);
    assert.deepEqual(acceptAll(`\uFEFF${HEAD}`), plain);
    assert.deepEqual(acceptAll(`---\n${HEAD}...\n`), plain);
    assert.deepEqual(acceptAll(HEAD.replaceAll('\n', '\r\n')), plain);
    assert.deepEqual(acceptAll(`%YAML 1.1\n---\n${HEAD}`), plain);
    assert.deepEqual(acceptAll(JSON.stringify(plain)), plain);
  });

  it('expands aliases where they are used', () => {
    const manifest = accept('rlimits:\n  nofile: &two {soft: 1, hard: 2}\n  nproc: *two\n');
    assert.deepEqual(manifest.rlimits, { nofile: { soft: 1, hard: 2 }, nproc: { soft: 1, hard: 2 } });
  });

  it('keeps the source text of scalars where text is expected', () => {
    const manifest = accept(
      "env: {A: 4, B: 0x10, C: true, D: 1.50, E: ~, F: 007, G: '', H: !!str 1}\nargs: [1, no, 2.0]\n",
    );
    assert.deepEqual(manifest.env, { A: '4', B: '0x10', C: 'true', D: '1.50', E: '~', F: '007', G: '', H: '1' });
    assert.deepEqual(manifest.args, ['1', 'no', '2.0']);
  });

  it('reads integers in every form of YAML 1.2 and in binary', () => {
    for (const uid of ['1000', '+1000', '0x3e8', '0o1750', '0b1111101000'])
      assert.equal(acceptAll(HEAD.replace('uid: 1000', `uid: ${uid}`)).uid, 1000);
  });

  it('refuses the old octal form with TH1209', () => {
    assert.deepEqual(brief(refuseAll(HEAD.replace('uid: 1000', 'uid: 0777'))), ['TH1209 4:6 uid']);
  });

  it('takes a key without a value for an absent key', () => {
    assert.deepEqual(accept('io:\nenv: ~\nhostname: null\n'), accept(''));
  });

  it('gives the place of every path, or of what encloses it', () => {
    const result = loadManifest(`${HEAD}mounts:\n  /a: {type: proc}\nargs:\n  - x\n  - y\n`, 'p.yaml');
    assert.ok(result.ok);
    const loaded = result.manifest;
    assert.match(loaded.digest, /^[0-9a-f]{64}$/);
    assert.deepEqual(loaded.position(['mounts', '/a', 'type']), { file: 'p.yaml', line: 7, column: 14 });
    assert.deepEqual(loaded.position(['mounts', '/a', 'host']), { file: 'p.yaml', line: 7, column: 7 });
    assert.deepEqual(loaded.position(['args', 1]), { file: 'p.yaml', line: 10, column: 5 });
    assert.deepEqual(loaded.position(['cgroups', 'memory']), { file: 'p.yaml', line: 1, column: 1 });
  });
});

describe('reading a file', () => {
  it('reads what is there and refuses what cannot be read with TH1008', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'thuban-manifest-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const file = join(folder, 'a.yaml');
    writeFileSync(file, HEAD);
    assert.equal(readManifestFile(file).ok, true);
    writeFileSync(file, '#'.repeat(1024 * 1024 + 1));
    assert.deepEqual(brief(readManifestFile(file).diagnostics), ['TH1002 1:1']);
    for (const path of [join(folder, 'none.yaml'), folder, '/dev/zero', 'a\0b'])
      assert.deepEqual(brief(readManifestFile(path).diagnostics), ['TH1008 1:1']);
  });
});
