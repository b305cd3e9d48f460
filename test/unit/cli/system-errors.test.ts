import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BUNDLE } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';

const MISSING = 'no such file or directory \\(ENOENT\\)';
const manifest = 'name: camera\nversion: 2.1.0\ninit: /bin/true\nuid: 1000\ngid: 1000\n';

describe('what the system said is told in words, with its errno, and the path once:', () => {
  const cases: [args: string[], told: RegExp][] = [
    [['validate', 'nope.yaml'], new RegExp(`cannot read the file: ${MISSING} \\(check the path\\)`)],
    [['validate', 'camera.yaml/x'], /cannot read the file: not a directory \(ENOTDIR\) \(check who may read/],
    [['validate', 'nope.tar'], new RegExp(`cannot read the file: ${MISSING} \\(check that`)],
    [['plan', 'camera.yaml', '--facts', 'nope.json'], new RegExp(`cannot use nope\\.json as facts: ${MISSING}\n`)],
    [['pack', 'camera.yaml', '--root', 'nope'], new RegExp(`cannot read the root \`nope\`: ${MISSING}\n`)],
    [['pack', 'camera.yaml', '--mksquashfs', '/nope'], new RegExp(`cannot start \`/nope\`: ${MISSING}\n`)],
    [
      ['pack', 'camera.yaml', '-o', 'nope/x.tar'],
      new RegExp(`cannot write to \`.*/nope/x\\.tar\`: ${MISSING}\n.*mkdir`),
    ],
    [['pack', 'camera.yaml', '-o', '/proc'], /error\[TH5013\]: cannot write to `\/proc`: no such file or directory/],
    [['key', 'generate', 'x', '-o', 'nope'], new RegExp(`cannot make \`nope/x\\.key\`: ${MISSING}\n`)],
    [
      ['verify', 'camera.yaml', '--key', 'nope.pub'],
      new RegExp(`key file \`nope\\.pub\` cannot be read: ${MISSING}\n`),
    ],
    [
      ['pack', 'camera.yaml', '--root', 'noise.tar'],
      /cannot read `noise\.tar` as a tar archive: it has not the form of one\n {2}hint: .* whole and not compressed/,
    ],
  ];
  for (const [args, told] of cases)
    test(args.join(' '), () => {
      using folder = temporaryFolder();
      mkdirSync(join(folder.path, 'empty'));
      writeFileSync(join(folder.path, 'camera.yaml'), manifest);
      writeFileSync(join(folder.path, 'noise.tar'), Buffer.alloc(4096, 'noise'));
      const { status, stdout, stderr } = spawnSync(process.execPath, [BUNDLE, ...args], {
        encoding: 'utf8',
        cwd: folder.path,
      });
      assert.match(stdout + stderr, told);
      assert.doesNotMatch(stdout + stderr, /ENOENT:|open '|spawn|TH9001|[Ii]nvalid/);
      assert.ok(status === 1 || status === 2);
    });
});
