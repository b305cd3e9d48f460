import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readOptions, UsageError } from '../../../../scripts/release/options.ts';

test('without arguments there is a release for every architecture, in dist/release of the checkout', () => {
  assert.deepEqual(readOptions([], '/checkout'), {
    targets: ['x86-64', 'aarch64', 'armhf'],
    out: '/checkout/dist/release',
  });
});

test('--out is a folder from where one is', () => {
  const expected = { targets: ['armhf'], out: join(process.cwd(), 'there') };
  assert.deepEqual(readOptions(['--arch', 'armhf', '--out', 'there'], '/checkout'), expected);
});

test('--help wins over all else', () => {
  assert.equal(readOptions(['--arch', 'vax', '--help'], '/'), 'help');
});

for (const [argv, message] of [
  [['--arch', 'vax'], /--arch takes x86-64, aarch64, armhf, not `vax`/],
  [['--nonsense'], /nonsense/],
  [['armhf'], /armhf/],
] as [string[], RegExp][])
  test(`\`${argv.join(' ')}\` is refused`, () => {
    assert.throws(
      () => readOptions(argv, '/'),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
    );
  });
