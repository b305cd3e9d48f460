import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Cli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { OwnUser, USER, needsUser, ownerOf } from '../../support/rootless.ts';

/** What the script prints, when the program ended by itself. */
async function linesOf(script: string, sections: Partial<Manifest> = {}): Promise<string[]> {
  let lines: string[] = [];
  await leavesNothingBehind(async () => {
    using user = new OwnUser();
    const { code, stdout, stderr } = await user.run(script, sections);
    assert.equal(code, 0, stderr);
    lines = stdout.trim().split('\n');
  });
  return lines;
}

async function withUser(act: (user: OwnUser) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    using user = new OwnUser();
    await act(user);
  });
}

describe('a user without root and without subordinate ids', needsUser(), () => {
  test('runs a program of any id, which is his own on the board', async () => {
    for (const id of [0, 1000])
      assert.deepEqual(
        await linesOf('id -u; id -g; echo $(cat /proc/self/uid_map); echo $(cat /proc/self/gid_map)', {
          uid: id,
          gid: id,
          process: { privileged: true },
        }),
        [String(id), String(id), `${id} ${id === 0 ? USER : 0} 1`, `${id} ${id === 0 ? USER : 0} 1`],
      );
    await withUser(async (user) => {
      const data = user.folder(join(user.home, 'data'));
      const { code, stderr } = await user.run('echo new > /data/file', {
        mounts: { '/data': { type: 'bind', host: data, options: 'rw' } },
      });
      assert.equal(code, 0, stderr);
      assert.deepEqual(ownerOf(join(data, 'file')), [USER, USER]);
    });
  });

  test('gives it namespaces of its own, no capability and no new privileges', async () => {
    const [pid, host, links, caps, privileges] = await linesOf(
      'echo $$; hostname; ls /sys/class/net; grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status',
      { hostname: 'inside', mounts: { '/sys': { type: 'sysfs' } } },
    );
    assert.ok(Number(pid) < 10, pid);
    assert.deepEqual([host, links], ['inside', 'lo']);
    assert.match(caps ?? '', /\t0{16}$/);
    assert.match(privileges ?? '', /\t1$/);
  });

  test('gives it a /dev that works, shared memory, and terminals', async () => {
    const script = `
      echo lost > /dev/null && head -c 2 /dev/zero | wc -c && head -c 3 /dev/urandom | wc -c
      echo x > /dev/full 2> /dev/null || echo full
      echo kept > /dev/shm/file && cat /dev/shm/file
      [ -c /dev/ptmx ] && echo terminals
      echo again > /dev/stdout
      cat < /proc/self/fd/0 | wc -c`;
    assert.deepEqual(await linesOf(script), ['2', '3', 'full', 'kept', 'terminals', 'again', '0']);
  });

  test('ends with the code and the signal of the program, and stops it on Ctrl-C', async () => {
    await withUser(async (user) => {
      assert.equal((await user.run('exit 42')).code, 42);
      assert.equal((await user.run('kill -KILL $$')).code, 137);
      using cli = user.cli([
        'run',
        user.manifest("trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done"),
      ]);
      await cli.saw('up');
      cli.signal('SIGINT');
      const end = await cli.ended;
      assert.deepEqual([end.code, end.stdout], [7, 'up\nbye\n']);
    });
  });

  test('leaves nothing when it is killed itself', async () => {
    await withUser(async (user) => {
      using cli = user.cli(['run', user.manifest('echo up; exec sleep 1000')]);
      await cli.saw('up');
      cli.signal('SIGKILL');
      await cli.ended;
    });
  });

  test('mounts a folder as root, with a layer for changes in memory and on the disk', async () => {
    await withUser(async (user) => {
      const root = user.folder(join(user.home, 'root'));
      for (const name of ['bin', 'usr', 'lib', 'lib64', 'proc', 'dev', 'data']) mkdirSync(join(root, name));
      const host = (path: string) => [path, { type: 'bind', host: path, options: 'rec' }] as const;
      const mounts = Object.fromEntries(['/bin', '/usr', '/lib', '/lib64'].map(host)) as Manifest['mounts'];
      const rootfs = (overlay?: 'tmpfs' | 'persist'): Partial<Manifest> => ({
        rootfs: { type: 'dir', path: root, ...(overlay === undefined ? {} : { overlay }) },
        ...(mounts === undefined ? {} : { mounts }),
      });
      assert.equal((await user.run('echo x > /file 2> /dev/null', rootfs())).code, 2);
      const once = 'cat /file 2> /dev/null; echo changed > /file && rmdir /data && cat /file';
      assert.equal((await user.run(once, rootfs('tmpfs'))).stdout, 'changed\n');
      assert.equal((await user.run(once, rootfs('persist'))).stdout, 'changed\n');
      assert.equal((await user.run('cat /file; ls -d /data', rootfs('persist'))).stdout, 'changed\n');
    });
  });

  test('keeps data in his own folders', async () => {
    await withUser(async (user) => {
      const sections: Partial<Manifest> = { mounts: { '/data': { type: 'persist' } } };
      assert.equal((await user.run('echo 1 > /data/file', sections)).code, 0);
      assert.equal((await user.run('cat /data/file', sections)).stdout, '1\n');
      const kept = join(user.home, '.local/share/thuban/persist/test');
      assert.deepEqual(ownerOf(kept), [USER, USER]);
    });
  });

  test('shows what is mounted in a folder, which cannot be left out, and read-only as well', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const below = join(folder.path, 'below');
      mkdirSync(below);
      const prepare = `mount -t tmpfs -o uid=${USER} tmpfs ${below}; echo mounted > ${below}/file`;
      using user = new OwnUser({ prepare });
      const script = 'cat /data/below/file; echo x > /data/below/file || echo unwritten';
      const end = await user.run(script, { mounts: { '/data': { type: 'bind', host: folder.path } } });
      assert.deepEqual([end.code, end.stdout], [0, 'mounted\nunwritten\n'], end.stderr);
    });
  });

  test('gives root of the container no power over files of the board’s root', async () => {
    await withUser(async (user) => {
      const data = user.folder(join(user.home, 'data'));
      const secret = join(data, 'secret');
      writeFileSync(secret, 'of root\n');
      chmodSync(secret, 0o600);
      const sections: Partial<Manifest> = {
        uid: 0,
        gid: 0,
        process: { privileged: true },
        capabilities: ['CAP_DAC_OVERRIDE', 'CAP_SYS_ADMIN', 'CAP_MKNOD', 'CAP_CHOWN', 'CAP_SYS_CHROOT'],
        mounts: { '/home': { type: 'bind', host: data, options: 'rw' }, '/tmp': { type: 'tmpfs', size: 65536 } },
      };
      const script = `
        cat /home/secret 2> /dev/null || echo unread
        echo x >> /home/secret 2> /dev/null || echo unwritten
        chown 0:0 /home/secret 2> /dev/null || echo unowned
        mknod /tmp/disk b 254 0 2> /dev/null || echo unmade
        ls /proc/1/root/ > /dev/null 2>&1 || echo closed
        mount -o remount,rw /usr 2> /dev/null || echo readonly`;
      const { stdout, code, stderr } = await user.run(script.replaceAll('\n        ', '\n'), sections);
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout.trim().split('\n'), ['unread', 'unwritten', 'unowned', 'unmade', 'closed', 'readonly']);
      assert.equal(readFileSync(secret, 'utf8'), 'of root\n');
    });
  });

  test('tells at its place what the kernel refuses', async () => {
    const cases: [code: string, key: string, sections: Partial<Manifest>][] = [
      ['TH3010', 'sched', { sched: { policy: { fifo: { priority: 10 } } } }],
      ['TH3010', 'sched', { sched: { policy: { other: { nice: -5 } } } }],
      ['TH3007', 'rlimits.nofile', { rlimits: { nofile: { soft: 100, hard: 1_000_000_000 } } }],
      ['TH3007', 'process.oom_score_adj', { process: { privileged: false, oom_score_adj: -100 } }],
    ];
    await withUser(async (user) => {
      for (const [code, key, sections] of cases) {
        const { stderr } = await user.run('echo started', sections, ['--json']);
        const { error } = JSON.parse(stderr) as { error: { code: string; details: { key: string } } };
        assert.deepEqual([error.code, error.details.key], [code, key]);
      }
    });
  });

  test('shows the board’s /sys beside the board’s network', async () => {
    const sections: Partial<Manifest> = {
      network: 'host',
      mounts: { '/sys': { type: 'bind', host: '/sys', options: 'rec' } },
    };
    const links = readdirSync('/sys/class/net').sort();
    assert.deepEqual(await linesOf('ls /sys/class/net; touch /sys/kernel/x 2> /dev/null || :', sections), links);
  });

  test('is planned for who asks, here and nowhere else', async () => {
    await withUser(async (user) => {
      const file = user.manifest('true', { network: { namespace: 'other' } });
      const planned = user.cli(['plan', '--rootless', file]);
      assert.match((await planned.ended).stderr, /^error\[TH7001\]/);
      const whole = user.cli(['plan', file]); // for root, as boards run it
      assert.match((await whole.ended).stderr, /^error\[TH3008\]/);
      for (const [other, value] of [
        ['--facts', 'x'],
        ['--cgroups', 'v2'],
      ] as const)
        assert.match(
          (await user.cli(['plan', '--rootless', other, value, file]).ended).stderr,
          new RegExp(`^error\\[TH6011\\]: \`--rootless\` and \`${other}\` exclude each other`),
        );
      assert.match((await new Cli(['plan', '--rootless', file]).ended).stderr, /^error\[TH6011\].* that is root/);
    });
  });

  test('refuses what only root may do, each at its place', async () => {
    const cases: [key: string, sections: Partial<Manifest>][] = [
      ['network', { network: { namespace: 'other' } }],
      ['mounts./sys', { network: 'host', mounts: { '/sys': { type: 'sysfs' } } }],
      ['suppl_groups', { suppl_groups: ['100'] }],
      ['user_namespace', { user_namespace: { host_uid: 100_000, host_gid: 100_000, size: 2000 } }],
      ['cgroups.parent', { cgroups: { parent: 'slice' } }],
    ];
    await withUser(async (user) => {
      for (const [key, sections] of cases) {
        const { code, stdout, stderr } = await user.run('echo started', sections, ['--json']);
        assert.deepEqual([code, stdout.includes('started')], [125, false], stderr);
        const { error } = JSON.parse(stderr) as { error: { code: string; details: { key: string } } };
        assert.deepEqual([error.code, error.details.key], ['TH7001', key]);
      }
    });
  });
});
