import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Cli, manifestFile, type CliEnd, type CliOptions } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

interface Trial extends CliOptions {
  flags?: string[];
  sections?: Partial<Manifest>;
  act?: (cli: Cli) => void | Promise<void>;
}

/** `thuban run` of a shell script. */
async function run(script: string, { flags = [], sections = {}, act, ...options }: Trial = {}): Promise<CliEnd> {
  let end: CliEnd | undefined;
  await leavesNothingBehind(async () => {
    using folder = temporaryFolder();
    using cli = new Cli(['run', ...flags, manifestFile(folder.path, script, sections)], options);
    await act?.(cli);
    end = await cli.ended;
  });
  assert.ok(end);
  return end;
}

describe('thuban run', needsRoot(), () => {
  test('prints what the program prints and ends with its code', async () => {
    const fine = await run('echo out; echo err >&2');
    assert.deepEqual([fine.code, fine.stdout, fine.stderr], [0, 'out\n', 'err\n']);
    const failed = await run('printf "no end"; exit 42');
    assert.deepEqual([failed.code, failed.stdout], [42, 'no end']);
    assert.match(failed.stderr, /^thuban: test:1\.0\.0 exited: code 42, after /);
  });

  test('ends with 128 and the signal', async () => {
    for (const [signal, code] of [
      ['TERM', 143],
      ['KILL', 137],
      ['SEGV', 139],
    ] as const) {
      const end = await run(`kill -${signal} $$`);
      assert.equal(end.code, code);
      assert.match(end.stderr, new RegExp(`killed by SIG${signal}`));
    }
  });

  test('tells an out-of-memory kill with its cause', async () => {
    await leavesNothingBehind(async () => {
      using cli = new Cli(['run', '--once', resolve(import.meta.dirname, '../../../examples/manifests/03-oom.yaml')]);
      const end = await cli.ended;
      assert.equal(end.code, 137);
      assert.match(end.stderr, /^thuban: oom:1\.0\.0 oom: own limit of 32 MiB reached, killed by the kernel$/m);
      assert.match(end.stderr, /exited: OOM/);
    });
  });

  test('ends with 127 for a program that is not there, 126 for one that cannot be executed, 125 for all else', async () => {
    const place = /test\.yaml:\d+:\d+/;
    const absent = await run('', { sections: { init: '/bin/absent' } });
    assert.deepEqual([absent.code, absent.stdout], [127, '']);
    assert.match(absent.stderr, /^error\[TH3001\]: .*\/bin\/absent/);
    assert.match(absent.stderr, place);
    const folder = await run('', { sections: { init: '/usr' } });
    assert.equal(folder.code, 126);
    assert.match(folder.stderr, /^error\[TH3003\]/);
    const source = await run('', { sections: { mounts: { '/data': { type: 'bind', host: '/nowhere' } } } });
    assert.equal(source.code, 125);
    assert.match(source.stderr, /^error\[TH3005\]/);
    assert.match(source.stderr, place);
  });

  test('refuses a manifest that is wrong or missing with 125', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, 'wrong.yaml');
      writeFileSync(file, 'name: wrong\nversion: 1.0.0\nuid: 1\ngid: 1\ninitt: /bin/sh\n');
      const wrong = await new Cli(['run', file]).ended;
      assert.deepEqual([wrong.code, wrong.stdout], [125, '']);
      assert.match(wrong.stderr, /wrong\.yaml:5:1: .*TH1102.*initt/);
      const missing = await new Cli(['run', join(folder.path, 'missing.yaml')]).ended;
      assert.equal(missing.code, 125);
      assert.match(missing.stderr, /missing\.yaml/);
    });
  });

  test('--json prints events and output as one JSON text a line', async () => {
    const end = await run('echo out; echo err >&2; printf "no end"; exit 5', { flags: ['--json'] });
    assert.equal(end.code, 5);
    assert.ok(end.stdout.endsWith('\n'));
    const seen = end.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const output = seen
      .filter((entry) => 'line' in entry)
      .map(({ stream, line }) => `${String(stream)} ${String(line)}`);
    assert.deepEqual(output.sort(), ['stderr err', 'stdout no end', 'stdout out']);
    const types = seen.flatMap((entry) => (typeof entry['type'] === 'string' ? [entry['type']] : []));
    assert.deepEqual(types, ['state', 'state', 'started', 'exited', 'state']);
    for (const { time } of seen) assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const exited = seen.findIndex(({ type }) => type === 'exited');
    assert.ok(
      seen.every((entry, at) => !('line' in entry) || at < exited),
      'all output comes before the exit',
    );
    const failed = await run('', { flags: ['--json'], sections: { init: '/bin/absent' } });
    assert.equal(failed.code, 127);
    const error = (JSON.parse(failed.stderr) as { error: Record<string, unknown> }).error;
    assert.deepEqual([error['code'], error['name']], ['TH3001', 'init_not_found']);
  });

  test('does not lend the program its input', async () => {
    const end = await run('cat; echo "end of input"', { act: (cli) => void cli.process.stdin?.write('secret\n') });
    assert.equal(end.stdout, 'end of input\n');
  });

  test('runs the same manifest twice at once, each in groups of its own', async () => {
    await leavesNothingBehind(async () => {
      using folder = temporaryFolder();
      const file = manifestFile(folder.path, "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done", {
        cgroups: { pids: { limit: 5 } },
      });
      const both = [new Cli(['run', file]), new Cli(['run', file])];
      for (const cli of both) await cli.saw('ready');
      for (const cli of both) cli.signal('SIGTERM');
      for (const cli of both) assert.equal((await cli.ended).code, 0);
    });
  });
});
