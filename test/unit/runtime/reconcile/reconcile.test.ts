import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { reconcile, type Actual, type Desired } from '../../../../src/runtime/reconcile/index.ts';
import { actual, auto, desired, loaded, told } from './support.ts';

type Row = [name: string, wanted: Desired, board: Actual[], steps: string[]];

function table(rows: readonly Row[]): void {
  for (const [name, wanted, board, steps] of rows)
    test(name, () => {
      assert.deepEqual(reconcile(wanted, board).map(told), steps);
    });
}

const a = loaded('a:1.0.0');
const other = loaded('a:1.0.0', { text: '2' });
const image = { file: '/r/a', offset: 0, size: 512, identity: { dev: '1', ino: '2', size: '3', ctime_ns: '4' } };
const sameMeaning = { ...a, digest: 'another text' };

describe('a new container', () => {
  table([
    ['is added', desired([a]), [], ['add a:1.0.0']],
    ['starts by itself with autostart', desired([auto('a:1.0.0')]), [], ['add a:1.0.0 and start']],
    [
      'starts by itself only when it is the newest version',
      desired([auto('a:1.9.0', { file: '/r/1' }), auto('a:1.10.0', { file: '/r/2' })]),
      [],
      ['add a:1.9.0', 'add a:1.10.0 and start'],
    ],
    [
      'does not start while another version lives',
      desired([auto('a:1.0.0'), auto('a:2.0.0', { file: '/r/2' })]),
      [actual(auto('a:1.0.0'), { state: 'backoff' })],
      ['add a:2.0.0'],
    ],
    [
      'nor while something is done about it',
      desired([auto('a:1.0.0'), auto('a:2.0.0', { file: '/r/2' })]),
      [actual(auto('a:1.0.0'), { state: 'stopped', busy: true })],
      ['add a:2.0.0'],
    ],
    [
      'does not start because the other version ends later',
      desired([auto('a:1.0.0'), auto('a:2.0.0', { file: '/r/2' })]),
      [
        actual(auto('a:1.0.0'), { state: 'stopped' }),
        actual(auto('a:2.0.0', { file: '/r/2' }), { state: 'stopped', lived: false }),
      ],
      [],
    ],
    [
      'that a daemon had before it decided is started',
      desired([auto('a:1.0.0')]),
      [actual(auto('a:1.0.0'), { state: 'stopped', lived: false, isDecided: false })],
      ['start a:1.0.0'],
    ],
    [
      'that was stopped on request is not',
      desired([auto('a:1.0.0')]),
      [actual(auto('a:1.0.0'), { state: 'stopped', isDecided: false })],
      [],
    ],
  ]);
});

describe('what failed because it mounts files that nobody had', () => {
  const failed = { state: 'failed', foundResources: true } as const;
  table([
    ['starts when there are some', desired([auto('a:1.0.0')]), [actual(auto('a:1.0.0'), failed)], ['start a:1.0.0']],
    ['is left when there are none', desired([auto('a:1.0.0')]), [actual(auto('a:1.0.0'), { state: 'failed' })], []],
    ['is started by hand without autostart', desired([a]), [actual(a, failed)], []],
  ]);
});

describe('a changed manifest', () => {
  const states = ['starting', 'running', 'backoff'] as const;
  table([
    ['that says the same is only taken over', desired([sameMeaning]), [actual(a)], ['take a:1.0.0']],
    ['in another file is only taken over', desired([{ ...a, file: '/r/b.yaml' }]), [actual(a)], ['take a:1.0.0']],
    ...states.map((state): Row => [
      `replaces what is ${state}`,
      desired([other]),
      [actual(a, { state })],
      ['replace a:1.0.0'],
    ]),
    [
      'is there when what is being stopped has ended',
      desired([other]),
      [actual(a, { state: 'stopping' })],
      ['take a:1.0.0'],
    ],
    [
      'of what was stopped is taken over',
      desired([auto('a:1.0.0', { text: '2' })]),
      [actual(auto('a:1.0.0'), { state: 'stopped' })],
      ['take a:1.0.0'],
    ],
    [
      'is what `failed` waits for',
      desired([auto('a:1.0.0', { text: '2' })]),
      [actual(auto('a:1.0.0'), { state: 'failed' })],
      ['take a:1.0.0 and start'],
    ],
    [
      'starts nothing that does not start by itself',
      desired([other]),
      [actual(a, { state: 'failed' })],
      ['take a:1.0.0'],
    ],
    [
      'that only now says autostart starts what never lived',
      desired([auto('a:1.0.0')]),
      [actual(a, { state: 'stopped', lived: false })],
      ['take a:1.0.0 and start'],
    ],
    [
      'of a package is taken over when the same bytes lie in another file',
      desired([{ ...a, image }]),
      [actual(a)],
      ['take a:1.0.0'],
    ],
    [
      'with another image says something else',
      desired([{ ...other, manifest: a.manifest, image }]),
      [actual(a)],
      ['replace a:1.0.0'],
    ],
    ['waits for what is being done', desired([other]), [actual(a, { busy: true })], []],
    [
      'leaves the others alone',
      desired([other, loaded('b:1.0.0')]),
      [actual(a), actual(loaded('b:1.0.0'))],
      ['replace a:1.0.0'],
    ],
  ]);
});

describe('another version in the same file', () => {
  const next = loaded('a:1.1.0');
  const nextAuto = auto('a:1.1.0');
  table([
    [
      'takes the place of what runs, and runs',
      desired([next]),
      [actual(a)],
      ['succeed a:1.1.0 after a:1.0.0 and start'],
    ],
    [
      'takes the place of what rests',
      desired([next]),
      [actual(a, { state: 'stopped' })],
      ['succeed a:1.1.0 after a:1.0.0'],
    ],
    [
      'starts by itself with autostart',
      desired([nextAuto]),
      [actual(a, { state: 'failed' })],
      ['succeed a:1.1.0 after a:1.0.0 and start'],
    ],
    ['may be an older one', desired([a]), [actual(next)], ['succeed a:1.0.0 after a:1.1.0 and start']],
    ['waits for what is being done to the old one', desired([next]), [actual(a, { busy: true })], []],
    [
      'goes on where a daemon died: the old one had ended',
      desired([next]),
      [actual(a, { state: 'stopped', makesRoom: true })],
      ['succeed a:1.1.0 after a:1.0.0 and start'],
    ],
    [
      'goes on where a daemon died: the new one is there',
      desired([next]),
      [actual(a, { state: 'stopped', makesRoom: true }), actual(next)],
      ['remove a:1.0.0'],
    ],
    [
      'that is taken back lets the old one go on',
      desired([a]),
      [actual(a, { state: 'stopped', makesRoom: true })],
      ['start a:1.0.0'],
    ],
    [
      'waits for all that had the file before, and follows the one that runs',
      desired([loaded('a:3.0.0')]),
      [actual(a, { state: 'stopped' }), actual(loaded('a:2.0.0'))],
      ['remove a:1.0.0'],
    ],
    [
      'of another name is another container',
      desired([loaded('b:1.0.0', { file: a.file })]),
      [actual(a)],
      ['remove a:1.0.0', 'add b:1.0.0'],
    ],
  ]);
});

describe('another version in another file, when the old one is gone', () => {
  const next = auto('a:1.1.0', { file: '/r/a-1.1.0.yaml' });
  const old = auto('a:1.0.0', { file: '/r/a-1.0.0.yaml' });
  table([
    [
      'takes the place of what runs, and runs',
      desired([next]),
      [actual(old)],
      ['succeed a:1.1.0 after a:1.0.0 and start'],
    ],
    [
      'runs also when it does not start by itself',
      desired([loaded('a:1.1.0', { file: '/r/a-1.1.0.yaml' })]),
      [actual(a)],
      ['succeed a:1.1.0 after a:1.0.0 and start'],
    ],
    ['may be an older one', desired([old]), [actual(next)], ['succeed a:1.0.0 after a:1.1.0 and start']],
    ['waits while the old one is removed', desired([next]), [actual(old, { state: 'stopping', busy: true })], []],
    [
      'is the newest of several',
      desired([auto('a:1.2.0', { file: '/r/a-1.2.0.yaml' }), next]),
      [actual(old)],
      ['succeed a:1.2.0 after a:1.0.0 and start', 'add a:1.1.0'],
    ],
    [
      'leaves the old one its file, when that has a version of its own',
      desired([loaded('a:1.0.1', { file: old.file }), next]),
      [actual(old)],
      ['succeed a:1.0.1 after a:1.0.0 and start', 'add a:1.1.0'],
    ],
    [
      'that has a place already is not started for it',
      desired([next]),
      [actual(old), actual(next, { state: 'stopped', lived: false })],
      ['remove a:1.0.0'],
    ],
    ['comes beside the old one while that is wanted', desired([old, next]), [actual(old)], ['add a:1.1.0']],
  ]);
});

describe('what is gone', () => {
  table([
    [
      'is removed, whatever its state',
      desired([]),
      [actual(a), actual(loaded('b:1.0.0'), { state: 'stopped' })],
      ['remove a:1.0.0', 'remove b:1.0.0'],
    ],
    ['is left while something is done about it', desired([]), [actual(a, { busy: true })], []],
    ['stays while its file is being written', desired([], { unsettled: [a.file] }), [actual(a)], []],
    ['with its repository is not known to be gone', desired([], { unusable: ['main'] }), [actual(a)], []],
    [
      'goes when only another repository cannot be used',
      desired([], { unusable: ['other'] }),
      [actual(a)],
      ['remove a:1.0.0'],
    ],
  ]);
});

describe('what is broken stops nothing', () => {
  const broken = { file: a.file, isDuplicate: false };
  const named = { file: '/r/moved.yaml', name: 'a', isDuplicate: false };
  table([
    ['a file without a readable name', desired([], { rejected: [broken] }), [actual(a)], []],
    [
      'a file that now claims another name',
      desired([], { rejected: [{ ...broken, name: 'b', version: '1.0.0' }] }),
      [actual(a)],
      [],
    ],
    [
      'a moved file of the same name and version',
      desired([], { rejected: [{ ...named, version: '1.0.0' }] }),
      [actual(a)],
      [],
    ],
    ['a moved file of the same name without a version', desired([], { rejected: [named] }), [actual(a)], []],
    [
      'but another version in another file does not keep it',
      desired([], { rejected: [{ ...named, version: '2.0.0' }] }),
      [actual(a)],
      ['remove a:1.0.0'],
    ],
    [
      'a second definition does not take over from a broken one',
      desired([{ ...other, file: '/r/b.yaml' }], { rejected: [broken] }),
      [actual(a)],
      [],
    ],
    [
      'a duplicate is not broken: the first file counts',
      desired([{ ...other, file: '/r/0.yaml' }], { rejected: [{ ...broken, isDuplicate: true }] }),
      [actual(a)],
      ['replace a:1.0.0'],
    ],
    ['when it is right again it goes on as changed', desired([other]), [actual(a)], ['replace a:1.0.0']],
    [
      'an unusable repository keeps its containers from being defined elsewhere',
      desired([other], { unusable: ['first'], repository: 'second' }),
      [actual(a, { repository: 'first' })],
      [],
    ],
  ]);
});
