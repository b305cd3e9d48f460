import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { lacksInit } from '../../../src/package/index.ts';
import { BUNDLE } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';

const manifest = 'name: camera\nversion: 2.1.0\ninit: /bin/true\nuid: 1000\ngid: 1000\n';

describe('pack', () => {
  test('warns of a program that will not be found, and packs all the same', () => {
    using folder = temporaryFolder();
    const pack = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, [BUNDLE, 'pack', 'camera.yaml', ...args], { encoding: 'utf8', cwd: folder.path });
    writeFileSync(join(folder.path, 'camera.yaml'), manifest);
    mkdirSync(join(folder.path, 'root/bin'), { recursive: true });
    const bare = pack();
    assert.equal(bare.status, 0);
    assert.match(
      bare.stderr,
      /^camera\.yaml:3:7: warning TH3001: `\/bin\/true` will not be found: the package has no files/,
    );
    assert.doesNotMatch(bare.stdout, /in place of/);
    assert.match(pack('--root', 'root').stderr, /TH3001: .*: it is not in `root`, and no mount brings it/);
    writeFileSync(join(folder.path, 'root/bin/true'), '', { mode: 0o755 });
    const right = pack('--root', 'root');
    assert.deepEqual([right.status, right.stderr], [0, '']);
    assert.match(right.stdout, /, not signed, in place of the one before\n$/);
  });

  test('finds a program as the kernel would: over links of the root, and below mounts', () => {
    using folder = temporaryFolder();
    const root = folder.path;
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    symlinkSync('/usr/bin', join(root, 'bin'));
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('../../../lib/tool', join(root, 'usr/bin/tool'));
    writeFileSync(join(root, 'usr/bin/sh'), '');
    const lacks = (init: string | undefined, targets: string[] = [], at: string | undefined = root): boolean => {
      const mounts = Object.fromEntries(targets.map((target) => [target, { type: 'proc' }]));
      return lacksInit({ ...(init === undefined ? {} : { init }), mounts } as unknown as Manifest, at);
    };
    assert.deepEqual([lacks('/bin/sh'), lacks('/usr/bin/../bin/sh'), lacks(undefined)], [false, false, false]);
    assert.deepEqual([lacks('/bin/nope'), lacks('/loop'), lacks('/bin/tool')], [true, true, true]);
    assert.deepEqual(
      [lacks('/lib/x', ['/lib']), lacks('/bin/tool', ['/lib/']), lacks('/libx', ['/lib'])],
      [false, false, true],
    );
  });
});
