import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { removeStaleTemps, writeAtomically, type ThubanError } from '../../../src/base/index.ts';
import { LogStores } from '../../../src/runtime/log-store.ts';
import { StateFiles } from '../../../src/runtime/state-files.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { linesOf, logLimits } from '../../support/logs.ts';
import { needsRoot } from '../../support/root.ts';

const ID = 'camera:1.0.0';

/** A file system of 256 KiB, full but for what is asked; gone at the end of the scope. */
function fullDisk(free: number): { path: string; empty: () => void; [Symbol.dispose](): void } {
  const top = temporaryFolder();
  const path = join(top.path, 'disk');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'thuban-test', path]);
  const filler = join(path, 'filler');
  writeFileSync(filler, Buffer.alloc(262_144 - free));
  return {
    path,
    empty: () => {
      rmSync(filler);
    },
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--lazy', path]); // also when a failed test has left a file open
      top[Symbol.dispose]();
    },
  };
}

describe('a full disk', needsRoot(), () => {
  test('costs lines of a log and nothing else; no record is torn, and the log says what it lost', async () => {
    await leavesNothingBehind(async () => {
      using disk = fullDisk(40_960);
      const problems: ThubanError[] = [];
      const stores = new LogStores(disk.path, logLimits, { onProblem: (error) => problems.push(error) });
      const store = stores.open(ID);
      const line = `${'x'.repeat(99)}\n`;
      for (let i = 0; i < 40; i++) store.write('stdout', Buffer.from(line.repeat(30)));
      assert.deepEqual(
        problems.map(({ code, message }) => [code, message]),
        [['TH4006', `${disk.path} is full, so what containers write is not kept`]],
      );
      const kept = (await linesOf(store)).filter((text) => text === `stdout ${line.trim()}`).length;
      assert.ok(kept > 100 && kept < 400 && kept % 30 === 0, `${kept} lines, in whole chunks`);
      disk.empty();
      store.write('stdout', Buffer.from('room\n'));
      const lines = await linesOf(store);
      assert.equal(lines.length, kept + 2);
      const expected = [`thuban ${1200 - kept} lines lost: the log could not be written`, 'stdout room'];
      assert.deepEqual(lines.slice(-2), expected);
      store.close();
      const text = readFileSync(join(disk.path, 'camera@1.0.0/0'), 'latin1');
      assert.match(text, /\n$/);
      for (const record of text.trim().split('\n')) assert.match(record, /^[\dT:.Z-]{24} (stdout|stderr|thuban) F /);
    });
  });

  test('leaves the state that was there, tells it once, and recovers', async () => {
    await leavesNothingBehind(async () => {
      using disk = fullDisk(16_384);
      const problems: ThubanError[] = [];
      const files = new StateFiles(disk.path, { onProblem: (error) => problems.push(error) });
      files.save(ID, { restarts: 1 });
      const large = 'x'.repeat(60_000);
      for (let i = 0; i < 3; i++) files.save(ID, { large });
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['TH4006'],
      );
      assert.deepEqual(Object.fromEntries(files.load()), { [ID]: { restarts: 1 } });
      disk.empty();
      files.save(ID, { large });
      assert.deepEqual(Object.fromEntries(files.load()), { [ID]: { large } });
      await Promise.resolve();
    });
  });

  test('stops an atomic write, and nothing of it stays', async () => {
    await leavesNothingBehind(async () => {
      using disk = fullDisk(16_384);
      const path = join(disk.path, 'file');
      writeAtomically(path, 'old', { mode: 0o600 });
      assert.throws(
        () => {
          writeAtomically(path, 'x'.repeat(60_000), { mode: 0o600, sync: true });
        },
        { code: 'ENOSPC' },
      );
      assert.equal(readFileSync(path, 'utf8'), 'old');
      assert.deepEqual(readdirSync(disk.path).sort(), ['file', 'filler']);
      assert.deepEqual(removeStaleTemps(disk.path), []);
      await Promise.resolve();
    });
  });
});
