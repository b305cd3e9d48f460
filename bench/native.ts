import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ThubanError } from '../src/base/index.ts';

/** The program of the containers, the kernel's floors of a start and of groups, and the runner of commands. */
export interface NativePrograms {
  stamp: string;
  floor: string;
  floor_init: string;
  command: string;
  eat: string;
  groups: string;
}

/** Compiles them into a folder. `prebuilt` is a folder that has them, for machines without a compiler. */
export function nativePrograms(folder: string, prebuilt: string | undefined): NativePrograms {
  const place = (name: string): string => join(prebuilt ?? folder, name);
  const programs = {
    stamp: place('stamp'),
    floor: place('floor'),
    floor_init: place('floor_init'),
    command: place('command'),
    eat: place('eat'),
    groups: place('groups'),
  };
  if (prebuilt === undefined) compileAll(programs);
  return programs;
}

/** The C compiler of this machine; `CC` names another one. TH7002 without one. */
function findCompiler(): string {
  const names = process.env['CC'] === undefined ? ['cc', 'gcc', 'clang'] : [process.env['CC']];
  const found = names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found !== undefined) return found;
  throw new ThubanError('TH7002', `no C compiler found (looked for ${names.join(', ')}), needed to build the floor`, {
    hint: 'apt-get install gcc libc6-dev   (Alpine: apk add build-base)',
  });
}

const launcher = join(import.meta.dirname, '../src/launcher');

function compileAll(programs: NativePrograms): void {
  const compiler = findCompiler();
  for (const [name, output] of Object.entries(programs) as [string, string][]) {
    const source = join(import.meta.dirname, 'native', `${name}.c`);
    const flags = ['-std=gnu11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror', '-o', output, source];
    if (name === 'floor_init') flags.push(join(launcher, 'bare.c'), `@${join(launcher, 'bare.flags')}`);
    const { status, stderr } = spawnSync(compiler, flags, { encoding: 'utf8' });
    if (status !== 0) throw new ThubanError('TH7002', `${compiler} cannot build bench/native/${name}.c:\n${stderr}`);
  }
}
