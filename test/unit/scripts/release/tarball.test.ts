import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SHIPPED, versionOf } from '../../../../scripts/release/source.ts';
import { needCompilers, ownTarget, targetOf } from '../../../../scripts/release/targets.ts';
import { command } from '../../../../scripts/vm/command.ts';
import { temporaryFolder } from '../../../support/folders.ts';
import { filesBelow } from '../../../support/imports.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const VERSION = versionOf(ROOT);
const TARGET = ownTarget();
const DATE = 1_700_000_000;

/** Why there is no release to look at here. */
function reason(): string | false {
  if (TARGET === undefined) return `there is no release for ${process.arch}`;
  try {
    needCompilers([targetOf(TARGET)]);
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

const skip = reason();

/** Makes the release for this machine, as who has `umask`, called from `cwd`. */
async function make(out: string, umask: string, cwd: string): Promise<void> {
  const script = join(ROOT, 'scripts/release.mjs');
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(DATE), TZ: umask === '077' ? 'Asia/Tokyo' : 'UTC' };
  const words = [process.execPath, script, '--arch', TARGET ?? '', '--out', out];
  await command('sh', ['-c', 'umask "$0" && exec "$@"', umask, ...words], { cwd, env });
}

describe('a release', { skip }, () => {
  const name = `thuban-${VERSION}-linux-${TARGET ?? ''}.tar.gz`;
  const folder = temporaryFolder();
  const first = join(folder.path, 'first');
  const top = join(folder.path, `thuban-${VERSION}`);

  before(async () => {
    await make(first, '022', ROOT);
    await command('tar', ['-xzpf', join(first, name), '-C', folder.path]);
  });
  after(() => {
    folder[Symbol.dispose]();
  });

  test('is the same, byte by byte, whoever makes it and wherever he is', async () => {
    const second = join(folder.path, 'second');
    await make(second, '077', folder.path);
    for (const file of [name, 'SHA256SUMS'])
      assert.ok(readFileSync(join(first, file)).equals(readFileSync(join(second, file))), file);
  });

  test('has its sum beside it', async () => {
    assert.deepEqual(readdirSync(first).sort(), ['SHA256SUMS', name]);
    await command('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: first });
  });

  test('has one folder with what a board needs, and nothing else of the checkout', () => {
    const shipped = SHIPPED.flatMap((path) =>
      path.includes('.') || path === 'LICENSE' ? [path] : filesBelow(ROOT, path),
    );
    const made = [
      'THIRD-PARTY',
      'bin/thuban',
      ...['thuban.mjs', 'thuban-launcher', 'thuban-init'].map((each) => `lib/${each}`),
    ];
    const found = readdirSync(top, { recursive: true, encoding: 'utf8' });
    const files = found.filter((path) => !lstatSync(join(top, path)).isDirectory());
    assert.deepEqual(files.sort(), [...made, ...shipped].sort());
    assert.ok(shipped.includes('examples/systemd/thuban.service') && shipped.includes('schemas/manifest.schema.json'));
  });

  test('belongs to root, can be changed by nobody else, and carries the time it was given', async () => {
    const lines = (
      await command('tar', ['-tvzf', join(first, name), '--numeric-owner', '--utc', '--full-time'])
    ).trim();
    for (const line of lines.split('\n')) {
      const [mode = '', owner, , day, time, path = ''] = line.split(/ +/);
      assert.deepEqual([owner, day, time], ['0/0', '2023-11-14', '22:13:20'], path);
      const isProgram = /\/lib\/.|\/greet\.sh$/.test(path);
      const expected = path.endsWith('/')
        ? 'drwxr-xr-x'
        : path.endsWith('bin/thuban')
          ? 'lrwxrwxrwx'
          : isProgram
            ? '-rwxr-xr-x'
            : '-rw-r--r--';
      assert.equal(mode, expected, path);
    }
  });

  test('runs from where it was unpacked', async () => {
    const environment = { cwd: '/', env: { PATH: `${join(top, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin` } };
    assert.match(await command('thuban', ['version'], environment), new RegExp(`^thuban ${VERSION} `));
    const examples = join(top, 'examples/manifests');
    assert.match(await command('thuban', ['validate', examples], environment), / 0 errors/);
  });

  test('has native programs for its architecture that need nothing of the board', () => {
    for (const program of ['thuban-launcher', 'thuban-init']) {
      const text = readFileSync(join(top, 'lib', program));
      assert.equal(text.readUInt16LE(18), targetOf(TARGET!).machine);
      assert.equal(text.includes('/ld-linux'), false, `${program} is not static`);
    }
  });

  test('says what of others is in it, with their licences', () => {
    const text = readFileSync(join(top, 'THIRD-PARTY'), 'utf8');
    const bundle = readFileSync(join(top, 'lib/thuban.mjs'), 'utf8');
    const packages = [...text.matchAll(/^ {2}(\S+) \d\S*, (\S+)$/gm)].map(([, each = '']) => each);
    for (const each of ['commander', 'pino', 'yaml']) assert.ok(packages.includes(each), each);
    // Every package whose modules esbuild names in the bundle.
    for (const [, each = ''] of bundle.matchAll(/"node_modules\/((?:@[^/"]+\/)?[^/"]+)\//g))
      assert.ok(packages.includes(each), each);
    assert.match(text, /GNU C Library 2\.\d+, LGPL-2\.1-or-later/);
    assert.match(text, /Permission to use, copy, modify/); // ISC, of yaml
    assert.match(text, /GNU LESSER GENERAL PUBLIC LICENSE/);
  });

  test('has pages whose links lead to something in it', () => {
    for (const page of filesBelow(top, '.').filter((path) => path.endsWith('.md'))) {
      const text = readFileSync(join(top, page), 'utf8').replaceAll(/```.*?```/gs, '');
      for (const [, link = ''] of text.matchAll(/\]\(([^)\s#]+)/g))
        assert.ok(/^https?:/.test(link) || existsSync(join(top, dirname(page), link)), `${page}: ${link}`);
    }
  });
});

test('what cannot be made is told in one sentence, with what helps', () => {
  const run = (args: string[], env: NodeJS.ProcessEnv = {}): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [join(ROOT, 'scripts/release.mjs'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  assert.deepEqual(
    [run(['--arch', 'vax']).status, run(['--arch', 'vax']).stderr.split('\n')[0]],
    [2, 'release: --arch takes x86-64, aarch64, armhf, not `vax`'],
  );
  const missing = run([], { PATH: '/nowhere' });
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /^release: no compiler with a static C library: .*arm-linux-gnueabihf-gcc\n/);
  assert.match(missing.stderr, /hint: sudo apt-get install .*gcc-arm-linux-gnueabihf libc6-dev-armhf-cross\n$/);
});
