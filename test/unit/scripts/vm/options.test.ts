import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, UsageError, type Options } from '../../../../scripts/vm/options.ts';

const DEFAULT: Options = {
  architectures: ['amd64', 'arm64'],
  kernel: undefined,
  layout: 'v2',
  systemd: false,
  swap: false,
  only: [],
  tests: true,
  release: true,
  limit: 2400,
  prepare: false,
  command: [],
};

test('without arguments the tests run on both architectures of 64 bits, each with its kernel and v2', () => {
  assert.deepEqual(readOptions([]), DEFAULT);
});

for (const [argv, changes] of [
  [['--arch', 'arm64'], { architectures: ['arm64'] }],
  [['--arch', 'all'], { architectures: ['amd64', 'arm64', 'armhf'] }],
  [['--kernel', '6.1', '--cgroups', 'hybrid'], { kernel: '6.1', layout: 'hybrid' }],
  [['--only', 'oom', '--limit', '1.5'], { only: ['oom'], release: false, limit: 90 }],
  [['--only', 'cgroups/', '--only', 'cli/', '--release'], { only: ['cgroups/', 'cli/'], release: true, tests: true }],
  [['--release'], { tests: false }],
  [['--prepare'], { prepare: true }],
  // What stands behind `--` belongs to the command, also when it looks like an option of ours.
  [
    ['--arch', 'amd64', '--', 'sh', '-c', 'exit 3', '--help'],
    { architectures: ['amd64'], release: false, command: ['sh', '-c', 'exit 3', '--help'] },
  ],
] as [string[], Partial<Options>][])
  test(`\`${argv.join(' ')}\` is understood`, () => {
    assert.deepEqual(readOptions(argv), { ...DEFAULT, ...changes });
  });

test('--help wins over all else', () => {
  assert.equal(readOptions(['--arch', 'vax', '--help']), 'help');
});

for (const [argv, message] of [
  [['--arch', 'vax'], /--arch takes amd64, arm64, armhf, all, not `vax`/],
  [['--kernel', '2.4'], /--kernel takes 6\.1, 6\.12/],
  [['--cgroups', 'v1'], /needs --kernel 6\.1/],
  [['--cgroups', 'hybrid', '--kernel', '6.12'], /needs --kernel 6\.1/],
  [['--limit', 'soon'], /minutes, not `soon`/],
  [['--limit', '0'], /minutes/],
  [['--arch', 'amd64', '--release', '--', 'true'], /--release takes no command/],
  [['--', 'true'], /needs --arch/],
  [['--nonsense'], /nonsense/],
  [['oom'], /oom/],
] as [string[], RegExp][])
  test(`\`${argv.join(' ')}\` is refused`, () => {
    assert.throws(
      () => readOptions(argv),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
    );
  });
