import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { thuban, withConsole } from './support.ts';

const DIFF = `~ camera:2.1.0    another text with the same meaning, no restart
~ gateway:1.4.2   restart
    args[1]                            "--qos=0" -> "--qos=1"   :6
    cgroups.memory.memory_hard_limit   64 MiB -> 96 MiB         :9
    hostname                           "gate" -> (not set)
- legacy:0.3.0    stop and remove (manifest gone)
~ modem:1.0.0     restart, takes the place of modem:0.9.0
+ report:1.0.0    start
! sensors.yaml    rejected, 2 errors; sensors:1.1.0 goes on
`;

describe('diff', () => {
  test('shows each container with what becomes of it, and each key with its line', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'diff');
      assert.deepEqual([code, stdout], [0, DIFF]);
      assert.equal(stderr, '2 restart, 1 new, 1 updated, 1 removed, 1 rejected.   thuban apply\n');
      assert.deepEqual(bench.control.calls, [{ action: 'apply', options: { dry_run: true } }]);
    }));

  test('ends with 4 when asked to, and only when there are differences', () =>
    withConsole({}, async (bench) => {
      assert.equal((await thuban(bench, 'diff', '--exit-code')).code, 4);
      bench.control.applied = { changes: [], rejected: [], unsettled: [] };
      const { code, stdout, stderr } = await thuban(bench, 'diff', '--exit-code');
      assert.deepEqual([code, stdout], [0, '']);
      assert.equal(stderr, 'no difference: the board is as its repositories want it\n');
    }));

  test('tells of files that are being written', () =>
    withConsole({}, async (bench) => {
      bench.control.applied = { changes: [], rejected: [], unsettled: ['/r/slow.yaml'] };
      const { stdout, stderr } = await thuban(bench, 'diff');
      assert.equal(stdout, '! slow.yaml   is being written, read when it holds still\n');
      assert.equal(stderr, '1 being written.\n');
    }));

  test('with nothing to apply names the files to look at', () =>
    withConsole({}, async (bench) => {
      bench.control.applied.changes = [];
      const [file] = bench.control.applied.rejected.map((one) => one.file);
      assert.equal((await thuban(bench, 'diff')).stderr, `1 rejected.   thuban validate ${file}\n`);
    }));

  test('has the answer of the console as JSON, and ids alone with --quiet', () =>
    withConsole({}, async (bench) => {
      const { stdout } = await thuban(bench, 'diff', '--json');
      assert.deepEqual(JSON.parse(stdout), bench.control.applied);
      const quiet = await thuban(bench, 'diff', '--quiet');
      assert.equal(quiet.stdout.split('\n')[0], 'camera:2.1.0');
    }));
});

describe('apply', () => {
  test('says what became of each container, and fails when one did not work', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      control.applied.rejected = [];
      for (const change of control.applied.changes) change.result = { ok: true, duration: 0.25 };
      const right = await thuban(bench, 'apply');
      assert.deepEqual(right.stdout.split('\n').slice(0, -1), [
        'camera:2.1.0    updated without a restart in 250 ms                     ok',
        'gateway:1.4.2   stopped and started in 250 ms                           ok',
        'legacy:0.3.0    stopped and removed in 250 ms                           ok',
        'modem:1.0.0     stopped and started in place of modem:0.9.0 in 250 ms   ok',
        'report:1.0.0    started in 250 ms                                       ok',
      ]);
      assert.equal(right.code, 0);
      assert.match(right.stderr, /^applied 5 of 5 in \d+ ms\n$/);
      const [first] = control.applied.changes;
      const position = { file: '/r/camera.yaml', line: 6, column: 7 };
      const error = { code: 'TH3001', message: 'no such file', hint: 'ls', details: { key: 'init', position } };
      if (first !== undefined) first.result = { ok: false, duration: 1, error };
      const wrong = await thuban(bench, 'apply');
      assert.equal(wrong.code, 1);
      assert.match(wrong.stdout, /^camera:2.1.0 {4}TH3001 no such file \(camera\.yaml:6:7\) +NOT\n/);
      assert.match(wrong.stderr, /camera:2.1.0: ls\napplied 4 of 5/);
      assert.deepEqual(control.calls.at(-1), { action: 'apply', options: {} });
    }));

  test('and diff do not call a board good on which a container has failed that should run', () =>
    withConsole({}, async (bench) => {
      bench.control.applied = { changes: [], rejected: [], unsettled: [], failed: ['bad:1.0.0'] };
      const line = '! bad:1.0.0   has failed (thuban inspect bad:1.0.0)\n';
      const shown = await thuban(bench, 'diff', '--exit-code');
      assert.deepEqual([shown.code, shown.stdout, shown.stderr], [0, line, '1 failed.\n']);
      const done = await thuban(bench, 'apply');
      assert.deepEqual([done.code, done.stdout, done.stderr], [0, line, 'nothing to do, 1 failed\n']);
    }));

  test('with --dry-run is diff', () =>
    withConsole({}, async (bench) => {
      const { code, stdout } = await thuban(bench, 'apply', '--dry-run');
      assert.deepEqual([code, stdout], [0, DIFF]);
      assert.deepEqual(bench.control.calls, [{ action: 'apply', options: { dry_run: true } }]);
    }));

  test('with nothing to do says so, and a rejected file is no success', () =>
    withConsole({}, async (bench) => {
      bench.control.applied.changes = [];
      const { code, stdout, stderr } = await thuban(bench, 'apply');
      assert.equal(code, 1);
      assert.match(stdout, /^! sensors.yaml {3}rejected, 2 errors; sensors:1.1.0 goes on\n$/);
      assert.equal(stderr, 'nothing to do, 1 rejected\n');
      bench.control.applied.rejected = [];
      const idle = await thuban(bench, 'apply');
      assert.deepEqual([idle.code, idle.stderr], [0, 'nothing to do: the board is as its repositories want it\n']);
    }));
});

describe('repositories', () => {
  test('lists the folders, and why one is not used', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'repos');
      assert.equal(code, 0);
      assert.deepEqual(stdout.split('\n'), [
        'ID       CONTAINERS  RUNNING  REJECTED  CHANGES   DIR',
        'default           5        2         1  at once   /var/lib/thuban/repository',
        'vendor            1        1         0  not used  /srv/vendor',
        '',
      ]);
      assert.match(stderr, /sensors.yaml: 1 error/);
      assert.match(stderr, /vendor: not used, `\/srv\/vendor` has mode 0777, so everybody may write \(chmod go-w/);
    }));
});
