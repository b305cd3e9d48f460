import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { OutputSink } from '../../../src/runtime/index.ts';
import { startExecution } from '../../../src/runtime/index.ts';
import { shell } from '../../support/containers.ts';
import { inContainer } from '../../support/execution.ts';
import { almighty, descriptorsOf, field, parentOf, statusOf } from '../../support/identity.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';
import { FIRST, aUser, asRoot } from '../../support/user-namespace.ts';

const SLEEPS = 'exec sleep 1000';
const MiB = 1024 * 1024;

/** What the kernel says of a process that has to be the same for every program of a container. */
const SAME = [
  'Uid',
  'Gid',
  'Groups',
  'NoNewPrivs',
  'Seccomp',
  'CapInh',
  'CapPrm',
  'CapEff',
  'CapBnd',
  'CapAmb',
  'Umask',
];
const NAMESPACES = ['pid', 'mnt', 'ipc', 'uts', 'net', 'cgroup', 'user'];

describe('a program that is started in a running container', needsRoot(), () => {
  test('ends with its own code or signal, and its output is its own', async () => {
    const result = await inContainer(shell(`echo container; ${SLEEPS}`), async ({ exec }) => {
      const { code, stdout, stderr } = await exec(['/bin/sh', '-c', 'echo out; echo err >&2; exit 7']);
      assert.deepEqual([code, stdout, stderr], [7, 'out\n', 'err\n']);
      const killed = await exec(['sh', '-c', 'kill -TERM $$']);
      assert.deepEqual([killed.code, killed.signal], [undefined, 'SIGTERM']);
    });
    assert.equal(result.stdout, 'container\n');
  });

  test('reads what it is given to the last byte, whatever the bytes, and 10 MiB come back as they went', async () => {
    await inContainer(shell(SLEEPS), async ({ session, supervised }) => {
      const bytes = randomBytes(10 * MiB);
      const { container, loaded } = supervised;
      assert.ok(container !== undefined);
      const request = { args: ['cat'], stdin: true };
      const execution = await startExecution(container, loaded.manifest, request, session.board);
      const hash = createHash('sha256');
      let pauses = 0;
      // Who takes output slowly slows the program down, not more.
      const output: OutputSink = {
        write: (_stream, chunk) => {
          hash.update(chunk);
          return ++pauses % 10 !== 0;
        },
        drained: () => new Promise((resolve) => setTimeout(resolve, 1)),
      };
      const ended = execution.relay(output);
      for (let at = 0; at < bytes.length; at += MiB)
        await new Promise<void>((taken) => {
          execution.write(bytes.subarray(at, at + MiB), taken);
        });
      execution.endInput();
      assert.equal((await ended).code, 0);
      assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
    });
  });

  test('has nothing to read without an input, and the end of it at once with an empty one', async () => {
    await inContainer(shell(SLEEPS), async ({ exec }) => {
      assert.deepEqual((await exec(['wc', '-c'])).stdout.trim(), '0');
      assert.deepEqual((await exec(['wc', '-c'], {}, '')).stdout.trim(), '0');
    });
  });

  test('may read no more: what it is still given is thrown away', async () => {
    await inContainer(shell(SLEEPS), async ({ exec }) => {
      const { code, stdout } = await exec(['head', '-c', '3'], {}, Buffer.alloc(MiB, 'x'));
      assert.deepEqual([code, stdout], [0, 'xxx']);
    });
  });

  test('is confined as the container’s own program', async () => {
    const loaded = shell(SLEEPS, {
      suppl_groups: ['20', '44'],
      capabilities: ['CAP_NET_RAW', 'CAP_SYS_NICE'],
      rlimits: { nofile: { soft: 77, hard: 99 }, core: { soft: 0, hard: 0 } },
      seccomp: { profile: 'default' },
      sched: { policy: { batch: { nice: 3 } } },
      process: { privileged: false, umask: 0o027, oom_score_adj: 321, working_dir: '/tmp' },
      mounts: { '/tmp': { type: 'tmpfs', size: MiB } },
      cgroups: { pids: { limit: 20 } },
      hostname: 'confined',
      init: '/bin/sleep',
      args: ['1000'],
    });
    await inContainer(loaded, async ({ begin, supervised }) => {
      const own = supervised.container?.started.program ?? 0;
      const { execution, ended } = await begin(['sleep', '1000']);
      const { pid } = execution;
      const [ours, theirs] = [statusOf(own), statusOf(pid)];
      for (const name of SAME) assert.equal(field(theirs, name), field(ours, name), name);
      assert.equal(field(theirs, 'Seccomp'), '2');
      for (const name of NAMESPACES)
        assert.equal(readlinkSync(`/proc/${pid}/ns/${name}`), readlinkSync(`/proc/${own}/ns/${name}`), name);
      for (const file of ['cgroup', 'limits', 'oom_score_adj'])
        assert.equal(readFileSync(`/proc/${pid}/${file}`, 'utf8'), readFileSync(`/proc/${own}/${file}`, 'utf8'), file);
      for (const link of ['cwd', 'root'])
        assert.equal(readlinkSync(`/proc/${pid}/${link}`), readlinkSync(`/proc/${own}/${link}`), link);
      const priority = (of: number): string | undefined =>
        /^\d+ \(.*\) (.*)$/
          .exec(readFileSync(`/proc/${of}/stat`, 'utf8'))?.[1]
          ?.split(' ')
          .slice(15, 17)
          .join(' ');
      assert.equal(priority(pid), priority(own));
      assert.equal(readFileSync(`/proc/${pid}/environ`, 'utf8'), readFileSync(`/proc/${own}/environ`, 'utf8'));
      await execution.signal(9);
      assert.equal((await ended).signal, 'SIGKILL');
    });
  });

  for (const [who, sections] of [
    ['a user', aUser],
    ['root', asRoot],
  ] as const)
    test(`is ${who} of the user namespace in all of its namespaces, as the container’s own program`, async () => {
      const loaded = shell(SLEEPS, { ...sections, init: '/bin/sleep', args: ['1000'], hostname: 'mapped' });
      await inContainer(loaded, async ({ begin, exec, supervised }) => {
        const own = supervised.container?.started.program ?? 0;
        const { execution, ended } = await begin(['sleep', '1000']);
        const { pid } = execution;
        for (const name of SAME) assert.equal(field(statusOf(pid), name), field(statusOf(own), name), name);
        for (const name of NAMESPACES)
          assert.equal(readlinkSync(`/proc/${pid}/ns/${name}`), readlinkSync(`/proc/${own}/ns/${name}`), name);
        assert.notEqual(readlinkSync(`/proc/${pid}/ns/user`), readlinkSync('/proc/self/ns/user'));
        assert.equal(readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/)[1], String(FIRST));
        await execution.signal(9);
        assert.equal((await ended).signal, 'SIGKILL');
        const { stdout, stderr, code } = await exec(
          ['/bin/sh', '-c', 'cat; echo $(id -u) $(hostname)'],
          { stdin: true },
          'in\n',
        );
        assert.deepEqual([stdout, stderr, code], [`in\n${sections.uid ?? 1000} mapped\n`, '', 0]);
      });
    });

  test('leads a session of its own and finds nothing open but its standard streams; its init is not of the container', async () => {
    await inContainer(shell(SLEEPS), async ({ begin, exec, supervised }) => {
      const { execution, ended } = await begin(['sh', '-c', 'echo $$ $PPID; exec sleep 1000'], { stdin: true });
      const { pid } = execution;
      // The loader of a program has a library open now and then.
      await until('nothing else is open', () => readdirSync(`/proc/${pid}/fd`).join() === '0,1,2');
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      assert.deepEqual([fields[2], fields[3]], [String(pid), String(pid)], 'process group and session');
      const init = parentOf(pid);
      assert.notEqual(init, supervised.container?.started.init);
      assert.notEqual(readlinkSync(`/proc/${init}/ns/pid`), readlinkSync(`/proc/${pid}/ns/pid`));
      assert.match(readlinkSync(`/proc/${init}/exe`), /^\/memfd:thuban-init/);
      assert.deepEqual(
        Object.values(descriptorsOf(init))
          .map((to) => to.split(':')[0])
          .sort(),
        ['anon_inode', 'socket'],
      );
      assert.equal(BigInt(`0x${field(statusOf(init), 'CapEff')}`), 1n << 5n);
      const { stdout } = await exec(['sh', '-c', 'for p in /proc/[0-9]*; do cat $p/comm; done']);
      const names = new Set(stdout.trim().split('\n'));
      assert.deepEqual(
        [...names].filter((name) => !['cat', 'sh', 'sleep'].includes(name)),
        ['init'],
      );
      await execution.signal(15);
      await ended;
    });
  });

  test('has the environment of the manifest and what is given beside it', async () => {
    await inContainer(shell(SLEEPS, { env: { A: '1', B: '2' } }), async ({ exec }) => {
      const { stdout } = await exec(['env'], { env: { B: '3', C: '4' } });
      const lines = stdout.trim().split('\n');
      for (const line of ['A=1', 'B=3', 'C=4', 'THUBAN_NAME=test']) assert.ok(lines.includes(line), line);
      assert.equal((await exec(['pwd'], { working_dir: '/usr' })).stdout, '/usr\n');
    });
  });

  test('is looked for in the PATH of the container, with the rights of its user', async () => {
    const loaded = shell(`cp /bin/sleep /opt/tool; chmod 600 /opt/tool; ${SLEEPS}`, {
      mounts: { '/opt': { type: 'tmpfs', size: 4 * MiB } },
    });
    await inContainer(loaded, async ({ begin, exec, supervised }) => {
      const refused = (args: string[], expected: object, more = {}): Promise<void> =>
        assert.rejects(begin(args, more), expected);
      await refused(['nosuch'], { code: 'TH3001', message: /^there is no `nosuch` in .*\/bin of `test:1.0.0`$/ });
      await refused(['/nosuch'], { code: 'TH3001' });
      await refused(['ls'], { code: 'TH3001' }, { env: { PATH: '/nowhere::' } });
      await until(
        'the tool is there',
        () => readdirSync(`/proc/${supervised.container?.started.program}/root/opt`).length > 0,
      );
      await refused(['tool'], { code: 'TH3003' }, { env: { PATH: '/nowhere:/opt:/bin' } });
      await refused(['/bin'], { code: 'TH3003' });
      assert.equal((await exec(['ls'], { env: { PATH: '/nowhere:/opt:/bin' } })).code, 0);
      await refused(['ls'], { code: 'TH3010', message: /working_directory/ }, { working_dir: '/nosuch' });
    });
  });

  test('ends with the container, whatever it does', async () => {
    let ended: Promise<{ signal?: string }> | undefined;
    await inContainer(shell(SLEEPS), async ({ begin }) => {
      const begun = await begin(['sh', '-c', 'trap "" TERM HUP INT; echo ready; while :; do sleep 1000; done']);
      await begun.output.saw('ready');
      ended = begun.ended;
    });
    assert.equal((await ended)?.signal, 'SIGKILL');
  });

  test('is refused when the container ends meanwhile', async () => {
    await inContainer(shell(SLEEPS), async ({ supervised, session }) => {
      const { container, loaded } = supervised;
      assert.ok(container !== undefined);
      await supervised.kill();
      await assert.rejects(startExecution(container, loaded.manifest, { args: ['true'] }, session.board), {
        code: 'TH6005',
      });
    });
  });

  test('whose client has gone is hung up', async () => {
    await inContainer(shell(SLEEPS), async ({ begin }) => {
      const { execution, ended, output } = await begin([
        'sh',
        '-c',
        'trap "echo bye; exit 3" HUP; echo ready; while :; do sleep 0.1; done',
      ]);
      await output.saw('ready');
      await execution.abandon();
      assert.equal((await ended).code, 3);
    });
  });

  test('meets the pids limit of the container', async () => {
    await inContainer(shell('sleep 1000 & exec sleep 1000', { cgroups: { pids: { limit: 2 } } }), async ({ exec }) => {
      // v1 counts who joins by himself, and only refuses those whom he makes then.
      const { code } = await exec(['/bin/sh', '-c', 'sleep 0 & wait']).catch((error: unknown) => {
        assert.equal((error as { code: string }).code, 'TH3010');
        return { code: 2 };
      });
      assert.equal(code, 2);
    });
  });

  test('finds nothing of its init or of the board, as root with all capabilities', async () => {
    await inContainer(shell(SLEEPS, almighty), async ({ exec }) => {
      const { stdout } = await exec(['sh', '-c', 'echo $PPID; readlink /proc/self/fd/*; ls /proc/self/fd']);
      assert.match(stdout, /^0\n/);
      assert.doesNotMatch(stdout, /cgroup|\/proc$/m);
    });
  });

  test('fifty one after the other leave nothing in the launcher', async () => {
    await inContainer(shell(SLEEPS), async ({ exec, supervised }) => {
      const launcher = supervised.container?.launcher.pid ?? 0;
      await exec(['true'], {}, '');
      const count = (): [number, number] => [
        Object.keys(descriptorsOf(launcher)).length,
        readdirSync('/proc/self/fd').length,
      ];
      const before = count();
      for (let i = 0; i < 50; i++) assert.equal((await exec(['true'], {}, 'x')).code, 0);
      await until('the descriptors are closed', () => count().every((n, i) => n <= (before[i] ?? 0)));
    });
  });
});
