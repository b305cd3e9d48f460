import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { fromObject, runToEnd, shell, type Result } from '../../support/containers.ts';
import { asRoot, mountsOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

async function run(script: string, sections: Partial<Manifest> = {}): Promise<Result> {
  let result: Result | undefined;
  await leavesNothingBehind(async () => {
    result = await runToEnd(fromObject(shell(script, sections).manifest));
  });
  assert.ok(result !== undefined);
  return result;
}

const hasChrt = spawnSync('chrt', ['--version']).status === 0;

describe('the scheduling of a program', needsRoot(), () => {
  /** proc_pid_stat(5): fields 19 (nice), 40 (rt_priority), 41 (policy). */
  async function scheduled(
    policy: NonNullable<Manifest['sched']>['policy'],
    script = 'cat /proc/$$/stat',
  ): Promise<number[]> {
    const { exit, stdout, stderr } = await run(script, { sched: { policy } });
    assert.deepEqual([exit.reason, exit.code], ['exited', 0], `${stderr} ${JSON.stringify(exit.error)}`);
    const fields = stdout
      .slice(stdout.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return [fields[16] ?? NaN, fields[37] ?? NaN, fields[38] ?? NaN];
  }
  for (const [policy, nice, priority, number] of [
    ['idle', 0, 0, 5],
    [{ other: { nice: 0 } }, 0, 0, 0],
    [{ other: { nice: -7 } }, -7, 0, 0],
    [{ batch: { nice: 5 } }, 5, 0, 3],
    [{ fifo: { priority: 11 } }, 0, 11, 1],
    [{ round_robin: { priority: 99 } }, 0, 99, 2],
  ] as [NonNullable<Manifest['sched']>['policy'], number, number, number][])
    test(`is ${JSON.stringify(policy)}, though it has no capability`, async () => {
      assert.deepEqual(await scheduled(policy), [nice, priority, number]);
    });

  test('can be a deadline, which what it makes does not inherit', { skip: !hasChrt && 'needs chrt' }, async () => {
    const policy = { deadline: { runtime: '5 ms', deadline: '20 ms', period: '20 ms' } } as unknown as NonNullable<
      Manifest['sched']
    >['policy'];
    const { exit, stdout } = await run('cat /proc/self/stat | wc -l; chrt -p $$', { sched: { policy } });
    assert.equal(exit.code, 0, JSON.stringify(exit.error));
    assert.match(stdout, /^1\n/);
    assert.match(stdout, /SCHED_DEADLINE/);
    assert.match(stdout, /5000000\/20000000\/20000000/);
  });
});

const NAMESPACE = `thuban-test-${process.pid}`;
const canName = spawnSync('ip', ['netns', 'list']).status === 0;

describe('the network of a container', needsRoot(), () => {
  const INTERFACES = 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "; readlink /proc/self/ns/net';

  test('is that of the board when it says so, of which nothing is changed', async () => {
    const { stdout } = await run(INTERFACES, { network: 'host' });
    const here = spawnSync('sh', ['-c', INTERFACES], { encoding: 'utf8' }).stdout;
    assert.equal(stdout, here);
    assert.notEqual((await run(INTERFACES)).stdout, here);
  });

  test('is one that ip-netns made, which stays as it was', { skip: !canName && 'needs iproute2' }, async () => {
    const inside = (): string =>
      spawnSync('ip', ['netns', 'exec', NAMESPACE, 'sh', '-c', INTERFACES], { encoding: 'utf8' }).stdout;
    assert.equal(spawnSync('ip', ['netns', 'add', NAMESPACE]).status, 0);
    try {
      const before = inside();
      const network = { namespace: NAMESPACE };
      const { stdout, exit } = await run(`${INTERFACES}; ls /sys/class/net`, {
        network,
        mounts: { '/sys': { type: 'sysfs' } },
      });
      assert.deepEqual([exit.code, stdout], [0, `${before}lo\n`]);
      assert.equal(inside(), before);
    } finally {
      spawnSync('ip', ['netns', 'delete', NAMESPACE]);
    }
  });

  test(
    'is refused when there is none of that name, or something else has it',
    { skip: !canName && 'needs iproute2' },
    async () => {
      const network = { namespace: NAMESPACE };
      const missing = await run('true', { network });
      assert.deepEqual([missing.exit.reason, missing.exit.error?.['code']], ['start_failed', 'TH3008']);
      // `ip netns` has made the folder by then.
      const file = `/run/netns/${NAMESPACE}`;
      if (!existsSync('/run/netns')) return;
      writeFileSync(file, '');
      try {
        const { exit } = await run('true', { network });
        assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3008']);
        assert.match(String(exit.error?.['message']), /is a file, but no network namespace/);
      } finally {
        rmSync(file);
      }
    },
  );
});

describe('what a program sees of the board in /proc and /sys', needsRoot(), () => {
  const mounts: Manifest['mounts'] = { '/sys': { type: 'sysfs' } };

  test('hides by default what tells of all of it, from root as well', async () => {
    const script =
      'wc -c < /proc/kcore; wc -c < /proc/keys; ls /sys/firmware/efi /sys/firmware/acpi 2>/dev/null | grep -vc :; cat /proc/self/mountinfo';
    const { stdout } = await run(script, { ...asRoot, mounts });
    const lines = stdout.split('\n');
    if (existsSync('/proc/kcore')) assert.equal(lines[0], '0');
    const found = mountsOf(lines.filter((line) => line.includes(' - ')).join('\n'));
    for (const path of ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware/acpi'])
      if (existsSync(path)) assert.ok(found.get(path)?.options.includes('ro'), path);
  });

  test('hides what the manifest lists, a file of the root too, and nothing else', async () => {
    const paths = { masked: ['/proc/version', '/usr/bin/env', '/usr/share', '/nonexistent/x'] };
    const script =
      'wc -c < /proc/version; wc -c < /usr/bin/env; ls -A /usr/share | wc -l; touch /usr/share/x 2>&1; grep -c kcore /proc/self/mountinfo';
    const { stdout } = await run(script, { ...asRoot, paths });
    const [version, cache, share, touch, kcore] = stdout.split('\n');
    assert.deepEqual([version, cache, share, kcore], ['0', '0', '0', '0']);
    assert.match(touch ?? '', /Read-only file system|Permission denied/);
  });

  test('leaves the board’s own null device as it is', async () => {
    const paths = { masked: ['/proc/version'] };
    const { stdout } = await run('chmod 600 /proc/version 2>&1; chown 1 /proc/version 2>&1', {
      ...asRoot,
      capabilities: ['CAP_FOWNER', 'CAP_CHOWN'],
      paths,
    });
    assert.equal(stdout.match(/Read-only file system/g)?.length, 2, stdout);
  });

  test('can be written where the manifest lists what cannot be', async () => {
    const script =
      'for f in /proc/sys/kernel/hostname /proc/self/oom_score_adj; do [ -w $f ] && echo yes || echo no; done';
    const written = async (paths: Manifest['paths']): Promise<string> =>
      (await run(script, { ...asRoot, ...(paths === undefined ? {} : { paths }) })).stdout.replaceAll('\n', ' ');
    assert.equal(await written(undefined), 'no no ');
    assert.equal(await written({ read_only: ['/proc/sys'] }), 'no yes ');
    assert.equal(await written({ read_only: 'none' }), 'yes yes ');
  });
});
