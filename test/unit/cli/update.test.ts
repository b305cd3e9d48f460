import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../../support/folders.ts';
import { thuban, withConsole } from './support.ts';

const SECTION = 'cgroups:\n  memory:\n    memory_hard_limit: 128 MiB\n';

describe('update', () => {
  test('sends a section, says what changed, and that it is not what the manifest says', () =>
    withConsole({}, async (bench) => {
      using folder = temporaryFolder();
      const file = join(folder.path, 'limits.yaml');
      writeFileSync(file, SECTION);
      const { code, stdout, stderr } = await thuban(bench, 'update', 'camera', '--file', file);
      assert.equal(code, 0, stderr);
      assert.equal(
        stdout,
        'camera:2.1.0 limits changed in 3 ms\n    cgroups.memory.memory_hard_limit 96 MiB -> 128 MiB\n',
      );
      assert.match(stderr, /not those of its manifest/);
      assert.deepEqual(bench.control.calls.at(-1), {
        action: 'update',
        name: 'camera',
        options: { cgroups: { memory: { memory_hard_limit: 134_217_728 } } },
      });
    }));

  test('does nothing in a dry run', () =>
    withConsole({}, async (bench) => {
      using folder = temporaryFolder();
      const file = join(folder.path, 'limits.yaml');
      writeFileSync(file, SECTION);
      const { code, stdout, stderr } = await thuban(bench, 'update', 'camera', '--file', file, '--dry-run');
      assert.equal(code, 0);
      assert.match(stdout, /^camera:2\.1\.0 live, no restart\n/);
      assert.match(stderr, /nothing was done/);
    }));

  test('asks before it forces, and refuses where nobody can be asked', () =>
    withConsole({}, async (bench) => {
      using folder = temporaryFolder();
      const file = join(folder.path, 'limits.yaml');
      writeFileSync(file, SECTION);
      const { code, stderr } = await thuban(bench, 'update', 'camera', '--file', file, '--force');
      assert.equal(code, 2);
      assert.match(stderr, /error\[TH6009\]: this would let the kernel kill in camera what does not fit/);
      assert.equal(bench.control.calls.filter(({ action }) => action === 'update').length, 0);
      assert.equal((await thuban(bench, 'update', 'camera', '--file', file, '--force', '--yes')).code, 0);
      assert.equal((bench.control.calls.at(-1)?.options as { force?: boolean }).force, true);
    }));

  test('refuses a file that is wrong, or is the manifest of another container', () =>
    withConsole({}, async (bench) => {
      using folder = temporaryFolder();
      const file = join(folder.path, 'limits.yaml');
      writeFileSync(file, SECTION.replace('128 MiB', '64 Megs'));
      const wrong = await thuban(bench, 'update', 'camera', '--file', file);
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /limits\.yaml:3:24: error TH1202/);
      writeFileSync(file, `name: other\nversion: 1.0.0\nuid: 1000\ngid: 1000\ninit: /bin/a\n${SECTION}`);
      const other = await thuban(bench, 'update', 'camera', '--file', file);
      assert.equal(other.code, 2);
      assert.match(other.stderr, /is the manifest of `other`, not of `camera`/);
      assert.equal((await thuban(bench, 'update', 'camera')).code, 2);
      assert.deepEqual(
        bench.control.calls.filter(({ action }) => action === 'update'),
        [],
      );
    }));
});
