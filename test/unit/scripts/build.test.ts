import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';

const build = resolve(import.meta.dirname, '../../../scripts/build.mjs');

describe('npm run build', () => {
  test('without a C compiler says which were looked for, and what to install', () => {
    const { status, stderr } = spawnSync(process.execPath, [build, '--only', 'native'], {
      env: { PATH: process.env['PATH'], CC: '/nonexistent/cc' },
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /^error\[TH7002\]: no C compiler found \(looked for \/nonexistent\/cc\)/);
    assert.match(stderr, /hint: apt-get install gcc libc6-dev/);
  });
});
