import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Conversation, runToEnd, shell } from '../../support/containers.ts';
import { almighty as rootOfBoard, field, ownCapabilities, parentOf, statusOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

import { FIRST, MiB, aUser, almighty, asRoot, linesOf, lookAt, trial } from '../../support/user-namespace.ts';

describe('a user namespace', needsRoot(), () => {
  test('has the ids that the manifest says, and the program those of the board that they mean', async () => {
    const [uids, gids, ids] = await linesOf(
      'cat /proc/self/uid_map /proc/self/gid_map; echo $(id -u) $(id -g) $(id -G)',
      { ...aUser, suppl_groups: ['777'] },
    );
    const map = (first: number): string[] => ['0', String(first), '65536'];
    assert.deepEqual(uids?.trim().split(/ +/), map(FIRST));
    assert.deepEqual(gids?.trim().split(/ +/), map(FIRST + 1000));
    assert.equal(ids, '1000 1000 1000 777');
    await lookAt({ ...aUser, suppl_groups: ['777'] }, (pid) => {
      const status = statusOf(pid);
      assert.equal(field(status, 'Uid').split('\t')[0], String(FIRST + 1000));
      assert.equal(field(status, 'Gid').split('\t')[0], String(FIRST + 2000));
      assert.equal(field(status, 'Groups').trim(), String(FIRST + 1777));
    });
  });

  test('is one for each container, and the host’s sees none of them', async () => {
    const own = readlinkSync('/proc/self/ns/user');
    const [first] = await linesOf('readlink /proc/self/ns/user', aUser);
    assert.notEqual(first, own);
    const [without] = await linesOf('readlink /proc/self/ns/user', {});
    assert.equal(without, own);
  });

  for (const network of ['none', 'host'] as const)
    test(`owns the namespaces of the program${network === 'host' ? ', but not the network of the board' : ''}`, async (t) => {
      if (spawnSync('lsns', ['-o', 'ONS', '-n', '-p', '1']).status !== 0) {
        t.skip('needs lsns that knows owners: apt-get install util-linux');
        return;
      }
      await lookAt({ ...asRoot, network }, (pid) => {
        const table = (of: number): Map<string, string[]> => {
          const { stdout } = spawnSync('lsns', ['-n', '-r', '-o', 'TYPE,NS,ONS', '-p', String(of)], {
            encoding: 'utf8',
          });
          return new Map(
            stdout
              .trim()
              .split('\n')
              .map((line) => line.split(' '))
              .map(([type = '', ...rest]) => [type, rest]),
          );
        };
        const [program, init] = [table(pid), table(parentOf(pid))];
        const [user] = program.get('user') ?? [];
        const owned = [...program]
          .filter(([type, [, owner]]) => type !== 'user' && owner === user)
          .map(([type]) => type);
        assert.deepEqual(owned.sort(), ['ipc', 'mnt', 'uts', ...(network === 'none' ? ['net'] : [])].sort());
        // The init has power over them and is under nobody's, and through it nothing of the host's network is to be seen.
        for (const type of ['ipc', 'uts', 'net', 'pid'])
          assert.deepEqual(init.get(type)?.[0], program.get(type)?.[0], type);
        assert.equal(init.get('user')?.[0], /\d+/.exec(readlinkSync('/proc/self/ns/user'))?.[0]);
        const host = /\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0];
        assert.equal(init.get('net')?.[0] === host, network === 'host');
      });
    });

  test('gives capabilities that Thuban itself need not have, and exactly those of the manifest', async () => {
    const status = await linesOf('cat /proc/self/status', { ...asRoot, capabilities: ['CAP_NET_ADMIN', 'CAP_CHOWN'] });
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.equal(BigInt(`0x${field(status.join('\n'), set)}`), (1n << 12n) | 1n, set);
    const none = (await linesOf('cat /proc/self/status', asRoot)).join('\n');
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.equal(BigInt(`0x${field(none, set)}`), 0n, set);
    assert.equal(field(none, 'NoNewPrivs'), '1');
  });

  test('ends with its container: exit code, signal, and memory limit', async () => {
    assert.equal((await trial('exit 7', asRoot)).exit.code, 7);
    const { exit } = await trial('kill -SEGV $$', aUser);
    assert.deepEqual([exit.reason, exit.signal], ['signalled', 'SIGSEGV']);
    const memory = { memory_hard_limit: 16 * MiB, memory_swap_limit: 16 * MiB };
    const killed = await trial('x=0123456789abcdef; while :; do x=$x$x; done', { ...asRoot, cgroups: { memory } });
    assert.equal(killed.exit.reason, 'oom_killed', JSON.stringify(killed.exit));
  });

  test('does not keep a signal from its program', async () => {
    const script = 'trap "echo told; exit 3" TERM; echo up; while :; do sleep 0.05; done';
    await leavesNothingBehind(async () => {
      const output = new Conversation();
      const { exit } = await runToEnd(shell(script, almighty), {
        output,
        whenRunning: async (supervised) => {
          await output.saw('up');
          await supervised.stop();
        },
      });
      assert.equal(exit.reason, 'stopped', JSON.stringify(exit));
      assert.equal(output.text.stdout, 'up\ntold\n');
    });
  });

  test('that cannot be made is said, and leaves nothing', async () => {
    // What the plan refuses is given to the launcher all the same: an id that no kernel maps.
    const loaded = shell('true', { user_namespace: { host_uid: 4_294_967_294, host_gid: 1, size: 1 }, uid: 0, gid: 0 });
    loaded.manifest.user_namespace = { host_uid: 4_294_967_295, host_gid: 1, size: 1 };
    await leavesNothingBehind(async () => {
      const { exit } = await runToEnd(loaded);
      assert.equal(exit.reason, 'start_failed');
      assert.match(String(exit.error?.['message']), /user namespace cannot be made: .*\(EINVAL\)/);
    });
  });
});

describe('root in a user namespace, with every capability', needsRoot(), () => {
  test('has power over its own: mounts, host name, network, ids', async () => {
    const mounts: Manifest['mounts'] = { '/tmp': { type: 'tmpfs', size: MiB }, '/sys': { type: 'sysfs' } };
    const script = [
      'mount -t tmpfs none /tmp && echo mounted',
      'hostname box && hostname',
      'ip link set lo down && ip link set lo up && cat /sys/class/net/lo/flags',
      'touch /tmp/x && chown 5:6 /tmp/x && stat -c %u:%g /tmp/x',
    ].join(' && ');
    const { stdout, stderr } = await trial(script, { ...almighty, mounts });
    const hasIp = spawnSync('ip', ['-V']).error === undefined;
    if (hasIp) assert.equal(stdout, 'mounted\nbox\n0x9\n5:6\n', stderr);
    else assert.match(stdout, /^mounted\nbox\n/, stderr);
    assert.notEqual(hostname(), 'box');
  });

  /** Where Thuban has the capability, it is proven that root without a user namespace can: else this would show nothing. Nobody sets the clock. */
  const attempts: [string, string, string?][] = [
    ['make a device', 'mknod /tmp/disk b 7 0', 'CAP_MKNOD'],
    ['make a mount of the host writable', 'mount -o remount,bind,rw /usr', 'CAP_SYS_ADMIN'],
    ['take away what covers another mount', 'umount /proc/keys || umount /proc/timer_list', 'CAP_SYS_ADMIN'],
    ['mount the kernel’s view anew, without what is hidden', 'mount -t proc proc /tmp', 'CAP_SYS_ADMIN'],
    [
      'write to the kernel’s settings',
      'f=/proc/sys/kernel/core_uses_pid; read v < $f; echo $v > $f',
      'CAP_DAC_OVERRIDE',
    ],
    ['look into its init', 'ls /proc/1/root/ && ls /proc/1/fd/ && readlink /proc/1/ns/net', 'CAP_SYS_PTRACE'],
    ['enter the namespaces of its init', 'nsenter -t 1 -m true', 'CAP_SYS_PTRACE'],
    ['raise a limit of resources over its hard one', 'ulimit -Hn 129', 'CAP_SYS_RESOURCE'],
    [
      'go below its nice value',
      'nice -n -5 sh -c \'read a < /proc/self/stat; set -- ${a##*) }; [ "${17}" -lt 0 ]\'',
      'CAP_SYS_NICE',
    ],
    ['set the clock', 'date -s @$(date +%s)'],
  ];
  for (const [what, script, capability = ''] of attempts)
    test(`cannot ${what}`, async () => {
      const sections: Partial<Manifest> = {
        mounts: { '/tmp': { type: 'tmpfs', size: MiB } },
        rlimits: { nofile: { soft: 64, hard: 128 } },
        paths: { read_only: 'none' },
      };
      const attempt = `(${script}) && echo DONE; exit 0`;
      const { exit, stdout, stderr } = await trial(attempt, { ...almighty, ...sections });
      assert.equal(exit.code, 0);
      assert.doesNotMatch(stdout, /DONE/, stderr);
      if (!ownCapabilities.includes(capability)) return;
      const without = await trial(attempt, { ...rootOfBoard, ...sections });
      assert.match(without.stdout, /DONE/, without.stderr);
    });

  test('cannot change the network of the board that it is in', async (t) => {
    if (spawnSync('ip', ['-V']).error !== undefined) {
      t.skip('needs ip: apt-get install iproute2');
      return;
    }
    const before = spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' }).stdout;
    const { stdout } = await trial('ip link add thubantest type dummy && echo DONE; exit 0', {
      ...almighty,
      network: 'host',
    });
    assert.equal(stdout, '');
    assert.equal(spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' }).stdout, before);
  });

  test('sees nothing of the network of the board through its init', async () => {
    const [route, own] = [
      await linesOf('cat /proc/1/net/dev', almighty),
      await linesOf('cat /proc/self/net/dev', almighty),
    ];
    const names = (lines: string[]): string[] => lines.slice(2).map((line) => line.trim().split(':')[0] ?? '');
    assert.deepEqual(names(route), names(own));
    assert.ok(ownCapabilities.length > 0);
  });
});
