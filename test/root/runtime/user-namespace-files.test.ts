import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session, type Supervised } from '../../../src/runtime/index.ts';
import { runIn, runToEnd, shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { mountsOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { STAY, needsImages, onPackage, stays } from '../../support/packages.ts';
import { needsRoot } from '../../support/root.ts';

import {
  FIRST,
  almighty,
  MiB,
  aUser,
  asRoot,
  isKernel,
  isMapped,
  linesOf,
  lookAt,
} from '../../support/user-namespace.ts';

describe('files in a user namespace', needsRoot(), () => {
  test('that were made for the container belong to its root', async () => {
    const mounts: Manifest['mounts'] = { '/tmp': { type: 'tmpfs', size: MiB }, '/a/b': { type: 'tmpfs', size: MiB } };
    const places = '/ /bin /a /a/b /tmp /dev /dev/null /dev/shm /dev/fd';
    for (const sections of [aUser, asRoot]) {
      const lines = await linesOf(`stat -c '%u:%g %n' ${places}; echo x > /tmp/x; stat -c %u:%g /tmp/x`, {
        ...sections,
        mounts,
      });
      const own = lines.pop();
      assert.equal(own, sections === aUser ? '1000:1000' : '0:0');
      assert.deepEqual(
        lines,
        places.split(' ').map((place) => `0:0 ${place}`),
      );
    }
    await lookAt({ ...aUser, mounts }, (pid) => {
      const { uid, gid } = statSync(`/proc/${pid}/root/tmp`);
      assert.deepEqual([uid, gid], [FIRST, FIRST + 1000]);
    });
  });

  test('of the host that are read-only are root’s where the kernel can map them, and else nobody’s', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      writeFileSync(`${folder.path}/root`, 'secret');
      chmodSync(`${folder.path}/root`, 0o600);
      writeFileSync(`${folder.path}/user`, '');
      chownSync(`${folder.path}/user`, 1234, 1235);
      const mounts: Manifest['mounts'] = { '/data': { type: 'bind', host: folder.path } };
      const script = 'stat -c %u:%g /usr /data/root /data/user; cat /data/root 2>&1; cat /proc/self/mountinfo';
      for (const withoutMountSetattr of [false, true]) {
        await using session = await Session.open({ prefix: 'thuban-test-', withoutMountSetattr });
        const { stdout } = await runIn(session, shell(script, { ...asRoot, mounts }));
        const [usr, root, user, text, ...table] = stdout.trim().split('\n');
        const mapped = (path: string): boolean => !withoutMountSetattr && isMapped(path);
        assert.equal(usr, mapped('/usr') ? '0:0' : '65534:65534');
        const isOwn = mapped(folder.path);
        assert.deepEqual([root, user], isOwn ? ['0:0', '1234:1235'] : ['65534:65534', '65534:65534']);
        assert.match(text ?? '', isOwn ? /secret/ : /Permission denied/);
        const options = mountsOf(table.join('\n')).get('/data')?.options ?? [];
        assert.deepEqual(
          ['ro', 'nodev', 'idmapped'].filter((option) => options.includes(option)),
          ['ro', ...(isMapped(folder.path) ? ['nodev'] : []), ...(isOwn ? ['idmapped'] : [])],
        );
      }
    });
  });

  test('of the host that may be written keep their owners, and get those of the board', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      writeFileSync(`${folder.path}/root`, 'as it was');
      mkdirSync(`${folder.path}/own`);
      chownSync(`${folder.path}/own`, FIRST, FIRST + 1000);
      const mounts: Manifest['mounts'] = { '/data': { type: 'bind', host: folder.path, options: 'rw' } };
      const script =
        'cd /data; stat -c %u root own; (echo x > root) 2>&1; (chown 0 root) 2>&1; (echo x > new) 2>&1; cp /bin/true own/su; chmod 4755 own/su; stat -c %u:%a own/su';
      const { stdout } = await runToEnd(shell(script, { ...almighty, mounts }));
      const lines = stdout.trim().split('\n');
      assert.deepEqual([...lines.slice(0, 2), lines.at(-1)], ['65534', '0', '0:4755'], stdout);
      assert.equal(lines.slice(2, -1).filter((line) => /denied|not permitted/.test(line)).length, 3, stdout);
      assert.equal(readFileSync(`${folder.path}/root`, 'utf8'), 'as it was');
      const made = statSync(`${folder.path}/own/su`);
      assert.deepEqual([made.uid, made.gid], [FIRST, FIRST + 1000], 'set-user-id makes nobody root of the board');
    });
  });

  test('of a folder that is the root, and of other containers, are mapped as well', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      for (const name of ['usr', 'bin', 'lib', 'lib64', 'proc', 'dev']) mkdirSync(`${folder.path}/${name}`);
      const bind = (host: string): NonNullable<Manifest['mounts']>[string] => ({ type: 'bind', host });
      const mounts = {
        '/usr': bind('/usr'),
        '/bin': bind('/usr/bin'),
        '/lib': bind('/usr/lib'),
        '/lib64': bind('/usr/lib64'),
      };
      const { stdout, stderr } = await runToEnd(
        shell('stat -c %u:%g / /usr', { ...asRoot, rootfs: { type: 'dir', path: folder.path }, mounts }),
      );
      const expected = (path: string): string => (isMapped(path) ? '0:0' : '65534:65534');
      assert.equal(stdout, `${expected(folder.path)}\n${expected('/usr')}\n`, stderr);
    });
  });

  test('that the program opens again by their descriptors are its own: its output', async () => {
    assert.deepEqual(
      await linesOf('echo one > /dev/stdout; echo two > /proc/self/fd/1; stat -L -c %u /dev/stdout', aUser),
      ['one', 'two', '1000'],
    );
  });
});

describe('the image of a package in a user namespace', needsImages(), () => {
  for (const [what, mounts] of [
    ['as it is', {}],
    ['with places made over it', { '/srv/deep': { type: 'tmpfs', size: 4096 } }],
  ] as [string, NonNullable<Manifest['mounts']>][])
    test(`${what}, has files of its root where the kernel can map squashfs, and else of nobody`, async () => {
      // makeImage makes it as root.
      await onPackage(async ({ run }) => {
        const owners: Record<string, number> = {};
        const whenRunning = async ({ container }: Supervised): Promise<void> => {
          await stays(container);
          const root = `/proc/${container?.started.program ?? 0}/root`;
          for (const path of ['.', 'bin', 'proc/.', ...Object.keys(mounts)])
            owners[path] = statSync(`${root}/${path}`).uid;
          await container?.kill();
        };
        const { exit } = await run(STAY, { ...asRoot, mounts }, { whenRunning });
        assert.equal(exit.signal, 'SIGKILL', JSON.stringify(exit));
        const ofImage = isKernel(6, 2) ? FIRST : 0;
        const made = Object.fromEntries(Object.keys(mounts).map((path) => [path, FIRST]));
        assert.deepEqual(owners, { '.': ofImage, bin: ofImage, 'proc/.': 0, ...made });
      });
    });
});
