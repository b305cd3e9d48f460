import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readSyscallNumbers, type Step } from '../../../src/launcher/index.ts';
import { processDefaults, type Manifest, type Seccomp, type SyscallRule } from '../../../src/manifest/index.ts';
import { plan, type Facts, type LaunchPlan } from '../../../src/runtime/index.ts';
import { board, camera } from '../../support/facts.ts';
import { run } from '../seccomp/interpreter.ts';

/** Of x86-64, a few. */
const numbers = {
  ...{
    read: 0,
    open: 2,
    mmap: 9,
    ioctl: 16,
    socket: 41,
    clone: 56,
    execve: 59,
    kill: 62,
    ptrace: 101,
    personality: 135,
  },
  ...{
    mount: 165,
    reboot: 169,
    delete_module: 176,
    openat: 257,
    unshare: 272,
    get_mempolicy: 239,
    io_uring_setup: 425,
    clone3: 435,
  },
};
const arch = 0xc000_003e;
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const LOG = 0x7ffc_0000;
const errno = (number: number): number => 0x0005_0000 + number;

function made(
  seccomp: Seccomp,
  more: Partial<Manifest> = {},
  facts: Partial<Facts> = { syscalls: { arch, numbers } },
): LaunchPlan {
  return plan({ ...camera, ...more, seccomp }, { ...board(), ...facts });
}

/** What becomes of a call. */
function verdict(launch: LaunchPlan, call: keyof typeof numbers, ...args: bigint[]): number {
  assert.deepEqual(launch.problems, []);
  const step = launch.launch.steps.find(({ op }) => op === 'seccomp');
  assert.ok(step?.op === 'seccomp');
  return run(Buffer.from(step.program, 'base64'), { number: numbers[call], arch, args }).verdict;
}

function find<Op extends Step['op']>(steps: readonly Step[], op: Op): (Step & { op: Op }) | undefined {
  return steps.find((step): step is Step & { op: Op } => step.op === op);
}

const problems = (launch: LaunchPlan): string[] =>
  launch.problems.map(
    ({ code, message, hint, details }) => `${code} ${String(details['key'])}: ${message}; ${hint ?? ''}`,
  );

describe('a filter of system calls', () => {
  test('without a profile allows what is named, and the start', () => {
    const launch = made({ allow: { read: 'any', delete_module: { args: { index: 1, values: [1], mask: 6 } } } });
    assert.deepEqual(
      [verdict(launch, 'read'), verdict(launch, 'execve'), verdict(launch, 'mmap')],
      [ALLOW, ALLOW, KILL],
    );
    assert.deepEqual(
      [1n, 4n, 7n].map((flags) => verdict(launch, 'delete_module', 0n, flags)),
      [ALLOW, ALLOW, KILL],
    );
  });

  test('is the last step before the program', () => {
    const { steps } = made({ profile: 'default' }).launch;
    assert.deepEqual(
      steps.slice(-3).map(({ op, key }) => [op, key]),
      [
        ['no_new_privs', undefined],
        ['seccomp', 'seccomp'],
        ['exec', 'init'],
      ],
    );
  });

  test('denies what is denied, whatever allows it', () => {
    const launch = made({
      profile: 'default',
      action: 'errno',
      errno: 'ENOSYS',
      allow: { kill: 'any' },
      deny: { ptrace: 'any', kill: { args: { index: 1, values: [9] } } },
    });
    assert.deepEqual(
      [
        verdict(launch, 'ptrace'),
        verdict(launch, 'kill', 1n, 9n),
        verdict(launch, 'kill', 1n, 15n),
        verdict(launch, 'mount'),
      ],
      [errno(38), errno(38), ALLOW, errno(38)],
    );
  });

  test('with the action `log` lets everything through', () => {
    const launch = made({ action: 'log', deny: { mount: 'any' } });
    assert.deepEqual([verdict(launch, 'read'), verdict(launch, 'mount')], [LOG, LOG]);
  });

  test('says EPERM where no error is named', () => {
    assert.equal(verdict(made({ action: 'errno' }), 'read'), errno(1));
  });

  describe('with the default profile', () => {
    const plain = made({ profile: 'default' });

    test('lets a program make threads and processes, and no namespaces', () => {
      assert.equal(verdict(plain, 'clone', 0x3d_0f00n), ALLOW);
      assert.equal(verdict(plain, 'clone', 17n), ALLOW);
      for (const flag of [0x2_0000n, 0x200_0000n, 0x400_0000n, 0x800_0000n, 0x1000_0000n, 0x2000_0000n, 0x4000_0000n])
        assert.equal(verdict(plain, 'clone', flag + 17n), KILL, flag.toString(16));
      assert.equal(verdict(plain, 'unshare'), KILL);
    });

    test('keeps it from the sockets of a virtual machine, from and from other personalities', () => {
      assert.deepEqual(
        [1n, 40n].map((family) => verdict(plain, 'socket', family)),
        [ALLOW, KILL],
      );
      assert.deepEqual(
        [0n, 0xffff_ffffn, 0x4_0000n].map((one) => verdict(plain, 'personality', one)),
        [ALLOW, ALLOW, KILL],
      );
    });

    test('tells what is only tried that it is not there', () => {
      const tried = ['clone3', 'io_uring_setup', 'get_mempolicy'] as const;
      assert.deepEqual(
        tried.map((call) => verdict(plain, call)),
        [errno(38), errno(38), errno(1)],
      );
      const logged = made({ profile: 'default', action: 'log' });
      assert.deepEqual(
        tried.map((call) => verdict(logged, call)),
        [LOG, LOG, LOG],
      );
    });

    test('allows with a capability what that is for', () => {
      assert.equal(verdict(plain, 'reboot'), KILL);
      assert.equal(verdict(made({ profile: 'default' }, { capabilities: ['CAP_SYS_BOOT'] }), 'reboot'), ALLOW);
      const admin = made({ profile: 'default' }, { capabilities: ['CAP_SYS_ADMIN'] });
      assert.deepEqual(
        [verdict(admin, 'clone', 0x2000_0000n), verdict(admin, 'clone3'), verdict(admin, 'mount')],
        [ALLOW, ALLOW, ALLOW],
      );
    });

    test('can be widened by hand', () => {
      const launch = made({ profile: 'default', allow: { clone3: 'any', io_uring_setup: 'any' } });
      assert.deepEqual([verdict(launch, 'clone3'), verdict(launch, 'io_uring_setup')], [ALLOW, ALLOW]);
    });
  });

  test('without no_new_privs keeps CAP_SYS_ADMIN until the program is executed', () => {
    const { steps } = made({ profile: 'default' }, { process: { ...processDefaults, no_new_privs: false } }).launch;
    const ids = find(steps, 'ids');
    const filter = find(steps, 'seccomp');
    assert.deepEqual([ids?.keep_capabilities, filter?.admin, find(steps, 'no_new_privs')], [true, true, undefined]);
    assert.deepEqual(find(steps, 'capabilities')?.capabilities, []);
    const usual = made({ profile: 'default' }).launch.steps;
    assert.deepEqual([find(usual, 'ids')?.keep_capabilities, find(usual, 'seccomp')?.admin], [false, false]);
  });

  test('leaves out what another architecture has, and refuses what none has', () => {
    assert.equal(verdict(made({ allow: { mmap2: 'any', waitpid: 'any', read: 'any' } }), 'read'), ALLOW);
    assert.deepEqual(problems(made({ allow: { raed: 'any' }, deny: { frobnicate: 'any', mont: 'any' } })), [
      'TH1201 seccomp.allow.raed: `raed` is not a system call; did you mean `read`?',
      'TH1201 seccomp.deny.frobnicate: `frobnicate` is not a system call; names are in syscalls(2)',
      'TH1201 seccomp.deny.mont: `mont` is not a system call; did you mean `mount`?',
    ]);
  });

  test('cannot deny the start, nor answer with an error that does not exist', () => {
    assert.deepEqual(problems(made({ profile: 'default', deny: { execve: 'any' } })), [
      'TH1306 seccomp.deny.execve: `seccomp.deny.execve` would deny the start itself; ' +
        'deny `execveat` and the calls that make processes instead: `clone`, `clone3`, `fork`, `vfork`',
    ]);
    assert.deepEqual(problems(made({ action: 'errno', errno: 'ENOSYSS' })), [
      'TH1201 seccomp.errno: `ENOSYSS` is not a name of an error number; did you mean `ENOSYS`?',
    ]);
  });

  test('is refused where the kernel has none, or the board is not known well enough', () => {
    assert.deepEqual(problems(made({ profile: 'default' }, {}, { syscalls: null })), [
      'TH2018 seccomp: this kernel cannot filter system calls; build it with CONFIG_SECCOMP_FILTER=y',
    ]);
    assert.deepEqual(problems(made({ profile: 'default' }, {}, {})), [
      'TH2018 seccomp: the facts of that board do not say its system calls; take them anew there: thuban plan --json FILE',
    ]);
  });

  test('is refused when it is too long for the kernel', () => {
    const values = Array.from({ length: 50 }, (_, index) => index);
    const table: Record<string, number> = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`c${index}`, index]),
    );
    const allow: Record<string, SyscallRule> = {};
    for (const [name, number] of Object.entries(table))
      allow[name] = { args: { index: 0, values: values.map((value) => value + 100 * number) } };
    const [problem] = made({ allow }, {}, { syscalls: { arch, numbers: table } }).problems;
    assert.match(problem?.message ?? '', /^`seccomp` makes a filter of \d{4} instructions, at most 4096 are possible$/);
  });
});

test('the launcher of this build knows the system calls of its architecture', () => {
  const table = readSyscallNumbers(join(import.meta.dirname, '../../../dist/thuban-launcher'));
  const expected = { x64: [0xc000_003e, 59], arm64: [0xc000_00b7, 221], arm: [0x4000_0028, 11] }[process.arch as 'x64'];
  assert.deepEqual([table.arch, table.numbers['execve']], expected);
  assert.equal(table.numbers['mseal'], 462);
  assert.ok(Object.keys(table.numbers).length > 300);
});
