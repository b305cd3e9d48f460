import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { runToEnd, shell } from '../../support/containers.ts';
import { almighty, asRoot, mountsOf, parentOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

/** On v2 there is one line for all controllers, without a name. */
const UNIFIED = '';
const programs: [string, Partial<Manifest>][] = [
  ['a user', {}],
  ['root without capabilities', asRoot],
  ['root with all capabilities', almighty],
];

async function outputOf(script: string, sections: Partial<Manifest> = {}): Promise<string> {
  let stdout = '';
  await leavesNothingBehind(async () => {
    const result = await runToEnd(shell(script, sections));
    assert.deepEqual(
      [result.exit.reason, result.exit.code],
      ['exited', 0],
      `${JSON.stringify(result.exit)} ${result.stderr}`,
    );
    stdout = result.stdout;
  });
  return stdout;
}

for (const [who, sections] of programs) {
  describe(`${who} in a container`, needsRoot(), () => {
    test('has namespaces of its own, all but the user namespace', async () => {
      const own = ['pid', 'mnt', 'ipc', 'uts', 'net', 'cgroup'];
      const script = [...own, 'user'].map((name) => `readlink /proc/self/ns/${name}`).join(' && ');
      const seen = (await outputOf(script, sections)).trim().split('\n');
      const hosts = own.map((name) => readlinkSync(`/proc/self/ns/${name}`));
      assert.deepEqual(
        seen.slice(0, -1).filter((link) => hosts.includes(link)),
        [],
      );
      assert.equal(new Set(seen).size, own.length + 1);
      assert.equal(seen.at(-1), readlinkSync('/proc/self/ns/user'));
    });

    test('is process 2 below the init, leads its session, and sees nobody else', async () => {
      const seen = await outputOf(
        'echo $$ $PPID; echo /proc/[0-9]*; read stat < /proc/self/stat; echo "$stat"',
        sections,
      );
      const [ids, processes, stat = ''] = seen.split('\n');
      assert.equal(ids, '2 1');
      assert.equal(processes, '/proc/1 /proc/2');
      const [, parent, group, session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      assert.deepEqual([parent, group, session, terminal], ['1', '2', '2', '0']);
    });

    test('sees itself at the top of the groups that it is in', async () => {
      const seen = await outputOf('cat /proc/self/cgroup', sections);
      for (const controller of hierarchies('memory', 'pids', 'cpuacct')) {
        const names = controller === UNIFIED ? '' : `[^:]*\\b${controller}\\b[^:]*`;
        assert.match(seen, new RegExp(`^\\d+:${names}:/$`, 'm'));
      }
      assert.doesNotMatch(seen, /thuban/);
    });

    test('has one network interface, the loopback, and it is up', async () => {
      const mounts: Manifest['mounts'] = { '/sys': { type: 'sysfs' } };
      const seen = await outputOf('echo /sys/class/net/*; cat /sys/class/net/lo/flags', { ...sections, mounts });
      const [interfaces, flags] = seen.split('\n');
      assert.equal(interfaces, '/sys/class/net/lo');
      assert.equal(Number(flags) & 1, 1, `flags ${flags ?? ''}`);
    });

    test('cannot write to its root, nor to the folders of the host', async () => {
      const targets = ['/new', '/usr/new', '/bin/new', '/proc/sys/kernel/domainname'];
      const script = targets.map((path) => `(echo x > ${path}) 2>&1 && echo "wrote ${path}"`).join('; ') + '; true';
      const seen = (await outputOf(script, sections)).trim().split('\n');
      assert.equal(seen.length, targets.length);
      for (const line of seen) assert.match(line, /Read-only file system|Permission denied/);
    });

    test('has no mount but those of the plan, and no way to the old root', async () => {
      const mounts = mountsOf(await outputOf('cat /proc/self/mountinfo', sections));
      const folders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/etc/ld.so.cache', '/etc/alternatives'];
      const allowed = new Set(['/', '/proc', '/dev', '/dev/pts', '/dev/shm', ...folders]);
      assert.deepEqual(
        // What is hidden in /proc is mounted over.
        [...mounts.keys()].filter((path) => !allowed.has(path) && !/^\/proc\/[a-z_]+$/.test(path)),
        [],
      );
      assert.equal(mounts.get('/')?.type, 'tmpfs');
      for (const path of ['/', '/usr', '/proc']) assert.ok(mounts.get(path)?.options.includes('ro'), path);
      const seen = await outputOf(
        'cd /; cd ..; echo *; echo /proc/1/root/*; echo /proc/1/cwd/*; [ ! -e /etc/passwd ]',
        sections,
      );
      const [above = '', ofInit = '', folderOfInit = ''] = seen.split('\n');
      assert.doesNotMatch(above, /\b(tmp|root|home|var|work|sys)\b/);
      if (sections.capabilities === undefined) return; // others cannot look through the init's links at all
      assert.equal(ofInit.replaceAll('/proc/1/root/', ''), above);
      assert.equal(folderOfInit.replaceAll('/proc/1/cwd/', ''), above);
    });
  });
}

describe('what a container shares with its host', needsRoot(), () => {
  test('is the hostname, unless it has one of its own', async () => {
    const script = 'cat /proc/sys/kernel/hostname';
    assert.equal((await outputOf(script)).trim(), hostname());
    assert.equal((await outputOf(script, { hostname: 'dragon' })).trim(), 'dragon');
    assert.notEqual(readFileSync('/proc/sys/kernel/hostname', 'utf8').trim(), 'dragon');
  });

  test('is no group: the program is in its own before its first instruction, and its init in none of them', async () => {
    await leavesNothingBehind(async () => {
      const limits = { cpu: { shares: 512 }, pids: { limit: 10 } };
      const ownGroups: Record<string, string>[] = [];
      const { stdout } = await runToEnd(
        shell('read group < /proc/self/cgroup; echo up; exec sleep 1000', { cgroups: limits }),
        {
          whenRunning: async (supervised) => {
            const program = supervised.status.pid ?? 0;
            for (const pid of [program, parentOf(program)]) ownGroups.push(groupsOf(pid));
            await supervised.kill();
          },
        },
      );
      assert.match(stdout, /^(up\n)?$/);
      const [program = {}, init = {}] = ownGroups;
      for (const controller of hierarchies('memory', 'pids', 'cpuacct', 'cpu')) {
        assert.match(program[controller] ?? '', /\/thuban\/c-test@1\.0\.0#\d+$/, controller);
        assert.doesNotMatch(init[controller] ?? '', /c-test/, controller);
      }
    });
  });
});

/** The lines of /proc/<pid>/cgroup that say where these controllers are. */
function hierarchies(...names: string[]): string[] {
  return gatherFacts().cgroups.layout === 'v2' ? [UNIFIED] : names;
}

function groupsOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, controllers = '', path = ''] = line.split(':');
      return controllers.split(',').map((name) => [name, path]);
    }),
  );
}
