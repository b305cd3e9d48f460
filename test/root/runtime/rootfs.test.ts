import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session } from '../../../src/runtime/index.ts';
import { runIn, runToEnd, shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot } from '../../support/identity.ts';
import { makeImage } from '../../support/image.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

type Mounts = NonNullable<Manifest['mounts']>;

describe('a root filesystem in a folder', needsRoot(), () => {
  test('is all that the program sees, and it cannot change it', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const path = makeImage(folder.path);
      const script = 'cd /; echo *; (echo x > /new) 2>&1; read line < /proc/self/mountinfo; echo "$line"';
      const { stdout, exit } = await runToEnd(shell(script, { ...asRoot, rootfs: { type: 'dir', path } }));
      const [names, refusal, mount] = stdout.trim().split('\n');
      assert.equal(names, readdirSync(path).sort().join(' '), JSON.stringify(exit));
      assert.match(refusal ?? '', /Read-only file system/);
      assert.match(mount ?? '', / \/ ro,nosuid,nodev/);
      assert.ok(!existsSync(`${path}/new`));
    });
  });

  test('a symbolic link in it cannot lead a mount to the host, but inside it is followed', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const path = makeImage(folder.path);
      const outside = `${folder.path}/outside`;
      mkdirSync(outside);
      symlinkSync(outside, `${path}/absolute`);
      symlinkSync('../../../../../../..' + outside, `${path}/relative`);
      symlinkSync('/data', `${path}/inside`);
      for (const target of ['/absolute', '/relative']) {
        const mounts: Mounts = { [target]: { type: 'tmpfs', size: 4096 } };
        const { exit } = await runToEnd(shell('true', { ...asRoot, rootfs: { type: 'dir', path }, mounts }));
        assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3004'], target);
      }
      mkdirSync(`${path}${outside}`, { recursive: true });
      for (const [target, landed] of [
        ['/absolute', outside],
        ['/relative', outside],
        ['/inside', '/data'],
      ] as const) {
        const mounts: Mounts = { [target]: { type: 'tmpfs', size: 4096 } };
        const script = `echo x > ${target}/file && echo ${landed}/* ${target}/*`;
        const { stdout, exit } = await runToEnd(shell(script, { ...asRoot, rootfs: { type: 'dir', path }, mounts }));
        assert.equal(stdout, `${landed}/file ${target}/file\n`, JSON.stringify(exit));
      }
      assert.deepEqual(readdirSync(outside), [], 'nothing was made on the host');
    });
  });

  test('a symbolic link in a writable folder cannot lead a new folder to the host', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const [source, outside] = [`${folder.path}/source`, `${folder.path}/outside`];
      for (const path of [source, outside]) mkdirSync(path);
      for (const [name, text] of [
        ['a', outside],
        ['b', '../outside'],
        ['c', '/'],
      ] as const) {
        symlinkSync(text, `${source}/${name}`);
        const mounts: Mounts = {
          '/data': { type: 'bind', host: source, options: 'rw' },
          [`/data/${name}/made`]: { type: 'tmpfs', size: 4096 },
        };
        const { exit, stdout } = await runToEnd(shell('echo x > /made/x && echo /made/*', { ...asRoot, mounts }));
        if (name === 'c') assert.equal(stdout, '/made/x\n', 'the root that it means is the container’s');
        else assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3004'], name);
      }
      assert.deepEqual(readdirSync(outside), []);
      assert.ok(!existsSync('/made'));
    });
  });
});

describe('the run directory', needsRoot(), () => {
  test('cannot be mounted: not it, nothing around it or in it, not through a link, not as the root', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      await using session = await Session.open({ prefix: 'thuban-test-' });
      symlinkSync(session.runDir, `${folder.path}/link`);
      mkdirSync(`${folder.path}/deep`);
      symlinkSync('../link/root', `${folder.path}/deep/link`);
      writeFileSync(`${session.runDir}/file`, '');
      const names = [
        session.runDir,
        `${session.runDir}/root`,
        `${session.runDir}/file`,
        `${session.runDir}/launcher.sock`,
        '/tmp',
        '/',
        `${folder.path}/link`,
        `${folder.path}/deep/link`,
      ];
      for (const host of names) {
        const { exit } = await runIn(session, shell('true', { mounts: { '/data': { type: 'bind', host } } }));
        assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH1211'], host);
      }
      for (const path of [session.runDir, '/tmp', '/', `${folder.path}/link`]) {
        const { exit } = await runIn(session, shell('true', { rootfs: { type: 'dir', path } }));
        assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH1211'], path);
      }
      for (const name of ['/tmp', '/']) {
        const { exit } = await runIn(session, shell('true', { rootfs: { type: 'host', folders: ['/usr', name] } }));
        assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH1211'], name);
      }
      const { exit } = await runIn(
        session,
        shell('true', { mounts: { '/data': { type: 'bind', host: `${folder.path}/deep` } } }),
      );
      assert.equal(exit.reason, 'exited', 'a folder beside it may be mounted');
    });
  });
});
