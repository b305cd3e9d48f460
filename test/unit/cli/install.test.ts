import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { installedLine } from '../../../src/cli/package/install.ts';
import { progressLine } from '../../../src/cli/package/progress.ts';
import { openPackage } from '../../../src/package/index.ts';
import { packageOf } from '../package/support.ts';
import { thuban, withConsole } from './support.ts';

const MIB = 1024 * 1024;

describe('install', () => {
  test('sends the file and says what became of it', () =>
    withConsole({}, async (bench) => {
      bench.control.folders = bench.control.folders.slice(0, 1);
      const file = join(bench.folder, 'camera-2.1.0.tar');
      writeFileSync(file, Buffer.alloc(3 * MIB));
      const { code, stdout, stderr } = await thuban(bench, 'install', file);
      assert.match(stdout, /^installed camera:2.1.0 in default, 3 MiB, no trusted signature, started {3}\d+ ms\n$/);
      assert.deepEqual([code, stderr], [0, 'install camera-2.1.0.tar, 3 MiB\n']);
      assert.equal(bench.control.received, 3 * MIB);
      const json = JSON.parse((await thuban(bench, 'install', '--json', file)).stdout) as object[];
      assert.deepEqual(
        json.map((one) => ({ ...one, duration: 0 })),
        [
          {
            package: file,
            action: 'install',
            result: 'done',
            duration: 0,
            id: 'camera:2.1.0',
            repository: 'default',
            file: '/var/lib/thuban/repository/camera-2.1.0.tar',
            size: 3 * MIB,
            started: true,
            warnings: [],
          },
        ],
      );
      assert.equal((await thuban(bench, 'install', '-q', file)).stdout, 'camera:2.1.0\n');
    }));

  test('tells the errors of the daemon as they are, and goes on with the others', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      const [a, b] = [join(bench.folder, 'a.tar'), join(bench.folder, 'b.tar')];
      for (const file of [a, b]) writeFileSync(file, 'x');
      control.refusal = new ThubanError('TH5002', 'the package is signed with key 0, which is not trusted', {
        hint: 'add it',
      });
      const { code, stdout, stderr } = await thuban(
        bench,
        'install',
        '--repository',
        'vendor',
        a,
        join(bench.folder, 'c.tar'),
        b,
      );
      assert.equal(code, 1);
      assert.match(stdout, /^installed camera:2.1.0 in vendor/);
      assert.match(
        stderr,
        /a.tar is not installed\nerror\[TH5002\]: the package is signed with key 0.*\n {2}hint: add it\n/,
      );
      assert.match(
        stderr,
        /c.tar is not installed\nerror\[TH1008\]: cannot read .*\n {2}hint: thuban pack makes one\n/,
      );
      assert.match(stderr, /installed 1 of 3 packages; not a.tar, c.tar\n$/);
    }));

  test('calls the package as it was given, also where the daemon knows no name of it', () =>
    withConsole({}, async (bench) => {
      const file = join(bench.folder, 'a.tar');
      writeFileSync(file, 'x');
      const place = { file: 'package.tar:manifest.yaml', line: 3, column: 5 };
      bench.control.install = () =>
        Promise.reject(
          new ThubanError('TH1102', 'unknown key', {
            position: place,
            details: { errors: [{ ...place, code: 'TH1102' }] },
          }),
        );
      const json = await thuban(bench, 'install', '--json', file);
      for (const text of [json.stdout, json.stderr]) {
        assert.doesNotMatch(text, /package\.tar/);
        assert.equal(text.match(/a\.tar:manifest\.yaml/g)?.length, 2, text);
      }
      assert.match(
        (await thuban(bench, 'install', file)).stderr,
        /error\[TH1102\]: unknown key\n {2}\S+\/a\.tar:manifest\.yaml:3:5\n/,
      );
    }));

  test('of what is there already is done, and of another one of that name not', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      const file = join(bench.folder, 'camera.tar');
      writeFileSync(file, packageOf());
      const ours = await openPackage(file, { keys: [], requireSignature: false, asGiven: true });
      assert.ok(ours.ok);
      control.install = () =>
        Promise.reject(
          new ThubanError('TH5007', '`camera:2.1.0` is there already, in repository `default`', {
            details: { id: 'camera:2.1.0', repository: 'default', file: '/r/camera-2.1.0.tar' },
          }),
        );
      const args = ['install', '--repository', 'default', file];
      const other = await thuban(bench, ...args);
      assert.equal(other.code, 1);
      assert.doesNotMatch(other.stderr, /is not installed/);
      assert.match(other.stderr, /error\[TH5007\]: `camera:2\.1\.0` is there already/);
      const [container] = control.containers.filter(({ name }) => name === 'camera');
      assert.ok(container !== undefined);
      container.digest = ours.contents.digest;
      const same = await thuban(bench, ...args);
      assert.deepEqual([same.code, same.stdout], [0, 'camera.tar is there already, camera:2.1.0 in default\n']);
      assert.deepEqual(JSON.parse((await thuban(bench, ...args, '--json')).stdout), [
        { package: file, action: 'install', result: 'already', id: 'camera:2.1.0', repository: 'default' },
      ]);
      assert.equal((await thuban(bench, 'install', '--repository', 'vendor', file)).code, 1);
    }));

  test('asks which repository is meant when there is no telling', () =>
    withConsole({}, async (bench) => {
      const [first] = bench.control.folders;
      assert.ok(first !== undefined);
      bench.control.folders = ['a', 'b'].map((id) => ({ ...first, id }));
      const { code, stderr } = await thuban(bench, 'install', '/bin/true');
      assert.equal(code, 2);
      assert.match(stderr, /TH6011.*there are several repositories: a, b\n.*--repository a/);
    }));

  test('says when it was not started, and why', () =>
    withConsole({}, async (bench) => {
      const install = bench.control.install.bind(bench.control);
      bench.control.install = async (...args) => ({
        ...(await install(...args)),
        signer: '0123456789abcdef',
        started: false,
        start_error: { code: 'TH1402', message: 'no container satisfies `maps ^1`' },
      });
      const file = join(bench.folder, 'a.tar');
      writeFileSync(file, 'x');
      const { code, stdout, stderr } = await thuban(bench, 'install', file);
      assert.equal(code, 1);
      assert.match(stdout, /signed by 0123456789abcdef, not started/);
      assert.match(
        stderr,
        /it could not be started: no container satisfies `maps \^1` {3}\(thuban inspect camera:2.1.0\)/,
      );
    }));
});

describe('uninstall', () => {
  test('finds the repository, and says what is gone', () =>
    withConsole({}, async (bench) => {
      const { code, stdout } = await thuban(bench, 'uninstall', 'report');
      assert.equal(code, 0);
      assert.match(stdout, /^uninstalled report:1.0.0 from default in \d+ ms\n$/);
      const { options, name } = bench.control.calls.find(({ action }) => action === 'uninstall') ?? {};
      assert.deepEqual([name, options], ['report:1.0.0', { repository: 'default' }]);
      const several = await thuban(bench, 'uninstall', 'oom', 'sensors.yaml');
      assert.match(several.stderr, /^uninstalled 2 packages in /);
    }));

  test('tells who stands in the way', () =>
    withConsole({}, async (bench) => {
      bench.control.uninstall = () =>
        Promise.reject(new ThubanError('TH5006', '`camera:2.1.0` is running', { hint: 'thuban stop camera:2.1.0' }));
      const { code, stderr } = await thuban(bench, 'rm', '--repository', 'default', 'camera');
      assert.deepEqual(
        [code, stderr],
        [1, 'error[TH5006]: `camera:2.1.0` is running\n  hint: thuban stop camera:2.1.0\n'],
      );
    }));
});

test('progress has a bar, a share, a rate and what is left', () => {
  const what = 'install camera-2.1.0.tar';
  assert.deepEqual(
    [
      progressLine(what, 0, 80 * MIB, 600),
      progressLine(what, 41.6 * MIB, 80 * MIB, 3600),
      progressLine(what, 80 * MIB, 80 * MIB, 7000),
    ],
    [
      'install camera-2.1.0.tar  [..........] 0 %  0/80 MiB',
      'install camera-2.1.0.tar  [#####.....] 52 %  42/80 MiB  12.1 MB/s  3.3 s left',
      'install camera-2.1.0.tar  [##########] 100 %  80/80 MiB  the daemon checks and starts it',
    ],
  );
});

test('the line of what was installed is the one of the specification', () => {
  const about = { id: 'camera:2.1.0', repository: 'default', file: '', size: 12.9 * MIB, signer: '0123456789abcdef' };
  assert.equal(
    installedLine({ ...about, started: true, warnings: [] }, 212),
    'installed camera:2.1.0 in default, 13 MiB, signed by 0123456789abcdef, started   212 ms',
  );
});
