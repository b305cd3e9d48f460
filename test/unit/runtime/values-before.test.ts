import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MEMORY_MIN, type FakeKernelFs } from '../../../src/cgroups/index.ts';
import { ValuesBefore } from '../../../src/runtime/values-before.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { v2Board, v2Group } from '../cgroups/fake-boards.ts';

const MiB = 1024 ** 2;

function bench(
  body: (parts: { fs: FakeKernelFs; group: string; file: string; open: () => ValuesBefore; told: string[] }) => void,
): void {
  const { path } = temporaryFolder();
  try {
    const fs = v2Board();
    const group = v2Group(fs);
    const [file, told] = [join(path, 'values.json'), [] as string[]];
    const open = (): ValuesBefore =>
      new ValuesBefore(fs, {
        file,
        knob: MEMORY_MIN,
        onProblem: (error) => told.push(`${error.code} ${error.message}`),
      });
    body({ fs, group, file, open, told });
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

test('what was there before is written back, and nothing is kept then', () => {
  bench(({ fs, group, file, open, told }) => {
    fs.write(`${group}/${MEMORY_MIN}`, String(MiB));
    const values = open();
    values.keep([{ path: group, before: String(MiB) }]);
    fs.write(`${group}/${MEMORY_MIN}`, String(8 * MiB));
    values.restore();
    assert.equal(fs.read(`${group}/${MEMORY_MIN}`).trim(), String(MiB));
    assert.equal(existsSync(file), false);
    assert.deepEqual(told, []);
  });
});

test('a daemon that was killed is followed by one that knows the value of before both', () => {
  bench(({ fs, group, open, told }) => {
    open().keep([{ path: group, before: '0' }]);
    fs.write(`${group}/${MEMORY_MIN}`, String(8 * MiB));
    const next = open();
    next.keep([{ path: group, before: String(8 * MiB) }]);
    next.restore();
    assert.equal(fs.read(`${group}/${MEMORY_MIN}`).trim(), '0');
    assert.deepEqual(told, []);
  });
});

test('a group that is gone needs nothing; what the kernel refuses is told', () => {
  bench(({ fs, group, open, told }) => {
    const values = open();
    values.keep([
      { path: '/sys/fs/cgroup/gone', before: '0' },
      { path: group, before: '0' },
    ]);
    fs.faults.push({ op: 'write', path: `${group}/${MEMORY_MIN}`, errno: 'EROFS' });
    values.restore();
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /^TH2016 .*case\/memory\.min could not be set back to 0/);
  });
});

test('a file that is none is told of and not used', () => {
  bench(({ file, open, told }) => {
    writeFileSync(file, '{');
    open().restore();
    assert.match(told.join(), /^TH2016 .*is not used/);
    assert.equal(existsSync(file), false);
  });
});
