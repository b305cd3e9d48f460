import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { StepFailure, stepNumbers, type Step } from '../../../src/launcher/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type PlanOptions } from '../../../src/runtime/index.ts';
import { recordOf } from '../../../src/runtime/run-record.ts';
import { explainStepFailure } from '../../../src/runtime/step-failure.ts';
import { board } from '../../support/facts.ts';

const base: Manifest = {
  name: 'camera',
  version: '2.1.0',
  uid: 1000,
  gid: 1001,
  init: '/bin/camera',
  rootfs: { type: 'host' },
  console: { permissions: ['list'] },
};

function made(manifest: Partial<Manifest> = {}, options: PlanOptions = {}, facts = board()) {
  const result = plan({ ...base, ...manifest }, facts, options);
  const { steps } = result.launch;
  const refused = result.problems.map(({ code, details, message }) => `${code} ${String(details['key'])} ${message}`);
  const exec = steps.find((step) => step.op === 'exec');
  const env = exec?.env.filter((one) => /_(CONSOLE|SOCKET_\w+)=/.test(one)).toSorted();
  return { ...result, steps, ops: steps.map(({ op }) => op), refused, env };
}

const console = '/run/thuban/consoles/camera:2.1.0';

describe('a console', () => {
  test('is a connection that is open, and a folder that is mounted read-only', () => {
    const { steps, ops, env, console: planned, refused } = made();
    assert.deepEqual(refused, []);
    assert.deepEqual(
      steps.filter(({ key }) => key === 'console'),
      [
        { op: 'connect', file: `${console}/console.sock`, key: 'console' },
        { op: 'mkdir', path: '/run/thuban', mode: 0o755, key: 'console' },
        {
          op: 'bind',
          source: console,
          target: '/run/thuban',
          attributes: ['ro', 'nosuid', 'nodev', 'noexec'],
          recursive: false,
          optional: false,
          key: 'console',
        },
      ],
    );
    assert.ok(ops.indexOf('connect') < ops.indexOf('root_tmpfs'), 'while the host can still be seen');
    assert.deepEqual(env, ['NORTHSTAR_CONSOLE=3', 'THUBAN_CONSOLE=3']);
    assert.deepEqual(planned, { folder: console, permissions: ['list'] });
  });

  test('is the descriptor after those of the sockets', () => {
    const { ops, env } = made({
      sockets: { a: { type: 'stream', mode: 0o600 }, b: { type: 'datagram', mode: 0o600 } },
    });
    assert.deepEqual(ops.slice(1, 4), ['socket', 'socket', 'connect']);
    assert.deepEqual(env?.slice(3), ['THUBAN_CONSOLE=5', 'THUBAN_SOCKET_a=3', 'THUBAN_SOCKET_b=4']);
  });

  test('is absent without the section', () => {
    const { console: _, ...without } = base;
    const result = plan(without, board());
    assert.equal(result.console, undefined);
    assert.ok(!result.launch.steps.some(({ op }) => op === 'connect'));
  });

  test('of a run beside others is its own', () => {
    assert.equal(made({}, { beside: 2, runDir: '/tmp/run' }).console?.folder, '/tmp/run/consoles/camera:2.1.0#2');
  });

  test('has a short place where its address would be too long, and none where that is too long as well', () => {
    const name = 'n'.repeat(70);
    const folder = made({ name }).console?.folder ?? '';
    assert.match(folder, /^\/run\/thuban\/consoles\/~[0-9a-f]{16}$/);
    assert.notEqual(made({ name: `${name}n` }).console?.folder, folder);
    assert.deepEqual(made({ name }, { runDir: `/${'r'.repeat(66)}` }).refused, []);
    const { refused } = made({ name }, { runDir: `/${'r'.repeat(67)}` });
    assert.match(refused.join(), /^TH1205 console .* is longer than 107 bytes$/);
  });

  test('is one of 64 descriptors', () => {
    const sockets = (count: number): NonNullable<Manifest['sockets']> =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`s${i}`, { type: 'stream', mode: 0o600 }]));
    assert.deepEqual(made({ sockets: sockets(63) }).refused, []);
    assert.deepEqual(made({ sockets: sockets(64) }).refused, [
      'TH1205 console `console` and 64 sockets are more than 64 descriptors',
    ]);
  });

  test('stands inside of what is mounted above it, and excludes what is mounted in its place', () => {
    const { steps } = made({ mounts: { '/run': { type: 'tmpfs', size: 4096 } } });
    const targets = steps.flatMap((step) => ('target' in step ? step.target : []));
    assert.ok(targets.indexOf('/run') < targets.indexOf('/run/thuban'));
    for (const target of ['/run/thuban', 'run/thuban/more'])
      assert.match(
        made({ mounts: { [target]: { type: 'tmpfs', size: 4096 } } }).refused.join(),
        /^TH1306 mounts\.\/?run\/thuban/,
      );
  });

  test('needs a place in a read-only root', () => {
    const rootfs = { type: 'dir', path: '/srv/root' } as const;
    const paths = { '/srv/root': { type: 'directory' }, '/srv/root/run/thuban': { type: 'missing' } } as const;
    assert.deepEqual(made({ rootfs }, {}, board('v2', { paths })).refused, [
      'TH3004 console mount `/run/thuban`: there is no such directory in the read-only root `/srv/root`',
    ]);
  });

  test('is refused where no daemon answers', () => {
    assert.deepEqual(made({}, { hasConsoles: false }).refused, [
      'TH6001 console the program wants a console, and only a daemon has one',
    ]);
  });

  test('says which of its permissions nothing needs', () => {
    assert.deepEqual(made({ console: { permissions: ['list', 'mount', 'token_create'] } }).warnings, [
      { code: 'TH1315', message: 'no request needs mount, token_create in this version', key: 'console.permissions' },
    ]);
    assert.deepEqual(made({ console: { permissions: 'full' } }).warnings, []);
  });

  test('is noted with its run for a next daemon, as it was begun', () => {
    const loaded = { manifest: base, file: 'a.yaml', digest: '', position: () => ({ file: '', line: 1, column: 1 }) };
    const record = recordOf(loaded, plan(base, board()));
    assert.deepEqual(record.console, { folder: console, permissions: ['list'], uid: 1000, gid: 1001 });
  });

  test('that cannot be reached is told with the key', () => {
    const planned = plan({ ...base, sockets: { a: { type: 'stream', mode: 0o600 } } }, board());
    const told = (op: Step['op'], errno: number): string => {
      const index = planned.launch.steps.findIndex((step) => step.op === op);
      const error = explainStepFailure(new StepFailure(index, stepNumbers[op], errno), planned);
      assert.ok(error instanceof ThubanError);
      return `${error.code} ${String(error.details['key'])} ${error.message}; ${error.hint ?? ''}`;
    };
    const { ECONNREFUSED, ENOSPC } = constants.errno;
    assert.match(
      told('connect', ECONNREFUSED),
      /^TH3010 console the console of the container cannot be reached: .*\(ECONNREFUSED\); /,
    );
    assert.match(
      told('socket', ENOSPC),
      /^TH3010 sockets\.a the socket `camera:2\.1\.0:a` cannot be made in \/run\/thuban\/sockets: .*; .*full/,
    );
  });
});
