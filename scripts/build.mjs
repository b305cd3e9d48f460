#!/usr/bin/env node
// Builds dist/: thuban.mjs (daemon and CLI in one file) and the two native programs beside it; test/thuban.mjs is the same
// with the places at which tests let a daemon die.
//   node scripts/build.mjs [--if-stale] [--out FOLDER] [--only bundle|native] [--metafile FILE]
// --only makes thuban.mjs alone, or the native programs alone; --metafile says what of which source is in thuban.mjs.
// CC names another compiler, for example of another architecture.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync } from 'node:zlib';

const root = resolve(import.meta.dirname, '..');
const text = { type: 'string' };
const { values: options } = parseArgs({
  options: { 'if-stale': { type: 'boolean' }, out: text, only: text, metafile: text },
});
const dist = resolve(options.out ?? join(root, 'dist'));
const native = join(root, 'src/launcher');
const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

/**
 * Seconds since 1970 of what is built: SOURCE_DATE_EPOCH, or the newest commit, so that the same sources give the same bundle; without
 * either the present time. A board's clock that is earlier is not set.
 */
function buildDate() {
  const given = process.env.SOURCE_DATE_EPOCH;
  if (given !== undefined) {
    if (!/^\d{1,12}$/.test(given))
      fail('TH7003', `SOURCE_DATE_EPOCH is \`${given}\`, not seconds since 1970`, 'unset it');
    return given;
  }
  const commit = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  if (commit.status === 0 && /^\d+\s*$/.test(commit.stdout)) return commit.stdout.trim();
  return String(Math.floor(Date.now() / 1000));
}

/** What `thuban schema` prints, by name, packed: see src/cli/schema.ts. */
function packedSchemas() {
  const names = ['manifest', 'config'];
  const texts = names.map((name) => [name, readFileSync(join(root, `schemas/${name}.schema.json`), 'utf8')]);
  return brotliCompressSync(JSON.stringify(Object.fromEntries(texts))).toString('base64');
}

const programs = {
  'thuban-launcher': [
    'main',
    'transport',
    'spawn',
    'container',
    'enter',
    'monitor',
    'reports',
    'rootless',
    'stage',
    'mounts',
    'network',
    'user',
    'sockets',
    'paths',
    'loop',
    'squashfs',
    'overlay',
    'dev',
    'keep',
    'hide',
    'devices',
    'image',
    'null',
    'syscalls',
    'teardown',
  ],
  'thuban-init': ['init', 'program', 'entered', 'terminal', 'bare'],
};
const outputs = ['thuban.mjs', 'test/thuban.mjs', ...Object.keys(programs)].map((name) => join(dist, name));

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isStale() {
  if (!outputs.every((path) => existsSync(path))) return true;
  const inputs = ['src', 'schemas', 'scripts/build.mjs', 'package.json'].map((path) => newest(join(root, path)));
  return Math.max(...inputs) > Math.min(...outputs.map((path) => statSync(path).mtimeMs));
}

function fail(code, message, hint) {
  console.error(`error[${code}]: ${message}${hint ? `\n  hint: ${hint}` : ''}`);
  process.exit(1);
}

function findCompiler() {
  const names = process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
  const found = names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found) return found;
  fail(
    'TH7002',
    `no C compiler found (looked for ${names.join(', ')}), needed to build the launcher`,
    'apt-get install gcc libc6-dev   (Alpine: apk add build-base)',
  );
}

/** What the compiler makes programs for, as it names it: `arm-linux-gnueabihf`. */
function targetOf(compiler) {
  return spawnSync(compiler, ['-dumpmachine'], { encoding: 'utf8' }).stdout.trim();
}

/**
 * Entries of the table in syscalls.c, in a folder of its own: every call that the kernel headers of this compiler know. What begins with two
 * capital words, or counts them, is no call.
 */
function listSystemCalls(compiler) {
  const folder = join(dist, 'made');
  const asked = spawnSync(compiler, ['-E', '-dM', '-x', 'c', '-'], {
    input: '#include <asm/unistd.h>\n',
    encoding: 'utf8',
  });
  const names = [...asked.stdout.matchAll(/^#define __NR_([a-z_][a-z0-9_]*) /gm)].map(([, name]) => name);
  const calls = names.filter((name) => !['syscalls', 'arch_specific_syscall'].includes(name)).sort();
  if (calls.length < 200)
    fail('TH7002', `${compiler} knows ${calls.length} system calls`, 'apt-get install linux-libc-dev');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'syscalls.inc'), calls.map((name) => `  { "${name}", __NR_${name} },\n`).join(''));
  return folder;
}

function compile(compiler, name, parts) {
  const flags = ['-std=gnu11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror', `-DTHUBAN_BUILD="${version}"`];
  // On 32 bits else, a file with an inode number above 2^32 cannot be looked at, and times end in 2038.
  flags.push('-D_FILE_OFFSET_BITS=64', '-D_TIME_BITS=64');
  flags.push(`-I${listSystemCalls(compiler)}`);
  // Thumb code keeps its frame pointer in the register that a system call's number goes to: see clone3_here in sys.h.
  if (targetOf(compiler).startsWith('arm')) flags.push('-marm');
  const output = join(dist, name);
  const sources = parts.map((part) => join(native, `${part}.c`));
  if (parts.includes('bare')) sources.push(`@${join(native, 'bare.flags')}`); // after the sources: it names a library
  // Under another name first: a running launcher keeps its old file.
  const result = spawnSync(compiler, [...flags, '-o', `${output}.new`, ...sources], {
    encoding: 'utf8',
  });
  if (result.status !== 0)
    fail('TH7002', `${compiler} cannot build ${name}:\n${result.stderr}`, 'apt-get install gcc libc6-dev');
  renameSync(`${output}.new`, output);
}

async function loadEsbuild() {
  try {
    return await import('esbuild');
  } catch {
    fail('TH7002', 'the packages that build Thuban are not installed', 'npm ci');
  }
}

/** `release`: without the places at which tests let a daemon die. */
async function bundle({ build }, name, release) {
  const output = join(dist, name);
  const begun = output.replace(/\.mjs$/, '.new.mjs');
  const { metafile } = await build({
    metafile: true,
    // Paths in the bundle begin here, wherever this was called.
    absWorkingDir: root,
    entryPoints: [join(root, 'src/main.ts')],
    // Under another name first: what works is not lost to a build that fails.
    outfile: begun,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'external',
    legalComments: 'none',
    // Flash is precious; names stay, so that a reported stack can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    define: {
      'process.env.THUBAN_BUILD_VERSION': JSON.stringify(version),
      'process.env.THUBAN_BUILD_DATE': JSON.stringify(builtAt),
      'process.env.THUBAN_BUILD_SCHEMAS': JSON.stringify(packedSchemas()),
      ...(release ? { 'process.env.THUBAN_BUILD_RELEASE': '"1"' } : {}),
    },
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as thubanCreateRequire } from 'node:module';\nconst require = thubanCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  renameSync(`${begun}.map`, `${output}.map`);
  chmodSync(begun, 0o755);
  renameSync(begun, output);
  return metafile;
}

if (options.only && !['bundle', 'native'].includes(options.only))
  fail('TH7002', `--only takes bundle or native, not \`${options.only}\``);
if (options['if-stale'] && !isStale()) process.exit(0);
try {
  mkdirSync(dist, { recursive: true });
  accessSync(dist, constants.W_OK);
} catch (error) {
  fail('TH7002', `cannot write to ${dist}: ${error.message}`, 'build as the owner of the checkout: npm run build');
}
const builtAt = buildDate();
if (options.only !== 'bundle') {
  const compiler = findCompiler();
  for (const [name, parts] of Object.entries(programs)) compile(compiler, name, parts);
}
if (options.only !== 'native') {
  const esbuild = await loadEsbuild();
  const metafile = await bundle(esbuild, 'thuban.mjs', true);
  if (options.metafile) writeFileSync(options.metafile, JSON.stringify(metafile));
  if (options.only !== 'bundle') await bundle(esbuild, 'test/thuban.mjs', false);
}
