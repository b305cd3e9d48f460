import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packageText, type Facts } from '../../../src/cli/package/inspect.ts';
import { widthOf } from '../../../src/cli/text-width.ts';
import { fakeTerminal } from '../../support/terminal.ts';

const digest = 'ab'.repeat(32);
const facts: Facts = {
  file: 'camera-2.1.0.tar',
  name: 'camera',
  version: '2.1.0',
  size: 12_000_000,
  digest,
  signature: { key: '0123456789abcdef' },
  members: [
    { name: 'checksums', size: 200, offset: 512 },
    { name: 'rootfs.squashfs', size: 12_000_000, offset: 8192, sha256: 'cd'.repeat(32) },
  ],
  image: null,
  manifest: { name: 'camera', version: '2.1.0', init: '/bin/true', uid: 1, gid: 1 },
};

test('checksums of a package are shortened where a terminal is too narrow for them, and nowhere else', () => {
  const narrow = packageText(facts, fakeTerminal({ columns: 80 }), false);
  for (const line of narrow) assert.ok(widthOf(line) <= 80, line);
  assert.ok(narrow.includes(`  digest     ${digest}`));
  assert.ok(narrow.includes('             rootfs.squashfs     11 MiB  cdcdcdcdcdcd'), narrow.join('\n'));
  const whole = `             rootfs.squashfs     11 MiB  ${'cd'.repeat(32)}`;
  for (const lines of [
    packageText(facts, fakeTerminal({ columns: 80 }), true),
    packageText(facts, fakeTerminal({ columns: 120 }), false),
    packageText(facts, fakeTerminal({ isTTY: false }), false),
  ])
    assert.ok(lines.includes(whole), lines.join('\n'));
  assert.ok(packageText(facts, fakeTerminal({ columns: 60 }), false).includes('  digest     abababababab'));
});
