import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { versionOf } from '../release/source.ts';
import { bundleTests } from './bundle-tests.ts';
import { command, needPrograms, VmError } from './command.ts';
import { packExamples } from './example-packages.ts';
import type { Machine } from './machines.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Where the copy lies in the virtual machine. No `thuban-` in the name: the tests look for mounts with that. */
export const CHECKOUT = '/checkout';

/** The environment of the tests in the virtual machine that this machine's stands for. */
export interface Checkout {
  tests: number;
  environment: Record<string, string>;
}

/**
 * Packs what the tests need into one archive, since a shared folder is slow for many files and this checkout may change meanwhile: the
 * built release, its native programs compiled for the machine, the examples, and the root tests as plain JavaScript.
 */
export async function packCheckout(machine: Machine, only: readonly string[], folder: string): Promise<Checkout> {
  const copy = join(folder, 'checkout');
  mkdirSync(copy);
  await build(machine, join(copy, 'dist'));
  const all = rootTests();
  for (const text of only)
    if (!all.some((path) => path.includes(text))) throw new VmError(`no file of test/root has \`${text}\` in its path`);
  const tests = all.filter((path) => only.length === 0 || only.some((text) => path.includes(text)));
  await bundleTests(ROOT, tests, CHECKOUT, copy);
  for (const name of ['package.json', 'examples', 'test/fixtures', 'docs/reference'])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  const environment = { ...copyCorpus(copy), THUBAN_EMULATED: machine.arch };
  await command('tar', ['--create', '--directory', copy, '--file', join(folder, 'checkout.tar'), '.']);
  return { tests: tests.length, environment };
}

function rootTests(): string[] {
  return readdirSync(join(ROOT, 'test/root'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join('test/root', path))
    .sort();
}

async function build({ node, compiler }: Machine, to: string): Promise<void> {
  const env = { ...process.env };
  if (process.arch !== node.arch) {
    needPrograms({ [compiler.command]: compiler.package });
    env['CC'] = compiler.command;
  }
  await command(process.execPath, [relative(process.cwd(), join(ROOT, 'scripts/build.mjs')), '--out', to], { env });
}

/**
 * Makes the release for the machine, beside the sum of it, and packages of the examples with the bundle of the checkout; returns the settings
 * that guest/release.sh wants.
 */
export async function packRelease({ release }: Machine, folder: string): Promise<Record<string, string>> {
  await command(process.execPath, [join(ROOT, 'scripts/release.mjs'), '--arch', release, '--out', folder]);
  await packExamples(join(folder, 'checkout/dist/thuban.mjs'), join(ROOT, 'examples/packages'), folder);
  const version = versionOf(ROOT);
  return { release_version: version, release_tarball: `thuban-${version}-linux-${release}.tar.gz` };
}

/** The corpus of cgroup semantics, where there is one. */
function copyCorpus(copy: string): Record<string, string> {
  const corpus = process.env['THUBAN_CORPUS'];
  const name = 'cgroup-vectors.json';
  if (corpus === undefined || !existsSync(join(corpus, name))) return {};
  mkdirSync(join(copy, 'corpus'));
  copyFileSync(join(corpus, name), join(copy, 'corpus', name));
  return { THUBAN_CORPUS: `${CHECKOUT}/corpus` };
}
