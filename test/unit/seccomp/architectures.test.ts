import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { readSyscallNumbers, type SyscallNumbers } from '../../../src/launcher/index.ts';
import { compileFilter, defaultProfile, MAX_INSTRUCTIONS, Verdict } from '../../../src/seccomp/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { check, run } from './interpreter.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** Numbers of asm/unistd.h, for two boards, as x86-64 has others; undefined: the architecture has no such call. The root tests run filters of the machine's own. */
const architectures = [
  {
    cc: 'aarch64-linux-gnu-gcc',
    arch: 0xc000_00b7,
    write: 64,
    openat: 56,
    open: undefined,
    mount: 40,
    set_tls: undefined,
  },
  { cc: 'arm-linux-gnueabihf-gcc', arch: 0x4000_0028, write: 4, openat: 322, open: 5, mount: 21, set_tls: 0x000f_0005 },
];

/** What the launcher knows that this compiler makes. */
function numbersBy(cc: string): SyscallNumbers {
  using folder = temporaryFolder();
  const args = [join(ROOT, 'scripts/build.mjs'), '--only', 'native', '--out', folder.path];
  const built = spawnSync(process.execPath, args, { env: { ...process.env, CC: cc }, encoding: 'utf8' });
  assert.equal(built.status, 0, built.stderr);
  return readSyscallNumbers(join(folder.path, 'thuban-launcher'));
}

describe('the default profile', () => {
  for (const { cc, arch, ...calls } of architectures) {
    const skip = spawnSync(cc, ['--version']).status !== 0 && `needs ${cc}`;
    test(`is a filter for what ${cc} makes`, { skip }, () => {
      const table = numbersBy(cc);
      assert.equal(table.arch, arch);
      const { numbers } = table;
      for (const [name, number] of Object.entries(calls)) assert.equal(numbers[name], number, name);
      const otherwise = Verdict.KILL_PROCESS;
      const { program } = compileFilter({ rules: defaultProfile(new Set(), otherwise), otherwise }, table);
      check(program);
      assert.ok(program.length / 8 <= MAX_INSTRUCTIONS);
      const meets = (number: number, of = arch): number => run(program, { number, arch: of }).verdict;
      for (const name of ['write', 'openat', 'open', 'set_tls'] as const)
        if (calls[name] !== undefined) assert.equal(meets(calls[name]), Verdict.ALLOW, name);
      assert.equal(meets(calls.mount), otherwise);
      for (const other of architectures)
        if (other.arch !== arch) assert.equal(meets(calls.write, other.arch), Verdict.KILL_PROCESS, other.cc);
    });
  }
});
