import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import type { Supervised } from '../../../src/runtime/index.ts';
import { asRoot, mountsOf } from '../../support/identity.ts';
import { loopsOf } from '../../support/leaks.ts';
import { STAY, needsImages, onPackage, stays } from '../../support/packages.ts';

type Mounts = NonNullable<Manifest['mounts']>;

const TABLE = 'while read line; do echo "$line"; done < /proc/self/mountinfo';

for (const withoutMountSetattr of [false, true]) {
  const kernel = withoutMountSetattr ? 'a kernel before 5.12' : 'this kernel';
  describe(`the image of a package as the root, on ${kernel}`, needsImages(), () => {
    test('is all that the program sees, and it cannot change it', async () => {
      const addDevice = (root: string): void => {
        assert.equal(spawnSync('mknod', ['-m', '666', `${root}/null`, 'c', '1', '3']).status, 0);
      };
      await onPackage(async ({ root, run }) => {
        const script = `cd /; echo *; (echo x > /new) 2>&1; (echo x > /null) 2>&1; ${TABLE}`;
        const { stdout, exit } = await run(script, asRoot);
        const [names, write, device, ...table] = stdout.trim().split('\n');
        assert.equal(names, readdirSync(root).sort().join(' '), JSON.stringify(exit));
        assert.match(write ?? '', /Read-only file system/);
        assert.match(device ?? '', /Permission denied/);
        const at = mountsOf(table.join('\n')).get('/');
        assert.equal(at?.type, 'squashfs', 'with every place in the image there is no overlay');
        assert.equal(at.options.join(), 'ro,nosuid,nodev,relatime');
      }, addDevice, { withoutMountSetattr }); // prettier-ignore
    });

    test('gets what it lacks of places to mount on, folders and files, and stays read-only', async () => {
      const mounts: Mounts = {
        '/srv/deep/down': { type: 'tmpfs', size: 4096 },
        '/etc/hostname': { type: 'bind', host: '/etc/hostname' },
      };
      const closeRoot = (root: string): void => {
        chmodSync(root, 0o711);
      };
      await onPackage(async ({ run }) => {
        const script = `cd /; (echo x > /new) 2>&1; (echo x > /srv/new) 2>&1; echo x > /srv/deep/down/x && echo wrote; read name < /etc/hostname; echo "$name"; ${TABLE}; ${STAY}`;
        let mode = 0;
        const whenRunning = async ({ container }: Supervised): Promise<void> => {
          mode = statSync(`/proc/${container?.started.program ?? 0}/root/.`).mode & 0o7777;
          await stays(container);
          await container?.kill();
        };
        const { stdout, exit } = await run(script, { ...asRoot, mounts }, { whenRunning });
        const [new1, new2, wrote, name, ...table] = stdout.trim().split('\n');
        assert.match(new1 ?? '', /Read-only file system/, JSON.stringify(exit));
        assert.match(new2 ?? '', /Read-only file system/);
        assert.deepEqual([wrote, name], ['wrote', readFileSync('/etc/hostname', 'utf8').trim()]);
        assert.equal(mode, 0o711, 'the root has the mode of the image’s');
        const at = mountsOf(table.join('\n')).get('/');
        assert.deepEqual([at?.type, at?.options.join()], ['overlay', 'ro,nosuid,nodev,relatime']);
        assert.ok(!table.some((line) => line.includes('/root ')), 'nothing of the folder that it was put together in');
      }, closeRoot, { withoutMountSetattr }); // prettier-ignore
    });
  });
}

describe('the image of a package', needsImages(), () => {
  test('is never mounted on the host, nor where the launcher is', async () => {
    await onPackage(async ({ run, session, folder }) => {
      const whenRunning = async ({ container }: Supervised): Promise<void> => {
        for (const pid of ['self', session.launcherPid])
          assert.doesNotMatch(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'), /squashfs|proc\/self\/fd/);
        assert.match(readFileSync(`/proc/${container?.started.program ?? 0}/mountinfo`, 'utf8'), / - squashfs /);
        assert.equal(loopsOf(folder).length, 1);
        await container?.kill();
      };
      const { exit } = await run(STAY, asRoot, { whenRunning });
      assert.equal(exit.reason, 'stopped', JSON.stringify(exit));
    });
  });

  test('may hold any symbolic link: none leads a mount, a folder or a file to the host', async () => {
    const addLinks = (root: string, folder: string): void => {
      for (const name of ['run', 'etc', 'var']) mkdirSync(`${root}/${name}`);
      mkdirSync(`${folder}/outside`);
      symlinkSync('/run', `${root}/var/run`);
      symlinkSync('/../../etc', `${root}/conf`);
      symlinkSync(`${folder}/outside`, `${root}/absolute`);
      symlinkSync(`../../../../..${folder}/outside`, `${root}/relative`);
      symlinkSync('/proc/self/root', `${root}/magic`);
    };
    await onPackage(async ({ run, folder }) => {
      for (const [target, landed] of [
        ['/var/run/app', '/run/app'],
        ['/conf/thuban-test', '/etc/thuban-test'],
      ] as const) {
        const mounts: Mounts = { [target]: { type: 'tmpfs', size: 4096 } };
        const { stdout, exit } = await run(`echo x > ${target}/file && echo ${landed}/*`, { ...asRoot, mounts });
        assert.equal(stdout, `${landed}/file\n`, JSON.stringify(exit));
      }
      for (const target of ['/absolute', '/absolute/x', '/relative', '/relative/x', '/magic/x'])
        for (const mount of [
          { type: 'tmpfs', size: 4096 },
          { type: 'bind', host: '/etc/hostname' },
        ] as const) {
          const { exit } = await run('exit 0', { ...asRoot, mounts: { [target]: mount } });
          assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3004'], target);
        }
      assert.deepEqual(readdirSync(`${folder}/outside`), []);
      assert.ok(!existsSync('/etc/thuban-test'));
    }, addLinks);
  });

  test('keeps a file that something else than a file is to be mounted on', async () => {
    const mounts: Mounts = { '/bin/sh': { type: 'tmpfs', size: 4096 } };
    await onPackage(async ({ run }) => {
      const { exit } = await run('exit 0', { ...asRoot, mounts });
      assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3004'], 'a folder on a file');
      assert.equal((exit.error?.['details'] as { errno?: string }).errno, 'ENOTDIR');
    });
  });
});
