import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { generateKey, keyIdOf, loadKey, loadSigningKey, signManifest } from '../../../src/package/index.ts';
import { checksumOf } from '../../../src/package/checksums.ts';
import { manifestMessage } from '../../../src/package/signature.ts';
import { temporaryFolder } from '../../support/folders.ts';

describe('a key pair', () => {
  test('is made once, for one who signs and for everybody', () => {
    using folder = temporaryFolder();
    const made = generateKey('acme', folder.path);
    assert.equal(statSync(made.private_key).mode & 0o777, 0o600);
    assert.equal(statSync(made.public_key).mode & 0o777, 0o644);
    assert.equal(loadKey(made.public_key).id, made.id);
    assert.equal(loadSigningKey(made.private_key).id, made.id);
    assert.match(made.id, /^[0-9a-f]{16}$/);
    const before = readFileSync(made.private_key);
    assert.throws(() => generateKey('acme', folder.path), { code: 'TH5012', message: /acme\.key` is there already/ });
    assert.deepEqual(readFileSync(made.private_key), before);
  });

  test('is not made by half', () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'acme.pub'), 'mine');
    assert.throws(() => generateKey('acme', folder.path), { code: 'TH5012', message: /acme\.pub` is there already/ });
    assert.deepEqual(readdirSync(folder.path), ['acme.pub']);
    assert.equal(readFileSync(join(folder.path, 'acme.pub'), 'utf8'), 'mine');
  });

  test('has a plain name, in a folder that is there', () => {
    using folder = temporaryFolder();
    for (const name of ['', '../x', 'a/b', '.x', '-x', 'a b'])
      assert.throws(() => generateKey(name, folder.path), { code: 'TH5012' }, name);
    assert.throws(() => generateKey('x', join(folder.path, 'missing')), { code: 'TH5012', message: /cannot make/ });
  });

  test('has an id of the first 16 digits of SHA-256 of the public key', () => {
    // The public key of the first test of RFC 8032, 7.1, and its SHA-256.
    const raw = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    using folder = temporaryFolder();
    const file = join(folder.path, 'rfc.pub');
    writeFileSync(file, `-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`);
    assert.equal(loadKey(file).id, '21fe31dfa154a261');
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;
  test('works together with openssl', { skip: !openssl && 'there is no openssl here' }, () => {
    using folder = temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    const run = (...args: string[]): void => {
      const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    };
    run('genpkey', '-algorithm', 'ed25519', '-out', at('other.key'));
    chmodSync(at('other.key'), 0o600);
    run('pkey', '-in', at('other.key'), '-pubout', '-out', at('other.pub'));
    assert.equal(loadSigningKey(at('other.key')).id, loadKey(at('other.pub')).id);

    const made = generateKey('acme', folder.path);
    const text = Buffer.from('name: x\n');
    const [, base64 = ''] = /ed25519 (.*)\n/.exec(signManifest(text, loadSigningKey(made.private_key))) ?? [];
    writeFileSync(at('signature'), Buffer.from(base64, 'base64'));
    writeFileSync(at('message'), manifestMessage(checksumOf(text)));
    run(
      'pkeyutl',
      '-verify',
      '-pubin',
      '-inkey',
      made.public_key,
      '-rawin',
      '-in',
      at('message'),
      '-sigfile',
      at('signature'),
    );
  });
});

describe('a key file', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed = generateKeyPairSync('ed25519');
  const spki = { type: 'spki', format: 'pem' } as const;
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const encrypted = ed.privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' });

  const publicKeys: [string, string | Buffer, RegExp][] = [
    ['empty', '', /holds no public key/],
    ['a private key', ed.privateKey.export(pkcs8), /holds a private key/],
    ['of RSA', rsa.publicKey.export(spki), /of type rsa, only ed25519/],
    ['cut', String(ed.publicKey.export(spki)).slice(0, 60), /holds a key that is damaged/],
    ['raw', ed.publicKey.export({ type: 'spki', format: 'der' }), /holds no public key/],
  ];
  for (const [name, text, message] of publicKeys)
    test(`for checking is refused: ${name}`, () => {
      using folder = temporaryFolder();
      const file = join(folder.path, 'x.pub');
      writeFileSync(file, text);
      assert.throws(() => loadKey(file), { code: 'TH5012', message });
    });

  const privateKeys: [string, string | Buffer, RegExp][] = [
    ['a public key', ed.publicKey.export(spki), /holds a public key/],
    ['encrypted', encrypted, /is encrypted/],
    ['of RSA', rsa.privateKey.export(pkcs8), /of type rsa/],
    ['nonsense', 'hello', /holds no private key/],
  ];
  for (const [name, text, message] of privateKeys)
    test(`for signing is refused: ${name}`, () => {
      using folder = temporaryFolder();
      const file = join(folder.path, 'x.key');
      writeFileSync(file, text, { mode: 0o600 });
      assert.throws(() => loadSigningKey(file), { code: 'TH5012', message });
    });

  test('for signing is refused when others may read it', () => {
    using folder = temporaryFolder();
    const { private_key: file } = generateKey('acme', folder.path);
    for (const mode of [0o640, 0o604, 0o660, 0o610]) {
      chmodSync(file, mode);
      assert.throws(() => loadSigningKey(file), {
        code: 'TH5012',
        message: /others may use it/,
        hint: `chmod 600 ${file}`,
      });
    }
    chmodSync(file, 0o400);
    assert.equal(loadSigningKey(file).id.length, 16);
  });

  test('for checking is refused when others may write it or its folder, unless the caller answers for it', () => {
    using folder = temporaryFolder();
    const { public_key: file, id } = generateKey('acme', folder.path);
    chmodSync(file, 0o666);
    assert.throws(() => loadKey(file), { code: 'TH5010' });
    assert.equal(loadKey(file, { asGiven: true }).id, id);
    chmodSync(file, 0o644);
    chmodSync(folder.path, 0o777);
    assert.throws(() => loadKey(file), { code: 'TH5010' });
    assert.equal(loadKey(file, { asGiven: true }).id, id);
  });

  test('that is missing was named by mistake: a new key helps nobody', () => {
    for (const load of [loadKey, loadSigningKey])
      assert.throws(() => load('/nonexistent/x'), { code: 'TH5012', hint: 'check the path' });
  });

  test('of another kind is told with a new one where it signs, and not where it checks', () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'x');
    writeFileSync(file, 'hello', { mode: 0o600 });
    assert.throws(() => loadKey(file, { asGiven: true }), { hint: 'name the public key of whoever signed, NAME.pub' });
    assert.throws(() => loadSigningKey(file), { hint: /`thuban key generate NAME`/ });
  });

  test('says the same id for both halves', () => {
    assert.equal(keyIdOf(ed.privateKey), keyIdOf(ed.publicKey));
  });
});
