import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { fromObject, runToEnd, shell, type Result } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot, field } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const canFilter = /kill_process.*errno.*log/.test(readOr('/proc/sys/kernel/seccomp/actions_avail'));
const needs = canFilter ? needsRoot() : { skip: 'needs a kernel with CONFIG_SECCOMP_FILTER' };
const hasPerl = spawnSync('perl', ['-e', '0']).status === 0;
const SIGSYS = 'SIGSYS';
/** delete_module(2) by architecture. */
const DELETE_MODULE = { x64: 176, arm64: 106, arm: 129 }[process.arch as 'x64'];

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** One program that is nothing but itself. */
async function run(init: string, args: string[], sections: Partial<Manifest>): Promise<Result> {
  let result: Result | undefined;
  await leavesNothingBehind(async () => {
    result = await runToEnd(fromObject({ ...shell('', sections).manifest, init, args }));
  });
  assert.ok(result !== undefined);
  return result;
}

const tmp: Partial<Manifest> = { mounts: { '/tmp': { type: 'tmpfs', size: 1 << 20 } } };
const mkdir = { mkdir: 'any', mkdirat: 'any' } as const;

describe('a filter of system calls', needs, () => {
  test('ends the program with SIGSYS at a call that is denied', async () => {
    const { exit } = await run('/bin/mkdir', ['/tmp/a'], { ...tmp, seccomp: { profile: 'default', deny: mkdir } });
    assert.deepEqual([exit.reason, exit.signal], ['signalled', SIGSYS]);
  });

  test('can let the call fail, or let it through', async () => {
    const seccomp = { profile: 'default', deny: mkdir } as const;
    const refused = await run('/bin/mkdir', ['/tmp/a'], {
      ...tmp,
      seccomp: { ...seccomp, action: 'errno', errno: 'EXDEV' },
    });
    assert.deepEqual([refused.exit.reason, refused.exit.code], ['exited', 1]);
    assert.match(refused.stderr, /Invalid cross-device link/);
    const logged = await run('/bin/mkdir', ['/tmp/a'], { ...tmp, seccomp: { ...seccomp, action: 'log' } });
    assert.deepEqual([logged.exit.reason, logged.exit.code], ['exited', 0]);
  });

  test('without a profile allows nothing that is not named: not even to load a library', async () => {
    const { exit } = await run('/bin/true', [], { seccomp: {} });
    assert.deepEqual([exit.reason, exit.signal], ['signalled', SIGSYS]);
  });

  test('of the default profile lets shells, threads and runtimes do their work', async () => {
    const seccomp = { profile: 'default' } as const;
    const { exit, stdout } = await run(
      '/bin/sh',
      ['-c', 'ls / | wc -l; (sleep 0.01; echo later) & wait; ps > /dev/null'],
      { seccomp },
    );
    assert.deepEqual([exit.code, stdout.split('\n')[1]], [0, 'later']);
    const script = "new (require('worker_threads').Worker)('console.log(1)', {eval: true})";
    const node = await run(process.execPath, ['-e', script], { seccomp });
    assert.deepEqual([node.exit.reason, node.exit.code, node.stdout], ['exited', 0, '1\n'], node.stderr);
  });

  test('keeps a program from namespaces, mounts and what else reaches beyond it', async () => {
    const seccomp = { profile: 'default' } as const;
    for (const [init, ...args] of [
      ['/usr/bin/unshare', '--user', 'true'],
      ['/bin/mount', '-t', 'tmpfs', 'none', '/tmp'],
    ] as [string, ...string[]][]) {
      const { exit } = await run(init, args, { ...asRoot, seccomp });
      assert.deepEqual([exit.reason, exit.signal], ['signalled', SIGSYS], init);
    }
  });

  test(
    'looks at arguments, as Northstar’s own test does',
    { skip: !hasPerl && 'needs perl, whose programs can call the kernel' },
    async () => {
      const allow = { delete_module: { args: { index: 1, values: [1], mask: 6 } } };
      for (const [flags, ended] of [
        [1, 'exited'],
        [4, 'exited'],
        [7, 'signalled'],
      ] as const) {
        const script = `my $name = "none"; syscall(${DELETE_MODULE}, $name, ${flags}); exit 0`;
        const { exit } = await run('/usr/bin/perl', ['-e', script], { seccomp: { profile: 'default', allow } });
        assert.equal(exit.reason, ended, `flags ${flags}`);
      }
    },
  );

  for (const no_new_privs of [true, false])
    test(`is all that the program has of it ${no_new_privs ? 'with' : 'without'} no_new_privs`, async () => {
      const seccomp = { profile: 'default' } as const;
      const process = { no_new_privs } as Manifest['process'];
      const { exit, stdout } = await run('/bin/cat', ['/proc/self/status'], {
        seccomp,
        ...(process ? { process } : {}),
      });
      assert.equal(exit.code, 0);
      assert.deepEqual(
        ['Seccomp', 'Seccomp_filters', 'NoNewPrivs', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((name) =>
          field(stdout, name),
        ),
        ['2', '1', no_new_privs ? '1' : '0', ...Array.from({ length: 4 }, () => '0000000000000000')],
      );
    });

  const wrong = needsOtherCalls();
  test('kills what calls in the numbers of another architecture', { skip: wrong }, async () => {
    using folder = temporaryFolder();
    const program = join(folder.path, 'other');
    // getpid of i386: 20, which is writev of x86-64.
    const source = 'int main(void) { int pid; __asm__ volatile("int $0x80" : "=a"(pid) : "a"(20)); return pid <= 0; }';
    assert.equal(spawnSync('gcc', ['-x', 'c', '-static', '-o', program, '-'], { input: source }).status, 0);
    chmodSync(folder.path, 0o755);
    const mounts = { '/opt': { type: 'bind', host: folder.path } } as unknown as NonNullable<Manifest['mounts']>;
    const free = await run('/opt/other', [], { mounts });
    if (free.exit.code !== 0) return; // this kernel has no calls of i386, so nothing could be called
    const { exit } = await run('/opt/other', [], { mounts, seccomp: { profile: 'default', action: 'log' } });
    assert.deepEqual([exit.reason, exit.signal], ['signalled', SIGSYS]);
  });

  test('that denies what ends a program leaves no start half done', async () => {
    const seccomp = { profile: 'default', deny: { exit_group: 'any', exit: 'any' } } as const;
    const { exit } = await run('/nonexistent', [], { seccomp });
    assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3001']);
  });
});

function needsOtherCalls(): string | false {
  if (process.arch !== 'x64') return 'needs x86-64, which knows the calls of i386';
  return spawnSync('gcc', ['--version']).status !== 0 && 'needs gcc';
}
