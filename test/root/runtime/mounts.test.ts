import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session } from '../../../src/runtime/index.ts';
import { runIn, shell, type Result } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot, mountsOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

type Mounts = NonNullable<Manifest['mounts']>;

async function trial(
  script: string,
  sections: Partial<Manifest>,
  check: (result: Result) => void,
  options: { withoutMountSetattr?: boolean } = {},
): Promise<void> {
  await leavesNothingBehind(async () => {
    await using session = await Session.open({ prefix: 'thuban-test-', ...options });
    check(await runIn(session, shell(script, sections)));
  });
}

for (const withoutMountSetattr of [false, true]) {
  const kernel = withoutMountSetattr ? 'a kernel before 5.12' : 'this kernel';
  describe(`a bind mount on ${kernel}`, needsRoot(), () => {
    test('has the options of the manifest, in the table of mounts and in effect', async () => {
      using folder = temporaryFolder();
      writeFileSync(`${folder.path}/script`, '#!/bin/sh\necho executed\n', { mode: 0o755 });
      spawnSync('mknod', ['-m', '666', `${folder.path}/null`, 'c', '1', '3']);
      const bind = { type: 'bind', host: folder.path } as const;
      const mounts: Mounts = {
        '/ro': bind,
        '/rw': { ...bind, options: 'rw' },
        '/strict': { ...bind, options: 'rw,nosuid,nodev,noexec' },
        '/locked': { ...bind, options: 'noexec,nodev' },
      };
      const script = `cat /proc/self/mountinfo; echo; exec 2>&1
        for d in ro rw strict locked; do
          echo "$d:"; (echo x > /$d/from-$d) && echo wrote; /$d/script; (echo x > /$d/null) && echo device
        done`;
      await trial(script, { ...asRoot, mounts }, ({ stdout }) => {
        const [table = '', effects = ''] = stdout.split('\n\n');
        const options = (path: string): string => mountsOf(table).get(path)?.options.join(',') ?? 'not mounted';
        assert.equal(options('/ro'), 'ro,relatime');
        assert.equal(options('/rw'), 'rw,relatime');
        assert.equal(options('/strict'), 'rw,nosuid,nodev,noexec,relatime');
        assert.equal(options('/locked'), 'ro,nodev,noexec,relatime');
        const refused = (what: string, path: string, error: string): RegExp => new RegExp(`${what}.*/${path}: ${error}`);
        const [, ro = '', rw = '', strict = '', locked = ''] = effects.split(/(?:ro|rw|strict|locked):\n/);
        assert.match(ro, refused('create', 'ro/from-ro', 'Read-only file system'));
        assert.match(ro, /executed\ndevice/);
        assert.equal(rw, 'wrote\nexecuted\ndevice\n');
        assert.match(strict, /^wrote\n.*script: Permission denied\n.*null: Permission denied\n$/);
        assert.match(locked, /Read-only file system\n.*script: Permission denied\n.*null: Permission denied\n$/);
      }, { withoutMountSetattr }); // prettier-ignore
      assert.equal(readFileSync(`${folder.path}/from-rw`, 'utf8'), 'x\n', 'what it writes is on the host');
    });

    test('shows what is mounted below its source only with `rec`', async () => {
      using folder = temporaryFolder();
      mkdirSync(`${folder.path}/below`);
      assert.equal(spawnSync('mount', ['-t', 'tmpfs', 'below', `${folder.path}/below`]).status, 0);
      try {
        writeFileSync(`${folder.path}/below/file`, 'x');
        const mounts: Mounts = {
          '/plain': { type: 'bind', host: folder.path },
          '/rec': { type: 'bind', host: folder.path, options: 'rec,rw' },
        };
        await trial('echo /plain/below/*; echo /rec/below/*; (echo x > /rec/below/file) && echo wrote', { ...asRoot, mounts }, ({ stdout }) => {
          assert.equal(stdout, '/plain/below/*\n/rec/below/file\nwrote\n');
        }, { withoutMountSetattr }); // prettier-ignore
        const readOnly: Mounts = { '/rec': { type: 'bind', host: folder.path, options: 'rec' } };
        await trial('(echo x > /rec/below/file) 2>&1', { ...asRoot, mounts: readOnly }, ({ exit, stdout }) => {
          if (!withoutMountSetattr) {
            assert.match(stdout, /Read-only file system/, 'also in what is mounted below');
            return;
          }
          assert.equal(exit.reason, 'start_failed');
          assert.deepEqual([exit.error?.['code'], errno(exit.error)], ['TH3004', 'ENOSYS']);
          assert.match(String(exit.error?.['hint']), /5\.12/);
        }, { withoutMountSetattr }); // prettier-ignore
      } finally {
        spawnSync('umount', [`${folder.path}/below`]);
      }
    });
  });
}

function errno(error: Record<string, unknown> | undefined): unknown {
  return (error?.['details'] as Record<string, unknown> | undefined)?.['errno'];
}

describe('mounts', needsRoot(), () => {
  test('a file is bound on a file, and an optional source that is missing is skipped with a note', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'settings');
    writeFileSync(file, 'colour=green\n');
    const mounts: Mounts = {
      '/etc/settings': { type: 'bind', host: file },
      '/etc/more': { type: 'bind', host: `${folder.path}/missing`, optional: true },
    };
    await leavesNothingBehind(async () => {
      await using session = await Session.open({ prefix: 'thuban-test-' });
      let notes: string[] = [];
      const { stdout } = await runIn(
        session,
        shell('cat /etc/settings; [ -e /etc/more ] || echo no more', { mounts }),
        {
          whenRunning: (supervised) => {
            notes = supervised.container?.plan?.warnings.map(({ code, message }) => `${code} ${message}`) ?? [];
          },
        },
      );
      assert.equal(stdout, 'colour=green\nno more\n');
      assert.deepEqual(
        notes.filter((note) => note.startsWith('TH1315')),
        [`TH1315 /etc/more is skipped: ${folder.path}/missing does not exist`],
      );
    });
  });

  test('a tmpfs holds as much as the manifest says, and everybody may write to it', async () => {
    const mounts: Mounts = { '/data': { type: 'tmpfs', size: 256 * 1024 } };
    const script = `dd if=/dev/zero of=/data/fits bs=4096 count=48 2>/dev/null && echo fits; rm /data/fits
      dd if=/dev/zero of=/data/big bs=4096 count=65 2>&1 | grep -o 'No space left on device'
      stat -c %a /data; cat /proc/self/mountinfo | grep ' /data ' | cut -d' ' -f6`;
    await trial(script, { mounts }, ({ stdout }) => {
      assert.equal(stdout, 'fits\nNo space left on device\n1777\nrw,nosuid,nodev,noexec,relatime\n');
    });
  });

  test('/dev has the usual devices and nothing of the host', async () => {
    const script = `echo /dev/*; echo x > /dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; head -c 4 /dev/random | wc -c
      dd if=/dev/zero of=/dev/full count=1 2>&1 | grep -o 'No space left'; (: < /dev/tty) 2>&1; echo shared > /dev/shm/x && cat /dev/shm/x; (: > /dev/new) 2>&1; true`;
    await trial(script, {}, ({ stdout }) => {
      const [names, ...lines] = stdout.trim().split('\n');
      const expected = [
        ...[
          'fd',
          'full',
          'null',
          'ptmx',
          'pts',
          'random',
          'shm',
          'stderr',
          'stdin',
          'stdout',
          'tty',
          'urandom',
          'zero',
        ],
      ];
      assert.equal(names, expected.map((name) => `/dev/${name}`).join(' '));
      assert.deepEqual(lines.slice(0, 3), ['4', '4', '4']);
      const rest = lines.slice(3).join('\n');
      for (const text of [/No space left/, /No such device or address/, /^shared$/m, /new: Permission denied/])
        assert.match(rest, text);
    });
  });

  test('are made outermost first, whatever their order in the manifest', async () => {
    using folder = temporaryFolder();
    writeFileSync(`${folder.path}/file`, 'of the host\n');
    const mounts: Mounts = {
      '/a/b/c': { type: 'bind', host: folder.path },
      '/a/b/d/e': { type: 'tmpfs', size: 4096 },
      '/a': { type: 'tmpfs', size: 65536 },
    };
    await trial(
      'cat /a/b/c/file; echo /a/* /a/b/* /a/b/d/*; grep -o " /a[^ ]* " /proc/self/mountinfo',
      { mounts },
      ({ stdout }) => {
        assert.equal(stdout, 'of the host\n/a/b /a/b/c /a/b/d /a/b/d/e\n /a \n /a/b/c \n /a/b/d/e \n');
      },
    );
  });
});
