import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { thubanIn, type Ended } from '../../support/examples.ts';
import { temporaryFolder } from '../../support/folders.ts';

const plain = 'name: camera\nversion: 2.1.0\ninit: /bin/true\nuid: 1000\ngid: 1000\nrootfs: host\n';

interface Place {
  path: string;
  thuban: (...args: string[]) => Ended;
}

/** A folder with the manifest `camera.yaml` and the keys `acme` and `other`. */
function inFolder(body: (place: Place) => void): void {
  using folder = temporaryFolder();
  const { path } = folder;
  writeFileSync(join(path, 'camera.yaml'), plain);
  const thuban: Place['thuban'] = (...args) => thubanIn(path, ...args);
  for (const key of ['acme', 'other']) assert.equal(thuban('key', 'generate', key).code, 0);
  body({ path, thuban });
}

const refused = ({ code, stderr }: Ended): string =>
  `${code ?? ''} ${/(?:error |error\[)(TH\d+)/.exec(stderr)?.[1] ?? ''}`;

describe('a package that a person names', () => {
  test('is planned, and a signature that nobody checked is told', () => {
    inFolder(({ thuban }) => {
      thuban('pack', 'camera.yaml', '-o', 'unsigned.tar');
      thuban('pack', 'camera.yaml', '-o', 'signed.tar', '--key', 'acme.key');
      const unsigned = thuban('plan', 'unsigned.tar');
      assert.deepEqual([unsigned.code, unsigned.stderr], [0, '']);
      assert.match(unsigned.stdout, /^camera:2\.1\.0 on cgroups /);
      const unchecked = thuban('plan', 'signed.tar');
      assert.equal(unchecked.stderr, 'thuban: the signature of signed.tar was not checked: no --key given\n');
      assert.equal(unchecked.code, 0);
      assert.equal(thuban('plan', '--quiet', 'signed.tar').stderr, '');
      const checked = thuban('plan', 'signed.tar', '--key', 'other.pub', '--key', 'acme.pub');
      assert.deepEqual([checked.code, checked.stderr], [0, '']);
    });
  });

  test('is refused with a key unless that one signed it, and without one when a byte is wrong', () => {
    inFolder(({ path, thuban }) => {
      thuban('pack', 'camera.yaml', '-o', 'unsigned.tar');
      thuban('pack', 'camera.yaml', '-o', 'signed.tar', '--key', 'acme.key');
      const bytes = readFileSync(join(path, 'signed.tar'), 'latin1');
      writeFileSync(join(path, 'changed.tar'), bytes.replace('/bin/true', '/bin/fals'), 'latin1');
      writeFileSync(join(path, 'typo.yaml'), plain.replace('rootfs', 'rotfs'));
      for (const [args, expected] of [
        [['unsigned.tar', '--key', 'acme.pub'], '1 TH5001'],
        [['signed.tar', '--key', 'other.pub'], '1 TH5002'],
        [['changed.tar'], '1 TH5003'],
        [['missing.tar'], '1 TH1008'],
        [['signed.tar', '--key', 'acme.key'], '1 TH5012'],
      ] as const)
        assert.equal(refused(thuban('plan', ...args)), expected, args.join(' '));
      assert.equal(refused(thuban('run', 'signed.tar', '--key', 'other.pub')), '125 TH5002');
      assert.equal(refused(thuban('run', 'signed.tar', '--key', 'missing.pub')), '125 TH5012');
      const json = thuban('plan', '--json', 'signed.tar', '--key', 'other.pub');
      assert.equal((JSON.parse(json.stderr) as { error: { code: string } }).error.code, 'TH5002');
      assert.equal(json.stdout, '');
    });
  });

  test('has the places of its findings in its manifest', () => {
    inFolder(({ path, thuban }) => {
      writeFileSync(join(path, 'camera.yaml'), plain.replace('rootfs: host', 'rootfs: /absent'));
      thuban('pack', 'camera.yaml');
      const { code, stderr } = thuban('plan', 'camera-2.1.0.tar');
      assert.equal(code, 1);
      assert.match(stderr, /camera-2\.1\.0\.tar:manifest\.yaml:6:/);
    });
  });
});

describe('a manifest that a person names', () => {
  test('must be signed where a key is given, by a file beside it', () => {
    inFolder(({ path, thuban }) => {
      assert.equal(refused(thuban('plan', 'camera.yaml', '--key', 'acme.pub')), '1 TH5001');
      thuban('key', 'sign', 'camera.yaml', '--key', 'acme.key');
      const good = thuban('plan', 'camera.yaml', '--key', 'acme.pub');
      assert.deepEqual([good.code, good.stderr], [0, '']);
      assert.match(thuban('plan', 'camera.yaml').stderr, /^thuban: the signature of camera\.yaml was not checked/);
      assert.equal(refused(thuban('plan', 'camera.yaml', '--key', 'other.pub')), '1 TH5002');
      writeFileSync(join(path, 'camera.yaml'), `${plain}\n`);
      assert.equal(refused(thuban('plan', 'camera.yaml', '--key', 'acme.pub')), '1 TH5001');
    });
  });
});
