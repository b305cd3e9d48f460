import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { childrenOf } from '../../support/processes.ts';
import { COUNT, OwnUser, SUB, USER, needsSubordinate, ownerOf, statusOf } from '../../support/rootless.ts';

async function withUser(act: (user: OwnUser) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    using user = new OwnUser({ subordinate: true });
    await act(user);
  });
}

describe('a user without root, with subordinate ids', needsSubordinate(), () => {
  test('runs a program of another id, which is one of his', async () => {
    await withUser(async (user) => {
      using cli = user.cli([
        'run',
        user.manifest('cat /proc/self/uid_map; echo up; exec sleep 1000', { uid: 1000, gid: 2000 }),
      ]);
      await cli.saw('up');
      const pid = programOf(cli.process.pid ?? 0);
      assert.equal(statusOf(pid, 'Uid').split('\t')[0], String(SUB + 999));
      assert.equal(statusOf(pid, 'Gid').split('\t')[0], String(SUB + 1999));
      assert.equal(statusOf(pid, 'Groups'), '');
      cli.signal('SIGTERM');
      const { stdout } = await cli.ended;
      const map = stdout.trim().split('\n').slice(0, 2);
      assert.deepEqual(
        map.map((line) => line.trim().split(/\s+/).map(Number)),
        [
          [0, USER, 1],
          [1, SUB, COUNT],
        ],
      );
    });
  });

  test('lets it open its output again, and own files', async () => {
    await withUser(async (user) => {
      const script = 'echo again > /dev/stdout; touch /data/file; chown 0 /data/file 2> /dev/null || echo kept';
      const { code, stdout, stderr } = await user.run(script, { mounts: { '/data': { type: 'persist' } } });
      assert.deepEqual([code, stdout], [0, 'again\nkept\n'], stderr);
      const kept = join(user.home, '.local/share/thuban/persist/test');
      assert.deepEqual(ownerOf(kept), [SUB + 999, SUB + 999]);
      assert.deepEqual(ownerOf(join(kept, 'file')), [SUB + 999, SUB + 999]);
    });
  });

  test('gives it groups of his, and a root that owns what it makes', async () => {
    await withUser(async (user) => {
      assert.equal((await user.run('id -G', { suppl_groups: ['50'] })).stdout, '1000 50\n');
      const beyond = await user.run('id -G', { suppl_groups: [String(COUNT + 1)] });
      assert.match(beyond.stderr, /^error\[TH7001\]: `suppl_groups` is 50001, and this user has/);
      const tall = await user.run('id', { uid: 60_000 });
      assert.match(tall.stderr, /^error\[TH7001\]: `uid` is 60000, and this user has subordinate ids for 0 to 50000/);
    });
  });

  test('makes the user namespace of a manifest of ids that are his', async () => {
    await withUser(async (user) => {
      const sections = (host: number): Partial<Manifest> => ({
        uid: 0,
        gid: 0,
        user_namespace: { host_uid: host, host_gid: host, size: 1000 },
      });
      const { stdout, stderr } = await user.run('id -u; echo $(cat /proc/self/uid_map)', sections(SUB + 100));
      // Seen from the program's parents: SUB is 1 of the launcher's namespace.
      assert.deepEqual(stdout.trim().split('\n'), ['0', '0 101 1000'], stderr);
      const others = await user.run('id -u', sections(SUB + COUNT - 500));
      assert.match(others.stderr, /only root may map any ids, and those of this user are 500000 to 549999/);
    });
  });

  test('writes to a root with a layer over a folder of root’s', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const links = ['bin', 'lib', 'lib64', 'sbin'];
      const prepare = [
        ...['usr', 'proc', 'dev'].map((name) => `mkdir ${folder.path}/${name}`),
        ...links.map((name) => `[ -e /${name} ] && ln -s usr/${name} ${folder.path}/${name} || true`),
      ].join('\n');
      mkdirSync(join(folder.path, 'etc'));
      using user = new OwnUser({ subordinate: true, prepare });
      const { code, stdout, stderr } = await user.run('touch /new && ls /new; touch /etc/new 2> /dev/null || id -u', {
        uid: 0,
        gid: 0,
        process: { privileged: true },
        rootfs: { type: 'dir', path: folder.path, overlay: 'tmpfs' },
        mounts: { '/usr': { type: 'bind', host: '/usr', options: 'rec' } },
      });
      assert.deepEqual([code, stdout], [0, '/new\n0\n'], stderr);
    });
  });
});

/** The program of the only container below `pid`: the child of an init, the child of a launcher. */
function programOf(pid: number): number {
  const [launcher = 0] = childrenOf(pid);
  const [init = 0] = childrenOf(launcher);
  const [program = 0] = childrenOf(init);
  return program;
}
