#!/usr/bin/env node
// Fuzzes the launcher and the init: libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer, on a fake kernel. See test/fuzz/README.md.
//   node scripts/fuzz.mjs [--seconds N] [--only NAME] [--source FOLDER]
// --source takes the C sources from another folder than src/launcher, to see that a mistake in them is found.
// An input that fails is kept in dist/fuzz/failed/, and said again; the end is then 1.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { harnesses } from './fuzz/harnesses.mjs';

const root = resolve(import.meta.dirname, '..');
const text = { type: 'string' };
const { values: options } = parseArgs({ options: { seconds: text, only: text, source: text } });
const seconds = Number(options.seconds ?? 60);
const source = resolve(options.source ?? join(root, 'src/launcher'));
const tests = join(root, 'test/fuzz');
const out = join(root, 'dist/fuzz');
const failed = join(out, 'failed');
const compiler = process.env.CLANG ?? 'clang';

function fail(message, hint) {
  console.error(`error: ${message}${hint ? `\n  hint: ${hint}` : ''}`);
  process.exit(2);
}
if (!Number.isInteger(seconds) || seconds < 1) fail(`--seconds takes a number from 1 on, not \`${options.seconds}\``);
const chosen = harnesses.filter(({ name }) => options.only === undefined || name === options.only);
if (chosen.length === 0) fail(`--only takes one of ${harnesses.map(({ name }) => name).join(', ')}`);
if (process.arch !== 'x64' && process.arch !== 'arm64') fail(`the harnesses are for 64 bits, not for ${process.arch}`);
if (spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status !== 0)
  fail(`${compiler} is not here`, 'apt-get install clang libclang-rt-dev   (Debian 12: libclang-rt-14-dev)');

const common = [
  '-std=gnu11',
  '-g',
  '-O1',
  '-fno-omit-frame-pointer',
  '-fno-sanitize-recover=all',
  '-Wall',
  '-Wextra',
  '-Werror',
];
const checked = [...common, '-fsanitize=fuzzer-no-link,address,undefined', '-DTHUBAN_BUILD="fuzz"'];
// Without edges of its own: what is counted is the launcher's.
const aside = [...common, '-fsanitize=address', '-Wno-unused-parameter', '-Wno-missing-field-initializers'];

function run(command, args) {
  return new Promise((done) => {
    // What is left of memory the fake kernel knows; the sanitizer would need a process of its own to look.
    const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => done({ code: -1, output: error.message }));
    child.on('close', (code) => done({ code, output }));
  });
}

async function compile(object, args) {
  const { code, output } = await run(compiler, [...args, '-c', '-o', object]);
  if (code !== 0)
    fail(`${compiler} cannot build ${basename(object)}:\n${output}`, 'apt-get install libclang-rt-14-dev');
  return object;
}

/** All objects, two at a time: [name of the object, arguments]. */
async function compileAll(wanted) {
  const waiting = [...wanted];
  const one = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await compile(...next);
  };
  await Promise.all([one(), one()]);
}

const kernelParts = readdirSync(join(tests, 'kernel')).filter((name) => name.endsWith('.c'));
const objectOf = (folder, name) => join(out, `${folder}-${basename(name, '.c')}.o`);

/** Nothing may reach the real kernel: as root it would mount, kill and remove. What kernel.h replaces is not asked of the libc. */
function checkCalls(parts) {
  const replaced = new Set(
    [...readFileSync(join(tests, 'kernel.h'), 'utf8').matchAll(/\bk_(\w+);/g)].map(([, name]) => name),
  );
  // What says nothing to the kernel. The others begin with two underscores: the sanitizers' own, errno, sscanf.
  const harmless =
    /^(k_\w+|_setjmp|setjmp|abort|mem\w+|str\w+|snprintf|fwrite|fprintf|std\w+|sig\w+set|bcmp|__\w+|_GLOBAL\w+)$/;
  const own = new Set();
  const wanted = new Map();
  for (const part of parts) {
    const listed = spawnSync('nm', [objectOf('part', part)], { encoding: 'utf8' });
    if (listed.status !== 0) fail(`nm cannot read ${part}.o`, 'apt-get install binutils');
    for (const [, kind, name] of listed.stdout.matchAll(/^[0-9a-f ]{16} (\w) (\S+)$/gm))
      if (kind === 'U') wanted.set(name, part);
      else own.add(name);
  }
  for (const [name, part] of wanted)
    if (!own.has(name) && (replaced.has(name) || !harmless.test(name)))
      fail(
        `${part}.c calls \`${name}\` of the libc`,
        'give the fake kernel in test/fuzz/kernel one, and name it in kernel.h',
      );
}

async function build() {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(failed, { recursive: true });
  const seeds = await run(process.execPath, ['--import', 'tsx', 'scripts/fuzz/seeds.ts', join(out, 'corpus')]);
  if (seeds.code !== 0) fail(`the first inputs cannot be made:\n${seeds.output}`, 'npm ci');
  const parts = [...new Set(chosen.flatMap((harness) => harness.parts))];
  const asides = [...new Set(chosen.flatMap((harness) => harness.aside))];
  const renamed = (part) => join(tests, part === 'bare' ? 'bare-names.h' : 'kernel.h');
  const include = ['-I', join(out, 'corpus'), '-I', source];
  await compileAll([
    ...parts.map((part) => [
      objectOf('part', part),
      [...checked, ...include, '-include', renamed(part), join(source, `${part}.c`)],
    ]),
    ...kernelParts.map((name) => [objectOf('kernel', name), [...aside, join(tests, 'kernel', name)]]),
    ...asides.map((name) => [objectOf('test', name), [...aside, ...include, join(tests, `${name}.c`)]]),
  ]);
  checkCalls(parts.filter((part) => part !== 'bare'));
  for (const { name, parts: mine, aside: also } of chosen) {
    const objects = [...mine.map((part) => objectOf('part', part)), ...also.map((part) => objectOf('test', part))];
    const world = mine.includes('bare')
      ? ['-Wl,-z,muldefs'] // it has a _start of its own
      : [...kernelParts.map((part) => objectOf('kernel', part)), '-Wl,-T', join(tests, 'sections.ld')];
    const { code, output } = await run(compiler, [
      '-fsanitize=fuzzer,address,undefined', '-o', join(out, name), ...objects, ...world,
    ]); // prettier-ignore
    if (code !== 0) fail(`${compiler} cannot link ${name}:\n${output}`, 'apt-get install libclang-rt-14-dev');
  }
}

/** The places of a stack by name: the fuzzed program itself may start no symbolizer (see LLVMFuzzerInitialize). */
function named(program, output) {
  const places = [...new Set([...output.matchAll(/\((?:[^()]*)\+(0x[0-9a-f]+)\)/g)].map(([, place]) => place))];
  const { status, stdout } = spawnSync('addr2line', ['-f', '-p', '-i', '-s', '-e', program], {
    input: places.join('\n'),
    encoding: 'utf8',
  });
  if (status !== 0) return output;
  const names = new Map(
    stdout
      .split('\n')
      .filter((line) => !line.startsWith(' ('))
      .map((line, i) => [places[i], line]),
  );
  return output.replace(/\(([^()]*)\+(0x[0-9a-f]+)\)/g, (whole, file, place) => `${names.get(place) ?? ''} ${whole}`);
}

async function fuzz({ name, edges }) {
  const began = Date.now();
  const kept = join(tests, 'seeds', name);
  const { code, output } = await run(join(out, name), [
    join(out, 'corpus', name), ...(existsSync(kept) ? [kept] : []), `-max_total_time=${seconds}`, '-max_len=16384', '-timeout=20',
    '-rss_limit_mb=2048', '-detect_leaks=0', '-print_final_stats=1', `-artifact_prefix=${join(failed, `${name}-`)}`,
  ]); // prettier-ignore
  const number = (pattern) => Number([...output.matchAll(pattern)].pop()?.[1] ?? 0);
  const reached = number(/ cov: (\d+)/g);
  const executions = number(/stat::number_of_executed_units:\s*(\d+)/g);
  const took = ((Date.now() - began) / 1000).toFixed(0);
  let result = 'ok';
  if (code !== 0) result = 'FAILED';
  else if (reached < edges) result = `FAILED: at least ${edges} edges were expected, so the harness is broken`;
  console.log(`${name.padEnd(8)} ${executions} executions, ${reached} edges, ${took} s: ${result}`);
  if (code !== 0) {
    console.log(named(join(out, name), output).split('\n').slice(-80).join('\n'));
    console.log(`To see it again: ${join(out, name)} FILE of ${failed}`);
  }
  return result === 'ok';
}

await build();
const results = [];
for (const harness of chosen) results.push(await fuzz(harness));
process.exit(results.every(Boolean) ? 0 : 1);
