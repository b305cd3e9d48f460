import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { removeStaleTemps, writeAtomically } from '../../../src/base/index.ts';
import { temporaryFolder } from '../../support/folders.ts';

const tempOf = (pid: number): string => `.state.json.${pid}-0123456789ab.thuban-temp`;

describe('an atomic write', () => {
  test('makes or replaces a file, with the mode that was asked for', () => {
    using top = temporaryFolder();
    const path = join(top.path, 'file');
    const umask = process.umask(0o077);
    try {
      for (const [data, mode, sync] of [
        ['first', 0o644, false],
        [Buffer.from('second'), 0o600, true],
        ['', 0o640, false],
      ] as const) {
        writeAtomically(path, data, { mode, sync });
        assert.equal(readFileSync(path, 'utf8'), data.toString());
        assert.equal(statSync(path).mode & 0o7777, mode);
      }
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(readdirSync(top.path), ['file']);
  });

  test('replaces a link and leaves its target alone', () => {
    using top = temporaryFolder();
    const path = join(top.path, 'link');
    writeFileSync(join(top.path, 'target'), 'old');
    symlinkSync('target', path);
    writeAtomically(path, 'new', { mode: 0o600 });
    assert.ok(lstatSync(path).isFile());
    assert.equal(readFileSync(join(top.path, 'target'), 'utf8'), 'old');
  });

  test('takes the longest name that a folder takes', () => {
    using top = temporaryFolder();
    const path = join(top.path, 'x'.repeat(255));
    writeAtomically(path, 'text', { mode: 0o600 });
    assert.equal(readFileSync(path, 'utf8'), 'text');
  });

  test('leaves everything as it was when it cannot be done', () => {
    using top = temporaryFolder();
    const path = join(top.path, 'folder');
    mkdirSync(path);
    assert.throws(
      () => {
        writeAtomically(path, 'text', { mode: 0o600 });
      },
      { code: 'EISDIR' },
    );
    assert.deepEqual(readdirSync(top.path), ['folder']);
    assert.throws(
      () => {
        writeAtomically(join(top.path, 'missing/file'), 'text', { mode: 0o600 });
      },
      { code: 'ENOENT' },
    );
  });

  test('shows a reader the old content or the new one, never a part', async () => {
    using top = temporaryFolder();
    const path = join(top.path, 'file');
    const size = 1 << 20;
    writeAtomically(path, 'a'.repeat(size), { mode: 0o600 });
    const module = join(import.meta.dirname, '../../../src/base/index.ts');
    const program = `import { writeAtomically } from ${JSON.stringify(module)};
      for (let i = 0; i < 100; i++) writeAtomically(${JSON.stringify(path)}, 'ab'[i % 2].repeat(${size}), { mode: 0o600 });`;
    const writer = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    const ended = once(writer, 'exit');
    let reads = 0;
    while (writer.exitCode === null && writer.signalCode === null) {
      const text = readFileSync(path);
      assert.equal(text.length, size);
      assert.equal(text[0], text[size - 1]);
      reads++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(await ended, [0, null]);
    assert.ok(reads > 1);
  });
});

describe('what a killed writer left', () => {
  test('is removed, and nothing else is', () => {
    using top = temporaryFolder();
    const { pid: dead } = spawnSync('true');
    const others = ['state.json', '.hidden', `${tempOf(dead)}.yaml`, tempOf(dead).slice(1), tempOf(process.ppid)];
    for (const name of [tempOf(dead), tempOf(process.pid), ...others]) writeFileSync(join(top.path, name), '');
    assert.deepEqual(removeStaleTemps(top.path).sort(), [tempOf(dead), tempOf(process.pid)].sort());
    assert.deepEqual(readdirSync(top.path).sort(), others.sort());
  });

  test('is known by the name under which the writer made it', () => {
    using top = temporaryFolder();
    const path = join(top.path, 'folder');
    mkdirSync(path);
    const module = join(import.meta.dirname, '../../../src/base/index.ts');
    const program = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
      fs.renameSync = () => process.kill(process.pid, 'SIGKILL'); syncBuiltinESMExports();
      const { writeAtomically } = await import(${JSON.stringify(module)});
      writeAtomically(${JSON.stringify(join(path, 'state.json'))}, 'text', { mode: 0o600 });`;
    const { signal } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    assert.equal(signal, 'SIGKILL');
    const [left] = readdirSync(path);
    assert.match(left ?? 'nothing', /^\.state\.json\./);
    assert.deepEqual(removeStaleTemps(path), [left]);
  });

  test('is told when it cannot be removed', { skip: process.geteuid?.() === 0 && 'root may remove everything' }, () => {
    using top = temporaryFolder();
    const { pid: dead } = spawnSync('true');
    writeFileSync(join(top.path, tempOf(dead)), '');
    chmodSync(top.path, 0o555);
    assert.throws(() => removeStaleTemps(top.path), { code: 'EACCES' });
    chmodSync(top.path, 0o755);
  });
});
