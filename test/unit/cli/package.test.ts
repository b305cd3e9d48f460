import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { BUNDLE } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { packageOf } from '../package/support.ts';

const plain = 'name: camera\nversion: 2.1.0\ninit: /bin/true\nuid: 1000\ngid: 1000\nrootfs: host\n';

interface Place {
  path: string;
  thuban: (...args: string[]) => { code: number | null; stdout: string; stderr: string };
}

/** A folder with a manifest and the keys of two people, and the program started in it. */
function inFolder(body: (place: Place) => void): void {
  using folder = temporaryFolder();
  const thuban: Place['thuban'] = (...args) => {
    // As the daemon will run.
    const flags = ['--disallow-code-generation-from-strings', BUNDLE];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...args], {
      encoding: 'utf8',
      cwd: folder.path,
    });
    return { code: status, stdout, stderr };
  };
  writeFileSync(join(folder.path, 'camera.yaml'), plain);
  for (const name of ['acme', 'other']) assert.equal(thuban('key', 'generate', name).code, 0);
  body({ path: folder.path, thuban });
}

describe('thuban pack, verify and inspect', () => {
  test('lead from a manifest to a package that is verified', () => {
    inFolder(({ path, thuban }) => {
      const packed = thuban('pack', 'camera.yaml', '--key', 'acme.key', '--json');
      assert.equal(packed.code, 0, packed.stderr);
      const { file, digest, signer } = JSON.parse(packed.stdout) as Record<string, string>;
      assert.equal(file, join(path, 'camera-2.1.0.tar'));
      const verified = thuban('verify', 'camera-2.1.0.tar', '--key', 'other.pub', '--key', 'acme.pub');
      assert.deepEqual([verified.code, verified.stderr], [0, '']);
      assert.equal(
        verified.stdout,
        `camera-2.1.0.tar: camera:2.1.0, signed by ${signer ?? ''} (acme.pub); 1 checksum holds\n`,
      );
      const shown = JSON.parse(thuban('inspect', '--json', './camera-2.1.0.tar').stdout) as Record<string, unknown>;
      assert.deepEqual([shown['digest'], shown['signature'], shown['image']], [digest, { key: signer }, null]);
      const text = thuban('inspect', 'camera-2.1.0.tar').stdout;
      for (const part of [
        'camera:2.1.0  camera-2.1.0.tar',
        `of key ${signer ?? ''}, not checked here`,
        digest ?? '',
        'manifest.yaml',
      ])
        assert.ok(text.includes(part), `${part}\n${text}`);
      assert.equal(thuban('validate', '--strict', 'camera-2.1.0.tar').code, 0);
      assert.doesNotMatch(text, /custom/);
    });
  });

  test('show what a manifest keeps for tools', () => {
    inFolder(({ path, thuban }) => {
      writeFileSync(join(path, 'custom.yaml'), `${plain}custom: {site: roof, cameras: [7, ~]}\n`);
      assert.equal(thuban('pack', 'custom.yaml').code, 0);
      const text = thuban('inspect', 'camera-2.1.0.tar').stdout;
      assert.match(text, /^ {2}custom +\{ "site": "roof", "cameras": \[ 7, null \] \}$/m);
    });
  });

  test('say plainly what was not checked, and fail closed where a key is given', () => {
    inFolder(({ thuban }) => {
      thuban('pack', 'camera.yaml', '-o', 'unsigned.tar');
      thuban('pack', 'camera.yaml', '-o', 'signed.tar', '--key', 'acme.key');
      const without = thuban('verify', 'unsigned.tar', 'signed.tar');
      assert.equal(without.code, 0);
      assert.match(
        without.stdout,
        /^unsigned\.tar: camera:2\.1\.0, not signed; .*\nsigned\.tar: .*, signature not checked: no --key given; /,
      );
      for (const [file, code] of [
        ['unsigned.tar', 'TH5001'],
        ['signed.tar', 'TH5002'],
      ] as const) {
        const { code: exit, stdout } = thuban('verify', file, '--key', 'other.pub');
        assert.equal(exit, 1);
        assert.match(stdout, new RegExp(`^${file}: error ${code}: `));
      }
      const json = JSON.parse(thuban('verify', '--json', 'signed.tar', '--key', 'other.pub').stdout) as {
        valid: boolean;
        errors: { code: string }[];
      }[];
      assert.deepEqual([json[0]?.valid, json[0]?.errors[0]?.code], [false, 'TH5002']);
    });
  });

  test('tell what is wrong with a package', () => {
    inFolder(({ path, thuban }) => {
      writeFileSync(join(path, 'cut.tar'), packageOf().subarray(0, 5000));
      writeFileSync(join(path, 'typo.tar'), packageOf({ manifest: plain.replace('rootfs: host', 'memroy: 1') }));
      assert.match(
        thuban('verify', 'cut.tar').stdout,
        /^cut\.tar: error TH5005: the package ends too early: .*`rootfs\.squashfs`/,
      );
      assert.match(thuban('validate', path).stdout, /typo\.tar:manifest\.yaml:6:1: error TH1102: unknown key `memroy`/);
      const { code, stdout, stderr } = thuban('inspect', '--json', 'cut.tar');
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal((JSON.parse(stderr) as { error: { code: string } }).error.code, 'TH5005');
      assert.match(thuban('inspect', 'cut.tar', 'camera').stderr, /error\[TH6011\]: packages and containers/);
    });
  });

  test('pack no manifest that has errors, and overwrite nothing then', () => {
    inFolder(({ path, thuban }) => {
      writeFileSync(join(path, 'camera.yaml'), plain.replace('uid: 1000\n', ''));
      const { code, stdout, stderr } = thuban('pack', 'camera.yaml');
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /camera\.yaml:\d+:\d+: error TH1104/);
      assert.ok(!existsSync(join(path, 'camera-2.1.0.tar')));
    });
  });
});

describe('thuban key', () => {
  test('alone says what it has, and is no command', () => {
    inFolder(({ thuban }) => {
      const { code, stdout, stderr } = thuban('key');
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /key generate <name>.*\n.*key sign <file\.\.\.>/);
      assert.match(
        thuban('key', 'generat', 'x').stderr,
        /unknown command `generat`\n {2}hint: did you mean generate\? {3}\(thuban key --help\)/,
      );
      assert.match(thuban('key', 'generate').stderr, /hint: thuban key generate --help/);
    });
  });

  test('sign writes a signature that verify takes, and nobody changes the manifest afterwards', () => {
    inFolder(({ path, thuban }) => {
      assert.equal(thuban('key', 'sign', 'camera.yaml', '--key', 'acme.key').code, 0);
      assert.equal(statSync(join(path, 'camera.yaml.sig')).mode & 0o777, 0o644);
      assert.match(
        thuban('verify', 'camera.yaml', '--key', 'acme.pub').stdout,
        /^camera\.yaml: camera:2\.1\.0, signed by [0-9a-f]{16} \(acme\.pub\)/,
      );
      writeFileSync(join(path, 'camera.yaml'), `${plain}\n`);
      const { code, stdout } = thuban('verify', 'camera.yaml', '--key', 'acme.pub');
      assert.equal(code, 1);
      assert.match(stdout, /error TH5001: the signature of key [0-9a-f]{16} does not fit the manifest/);
    });
  });

  test('a package is signed when it is packed, and packed once', () => {
    inFolder(({ thuban }) => {
      assert.equal(thuban('pack', 'camera.yaml').code, 0);
      const signed = thuban('key', 'sign', 'camera.yaml', 'camera-2.1.0.tar', '--key', 'acme.key');
      assert.deepEqual([signed.code, signed.stdout], [2, '']);
      assert.equal(
        signed.stderr,
        'error[TH6011]: `camera-2.1.0.tar` is a package, which is signed when it is packed\n' +
          '  hint: thuban pack MANIFEST --root ROOT --key acme.key\n',
      );
      const packed = thuban('pack', 'camera-2.1.0.tar');
      assert.match(packed.stderr, /TH6011\]: `camera-2\.1\.0\.tar` is a package already\n {2}hint: name the manifest/);
      assert.equal(packed.code, 2);
    });
  });

  test('what is not signed, or not as it is now, is told with how that is signed', () => {
    inFolder(({ path, thuban }) => {
      const hint = (file: string): string | undefined => {
        const { stdout } = thuban('verify', '--json', file, '--key', 'acme.pub');
        return (JSON.parse(stdout) as { errors: { hint?: string }[] }[])[0]?.errors[0]?.hint;
      };
      assert.equal(hint('camera.yaml'), 'have it signed: `thuban key sign camera.yaml --key NAME.key`');
      thuban('pack', 'camera.yaml');
      assert.equal(hint('camera-2.1.0.tar'), 'have it signed: `thuban pack` with `--key NAME.key`');
      thuban('key', 'sign', 'camera.yaml', '--key', 'acme.key');
      writeFileSync(join(path, 'camera.yaml'), `${plain}\n`);
      assert.equal(
        hint('camera.yaml'),
        'take the manifest with its signature from where it was signed, or sign it again: `thuban key sign camera.yaml --key NAME.key`',
      );
    });
  });

  test('a public key signs nothing, and its mode is right', () => {
    inFolder(({ path, thuban }) => {
      for (const args of [
        ['key', 'sign', 'camera.yaml'],
        ['pack', 'camera.yaml'],
      ]) {
        const { code, stderr } = thuban(...args, '--key', 'acme.pub');
        assert.equal(code, 1);
        assert.equal(
          stderr,
          'error[TH5012]: key file `acme.pub` holds a public key\n' +
            '  hint: sign with the private key that was made with it, `acme.key`\n',
        );
      }
      assert.equal(existsSync(join(path, 'camera.yaml.sig')), false);
    });
  });

  test('files that cannot be used are told by name', () => {
    inFolder(({ path, thuban }) => {
      chmodSync(join(path, 'acme.key'), 0o644);
      assert.match(
        thuban('pack', 'camera.yaml', '--key', 'acme.key').stderr,
        /error\[TH5012\]: key file `acme\.key` has mode 0644/,
      );
      assert.match(
        thuban('verify', 'camera.yaml', '--key', 'other.key').stderr,
        /error\[TH5012\]: .*holds a private key/,
      );
      const before = readFileSync(join(path, 'other.key'), 'utf8');
      assert.equal(thuban('key', 'generate', 'other').code, 1);
      assert.equal(readFileSync(join(path, 'other.key'), 'utf8'), before);
    });
  });
});
