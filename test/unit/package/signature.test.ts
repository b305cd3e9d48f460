import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { signManifest, verifyManifestSignature, type OpenOptions } from '../../../src/package/index.ts';
import { checksumOf, writeChecksums } from '../../../src/package/checksums.ts';
import { manifestMessage, signMessage, writeSignature } from '../../../src/package/signature.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { anyone, judged, manifestText, newKey, packageOf, refusalOf, squashfs } from './support.ts';

const acme = newKey();
const other = newKey();
const trusting = (...keys: { trusted: typeof acme.trusted }[]): OpenOptions => ({
  keys: keys.map(({ trusted }) => trusted),
  requireSignature: true,
});
const sums = { manifest: checksumOf(Buffer.from(manifestText)), image: checksumOf(squashfs()) };
const checksums = writeChecksums(sums);
const right = writeSignature(signMessage(Buffer.from(checksums), acme.signing));
const [, base64 = ''] = /ed25519 (.*)\n/.exec(right) ?? [];

/** The order of the curve's group: S and S + L fit the same message where nobody looks at the range. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

function withSPlusL(): string {
  const bytes = Buffer.from(base64, 'base64');
  let s = L;
  for (let at = 0; at < 32; at++) s += BigInt(bytes[32 + at] ?? 0) << BigInt(8 * at);
  for (let at = 0; at < 32; at++) bytes[32 + at] = Number((s >> BigInt(8 * at)) & 0xffn);
  return right.replace(base64, bytes.toString('base64'));
}

/** The last character before `==` carries 2 bits of the last byte; the other 4 are dropped when it is decoded. */
function malleable(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const last = alphabet.indexOf(base64.charAt(85));
  const changed = `${base64.slice(0, 85)}${alphabet.charAt(last ^ 1)}==`;
  assert.deepEqual(Buffer.from(changed, 'base64'), Buffer.from(base64, 'base64'));
  return right.replace(base64, changed);
}

const plain = { manifest: 'name: camera\nversion: 2.1.1\ninit: /bin/app\nuid: 1000\ngid: 1001\n' };
const cases: [name: string, recipe: Parameters<typeof packageOf>[0], rules: OpenOptions, expected: RegExp][] = [
  ['by a trusted key', { key: acme.signing }, trusting(other, acme), /^accepted$/],
  ['by nobody', {}, trusting(acme), /^TH5001 the package is not signed/],
  [
    'by a foreign key',
    { key: other.signing },
    trusting(acme),
    new RegExp(`^TH5002 .*key ${other.signing.id}, which is not trusted`),
  ],
  [
    'by a foreign key, where none is required',
    { key: other.signing },
    { ...trusting(acme), requireSignature: false },
    /^TH5002 /,
  ],
  ['while no key is trusted and one is required', { key: acme.signing }, trusting(), /^TH5002 /],
  [
    'by a foreign key under a trusted id',
    { key: { ...other.signing, id: acme.signing.id } },
    trusting(acme),
    /^TH5001 .*does not fit/,
  ],
  ['for another package', { ...plain, signature: right }, trusting(acme), /^TH5001 .*does not fit the package/],
  [
    'as a plain manifest',
    { signature: signManifest(Buffer.from(manifestText), acme.signing) },
    trusting(acme),
    /^TH5001 .*does not fit/,
  ],
  [
    'in a later format',
    { signature: right.replace('thuban-signature 1', 'thuban-signature 2') },
    trusting(acme),
    /^TH5011 .*format 2/,
  ],
  [
    'with another writing of the same bytes',
    { signature: malleable() },
    trusting(acme),
    /^TH5001 .*form of a signature/,
  ],
  ['with S above the order of the group', { signature: withSPlusL() }, trusting(acme), /^TH5001 .*does not fit/],
  ['with a line more', { signature: `${right}x\n` }, trusting(acme), /^TH5001 /],
  ['without the last line end', { signature: right.trimEnd() }, trusting(acme), /^TH5001 /],
  ['with line ends of another system', { signature: right.replaceAll('\n', '\r\n') }, trusting(acme), /^TH50(01|11) /],
  [
    'with an id in capitals',
    { signature: right.replace(acme.signing.id, acme.signing.id.toUpperCase()) },
    trusting(acme),
    /^TH500[12] /,
  ],
  ['empty', { signature: '' }, trusting(acme), /^TH5001 /],
  ['empty, where nobody looks', { signature: '' }, anyone, /^TH5001 /],
];

describe('a package that is signed', () => {
  for (const [name, recipe, rules, expected] of cases)
    test(name, async () => {
      using folder = temporaryFolder();
      const { opened, received } = await judged(folder.path, packageOf(recipe), rules);
      assert.match(refusalOf(opened), expected);
      assert.match(refusalOf(received), expected);
      if (opened.ok) assert.equal(opened.manifest.signer, acme.trusted.id);
    });

  test('has no signer where no key is trusted, however it is signed', async () => {
    using folder = temporaryFolder();
    const { opened } = await judged(folder.path, packageOf({ key: acme.signing }));
    assert.ok(opened.ok);
    assert.equal(opened.manifest.signer, undefined);
    assert.deepEqual(opened.contents.signature, { key: acme.signing.id });
  });

  test('is judged before its manifest is looked at', async () => {
    using folder = temporaryFolder();
    const { opened } = await judged(
      folder.path,
      packageOf({ manifest: 'name: [', key: other.signing }),
      trusting(acme),
    );
    assert.match(refusalOf(opened), /^TH5002/);
  });

  test('by a message of another format does not hold for this one', async () => {
    using folder = temporaryFolder();
    const later = Buffer.from(checksums.replace('thuban-package 1', 'thuban-package 2'));
    const signature = writeSignature({ key: acme.signing.id, bytes: sign(null, later, acme.signing.key) });
    const { opened } = await judged(folder.path, packageOf({ signature }), trusting(acme));
    assert.match(refusalOf(opened), /^TH5001 .*does not fit/);
  });
});

describe('a plain manifest that is signed', () => {
  const rules = { ...trusting(acme), asGiven: true };
  const bytes = Buffer.from(manifestText);
  const verdict = (signature: string | undefined, options: typeof rules = rules, content = bytes): string => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'camera.yaml');
    if (signature !== undefined) writeFileSync(`${file}.sig`, signature);
    const result = verifyManifestSignature(content, file, options);
    return result.ok
      ? `${result.signature} ${result.signer ?? ''}`
      : `${result.diagnostics[0]?.code ?? ''} ${result.diagnostics[0]?.message ?? ''}`;
  };

  test('is verified by the key that signed these bytes', () => {
    assert.equal(verdict(signManifest(bytes, acme.signing)), `verified ${acme.signing.id}`);
    assert.match(
      verdict(signManifest(bytes, acme.signing), rules, Buffer.from(`${manifestText}\n`)),
      /^TH5001 .*does not fit the manifest/,
    );
  });

  test('follows the rules of packages', () => {
    const lax = { ...rules, keys: [], requireSignature: false };
    assert.match(verdict(undefined), /^TH5001 the manifest is not signed/);
    assert.equal(verdict(undefined, lax), 'none ');
    assert.equal(verdict(signManifest(bytes, acme.signing), lax), 'not_checked ');
    assert.match(verdict(signManifest(bytes, other.signing)), /^TH5002 /);
    assert.match(verdict('nonsense', lax), /^TH5001 .*camera\.yaml\.sig` has not the form/);
    assert.match(verdict('x'.repeat(10_000), lax), /^TH1002 /);
  });

  test('is not signed by the signature of a package that holds it', () => {
    assert.match(verdict(right), /^TH5001 .*does not fit/);
    assert.notDeepEqual(manifestMessage(checksumOf(bytes)), Buffer.from(checksums));
  });
});
