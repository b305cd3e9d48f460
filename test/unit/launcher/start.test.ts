import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startLauncher } from '../../../src/launcher/index.ts';
import { temporaryFolder } from '../../support/folders.ts';

describe('a launcher that cannot be started', () => {
  const cases: [name: string, launcher: string, message: RegExp][] = [
    ['is not there', '/nonexistent/thuban-launcher', /^cannot start \/nonexistent\/thuban-launcher: .*ENOENT/],
    ['is no program', '/etc/passwd', /^cannot start \/etc\/passwd: .*EACCES/],
    ['ends before it is ready', '/bin/false', /^the launcher cannot start: it ended at once$/],
  ];
  for (const [name, launcher, message] of cases)
    test(`because it ${name} is told with its code`, async () => {
      using folder = temporaryFolder();
      const options = { launcher, init: '/bin/false', runDir: folder.path, lease: 1, build: 'test' };
      await assert.rejects(startLauncher(options), { code: 'TH7009', message });
    });

  test('because its ids cannot be mapped is told with its code', async () => {
    using folder = temporaryFolder();
    const launcher = join(folder.path, 'launcher');
    writeFileSync(launcher, '#!/bin/sh\necho namespace >&3\nread -r answer <&3\n', { mode: 0o755 }); // in no namespace of its own
    const options = { launcher, init: '/bin/false', runDir: folder.path, lease: 1, build: 'test' };
    const message = /^the ids of a user namespace cannot be mapped: .*\(E\w+\)$/;
    await assert.rejects(startLauncher({ ...options, ids: { uid: 1001, gid: 1001 } }), { code: 'TH7010', message });
  });
});
