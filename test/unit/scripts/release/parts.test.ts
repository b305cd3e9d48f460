import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReleaseError } from '../../../../scripts/release/error.ts';
import { sizeTable } from '../../../../scripts/release/sizes.ts';
import { sourceDate } from '../../../../scripts/release/source.ts';
import { checkProgram, targetOf } from '../../../../scripts/release/targets.ts';
import { bundledPackages, thirdParty } from '../../../../scripts/release/third-party.ts';
import { temporaryFolder } from '../../../support/folders.ts';

const says =
  (message: RegExp) =>
  (error: unknown): boolean =>
    error instanceof ReleaseError && message.test(error.message);

test('the time of a release is the one that is given, or else that of the newest commit', () => {
  using folder = temporaryFolder();
  assert.equal(sourceDate(folder.path, { SOURCE_DATE_EPOCH: '17' }), 17);
  assert.throws(() => sourceDate(folder.path, { SOURCE_DATE_EPOCH: 'today' }), says(/not `today`/));
  assert.throws(() => sourceDate(folder.path, {}), says(/no git history/));
});

test('a program of another architecture is no part of a release', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'program');
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header.writeUInt16LE(40, 18);
  writeFileSync(path, header);
  checkProgram(path, targetOf('armhf'));
  assert.throws(
    () => {
      checkProgram(path, targetOf('aarch64'));
    },
    says(/no program for aarch64: e_machine is 40, not 183/),
  );
  writeFileSync(path, '#!/bin/sh\n');
  assert.throws(
    () => {
      checkProgram(path, targetOf('armhf'));
    },
    says(/e_machine is missing/),
  );
});

test('the packages of a bundle are those that something is left of, also within others and under a scope', () => {
  const inputs = {
    'src/main.ts': 10,
    'node_modules/yaml/dist/index.js': 5,
    'node_modules/yaml/dist/stringify.js': 0,
    'node_modules/dropped/index.js': 0,
    'node_modules/@pinojs/redact/index.js': 1,
    'node_modules/a/node_modules/b/lib/c.js': 1,
  };
  const output = Object.fromEntries(Object.entries(inputs).map(([path, bytesInOutput]) => [path, { bytesInOutput }]));
  assert.deepEqual(bundledPackages({ outputs: { 'thuban.mjs': { inputs: output } } }), [
    'node_modules/@pinojs/redact',
    'node_modules/a/node_modules/b',
    'node_modules/yaml',
  ]);
});

test('a package without a licence stops the release', () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'a'));
  writeFileSync(join(folder.path, 'a/package.json'), '{"name":"a","version":"1.0.0","license":"MIT"}');
  assert.throws(() => thirdParty(folder.path, ['a'], 'GNU C Library 2.36'), says(/does not say which licence/));
  writeFileSync(join(folder.path, 'a/LICENSE.md'), 'Do what you like.\n');
  assert.match(
    thirdParty(folder.path, ['a'], 'GNU C Library 2.36'),
    /\n {2}a 1\.0\.0, MIT\n[^]*\nDo what you like\.\n/,
  );
});

test('sizes are told in whole KiB', () => {
  const sizes = { path: 'x.tar.gz', tarball: 1024, unpacked: 4097, bundle: 1, launcher: 2048, init: 0 };
  assert.deepEqual(sizeTable([sizes]), [
    'KiB        tarball  unpacked    bundle  launcher      init',
    'x.tar.gz         1         5         1         2         0',
  ]);
});
