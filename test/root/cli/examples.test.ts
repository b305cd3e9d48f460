import assert from 'node:assert/strict';
import { chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Cli, type CliEnd } from '../../support/cli.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { examples, packExample, planned, thubanIn } from '../../support/examples.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsImages } from '../../support/packages.ts';
import { needsRoot } from '../../support/root.ts';

/** `thuban run`; `ctrlC`: as soon as this text is seen. */
async function run(args: string[], options: { cwd?: string; ctrlC?: string } = {}): Promise<CliEnd> {
  let end: CliEnd | undefined;
  await leavesNothingBehind(async () => {
    using cli = new Cli(['run', ...args], { ...(options.cwd === undefined ? {} : { cwd: options.cwd }) });
    if (options.ctrlC !== undefined) {
      await cli.saw(options.ctrlC);
      cli.signal('SIGINT');
    }
    end = await cli.ended;
  });
  assert.ok(end);
  return end;
}

const manifest = (name: string): string => join(examples, 'manifests', `${name}.yaml`);

/** The folder of the checkout may be somebody's who lets others write: then its examples have no neighbours. */
function examplesOfRoot(): ReturnType<typeof temporaryFolder> {
  const folder = temporaryFolder();
  for (const name of readdirSync(join(examples, 'manifests')))
    writeFileSync(join(folder.path, name), readFileSync(manifest(name.replace('.yaml', ''))), { mode: 0o644 });
  return folder;
}

describe('the examples', needsRoot(), () => {
  test('do what they say', async () => {
    assert.match((await run([manifest('01-hello')])).stdout, /^Hello from hello:1\.0\.0\. I see 2 processes/);
    const crash = await run([manifest('04-crash')]);
    assert.deepEqual([crash.code, crash.stdout], [42, 'giving up on purpose\n']);
    const once = await run(['--once', manifest('05-restart')]);
    assert.deepEqual([once.code, once.stdout], [1, 'up\ndown\n']);
    const stop = await run([manifest('06-stop')], { ctrlC: 'press Ctrl-C' });
    assert.match(stop.stdout, /I heard you, and I stay/);
    assert.match((await run([manifest('07-pids')])).stdout, /^still here, and so is the board$/m);
    const blkio = await run([manifest('09-blkio')]);
    assert.deepEqual(
      [blkio.code, blkio.stdout.split('\n')[0]],
      [0, 'buffered: into the page cache, at the speed of memory'],
    );
    const network = await run([manifest('13-network')]);
    assert.deepEqual([network.code, network.stdout.replaceAll(' ', '')], [0, 'interfaces:\nlo\n']);
    const inner = await run([manifest('21-user-namespace')]);
    assert.match(
      inner.stdout,
      /I am user 0, .*: inner\nthe board calls me 300000\na device of the board I cannot make/,
    );
    const pressure = await run([manifest('19-pressure')]);
    assert.deepEqual([pressure.code, pressure.stdout], [0, 'slow, and still here\n']);
    assert.match(pressure.stderr, /^thuban: pressure:1\.0\.0 pressure: (level low|some|full): /);
  });

  test('14-persist counts its starts, and the next version goes on', async () => {
    using folder = temporaryFolder();
    const where = ['--data-dir', join(folder.path, 'data')];
    for (const number of [1, 2])
      assert.equal((await run([manifest('14-persist'), ...where])).stdout, `start number ${number}\n`);
    const next = join(folder.path, 'next.yaml');
    const text = readFileSync(manifest('14-persist'), 'utf8').replace('version: 1.0.0', 'version: 1.1.0');
    writeFileSync(next, text, { mode: 0o644 });
    assert.equal((await run([next, ...where])).stdout, 'start number 3\n');
  });

  test('15-device has a device, and says that it waits for the other one', async () => {
    const { code, stdout, stderr } = await run([manifest('15-device')]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^c\S+ 1 \S+ \S+ 1, 7 .* \/dev\/disk-full$/m);
    assert.match(stdout, /^that is how a full disk looks$/m);
    if (!existsSync('/dev/ttyUSB0')) assert.match(stderr, /^thuban: device:1\.0\.0 is waiting for \/dev\/ttyUSB0\n/);
  });

  test('that this version cannot execute are refused, and leave nothing', async () => {
    for (const name of planned) {
      const end = await run([manifest(name)]);
      assert.deepEqual([end.code, end.stdout], [125, ''], name);
      assert.match(end.stderr, /^error\[TH1107\]: /, name);
    }
  });

  test('18-console is answered by a daemon, and refused where there is none', async () => {
    const { code, stderr } = await run([manifest('18-console')]);
    assert.equal(code, 125);
    assert.match(stderr, /^error\[TH6001\]: the program wants a console, and only a daemon has one\n/);
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon();
      copyFileSync(manifest('18-console'), join(daemon.repository, 'console.yaml'));
      await daemon.start();
      await daemon.client.start('console');
      await daemon.reached('console', 'stopped');
      assert.match((await daemon.lines('console')).join('\n'), /^HTTP\/1.1 200 OK[^]*"id":"console:1.0.0"/);
    });
  });

  test('20-sockets talks to itself through its socket', async () => {
    const { code, stdout } = await run([manifest('20-sockets')]);
    assert.equal(code, 0);
    assert.match(stdout, /^a client reads: it is \w+ /);
  });

  test('10-cron runs once, and says that the schedule is for a daemon', async () => {
    const { code, stdout, stderr } = await run([manifest('10-cron')]);
    assert.equal(code, 0);
    assert.match(stdout, /^run at \d\d:\d\d:\d\d\n$/);
    assert.equal(stderr, 'thuban: cron:1.0.0 has a schedule, which only a daemon follows: it runs once, now\n');
  });

  test('17b-resource-user mounts the files of its neighbour, and cannot write there', async () => {
    using folder = examplesOfRoot();
    const { code, stdout, stderr } = await run(['17b-resource-user.yaml'], { cwd: folder.path });
    assert.equal(code, 1);
    assert.match(stdout, /^\d+ tools, the first one is \/opt\/tools\/\S+\n$/);
    assert.match(stderr, /touch: .*Read-only file system/);
    const resource = await run(['17-resource.yaml'], { cwd: folder.path });
    assert.equal(resource.code, 125);
    assert.match(resource.stderr, /^error\[TH6005\]: /);
    const text = readFileSync(join(folder.path, '17b-resource-user.yaml'), 'utf8');
    writeFileSync(join(folder.path, 'newer.yaml'), text.replace("version: '1.2'", "version: '2'"));
    const newer = await run(['newer.yaml'], { cwd: folder.path });
    assert.equal(newer.code, 125);
    assert.match(newer.stderr, /^error\[TH1402\]: no container satisfies `tools \^2` \(have 1\.2\.0\)/);
  });

  test('17b-resource-user has its neighbour in the checkout of an ordinary user, but not one of somebody else', async () => {
    using folder = examplesOfRoot();
    const path = join(folder.path, 'checkout');
    mkdirSync(path, { mode: 0o755 });
    for (const name of ['17-resource.yaml', '17b-resource-user.yaml']) {
      copyFileSync(manifest(name.replace('.yaml', '')), join(path, name));
      chownSync(join(path, name), 1000, 1000);
    }
    chownSync(path, 1000, 1000);
    assert.match((await run([join(path, '17b-resource-user.yaml')])).stdout, /^\d+ tools/);
    chownSync(join(path, '17-resource.yaml'), 1001, 1001);
    const other = await run([join(path, '17b-resource-user.yaml')]);
    assert.equal(other.code, 125);
    assert.match(other.stderr, /\(have none\): \S+17-resource\.yaml is not used, .* is owned by uid 1001\n/);
  });
});

describe('the examples of packages', needsImages(), () => {
  test('greeter is packed, signed, verified and run, and refused with another key', async () => {
    using folder = temporaryFolder();
    const { path } = folder;
    for (const key of ['acme', 'other']) assert.equal(thubanIn(path, 'key', 'generate', key).code, 0);
    assert.equal(packExample(path, 'greeter', '--key', 'acme.key').code, 0);
    const good = await run(['greeter-1.0.0.tar', '--key', 'acme.pub'], { cwd: path });
    assert.deepEqual([good.code, good.stderr], [0, '']);
    assert.equal(good.stdout, 'Hello from a package: I am greeter:1.0.0\nmy root is a squashfs, mounted ro\n');
    const unchecked = await run(['greeter-1.0.0.tar'], { cwd: path });
    assert.equal(unchecked.code, 0);
    assert.equal(unchecked.stderr, 'thuban: the signature of greeter-1.0.0.tar was not checked: no --key given\n');
    const wrong = await run(['greeter-1.0.0.tar', '--key', 'other.pub'], { cwd: path });
    assert.deepEqual([wrong.code, wrong.stdout], [125, '']);
    assert.match(wrong.stderr, /error TH5002/);
  });

  test('texts is packed, and its files are mounted by reader', async () => {
    using folder = temporaryFolder();
    assert.equal(packExample(folder.path, 'texts').code, 0);
    const reader = join(examples, 'packages/texts/reader.yaml');
    const { code, stdout, stderr } = await run([reader, '--repository', '.'], { cwd: folder.path });
    assert.deepEqual([code, stdout, stderr], [0, 'Packed once, mounted by many.\n', '']);
    const alone = await run([join(folder.path, 'texts-1.0.0.tar')]);
    assert.equal(alone.code, 125);
    assert.match(alone.stderr, /^error\[TH6005\]: /);
  });
});
