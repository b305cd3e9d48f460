import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { RepositoryFolder, type Look } from '../../../src/runtime/repository/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const manifest = (name: string, init = '/bin/true'): string =>
  `name: ${name}\nversion: 1.0.0\nuid: 1000\ngid: 1000\nrootfs: host\ninit: ${init}\n`;

class Bench implements Disposable {
  readonly #temporary = temporaryFolder();
  readonly clock = new ManualClock();
  readonly dir = this.#temporary.path;
  readonly folder = new RepositoryFolder(this.dir, { settle: 500, clock: this.clock });

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text, { mode: 0o644 });
  }

  /** What is in force after so many milliseconds: `name init`, or `name !` for what is rejected. */
  async after(ms: number): Promise<{ told: string[]; look: Look }> {
    await this.clock.advance(ms);
    const look = await this.folder.look();
    const told = look.files.map((content) =>
      'diagnostics' in content ? `${content.name ?? '?'} !` : `${content.manifest.name} ${content.manifest.init ?? ''}`,
    );
    return { told, look };
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }
}

describe('a file of a folder', () => {
  test('counts when two looks, the time to settle apart, found it unchanged', async () => {
    using bench = new Bench();
    bench.write('a.yaml', manifest('a'));
    const first = await bench.after(0);
    assert.deepEqual([first.told, first.look.unsettled], [[], [join(bench.dir, 'a.yaml')]]);
    assert.deepEqual((await bench.after(499)).told, []);
    const last = await bench.after(1);
    assert.deepEqual([last.told, last.look.unsettled], [['a /bin/true'], []]);
  });

  test('that is written on and on leaves its last version in force', async () => {
    using bench = new Bench();
    bench.write('a.yaml', manifest('a'));
    await bench.after(0);
    await bench.after(500);
    bench.write('a.yaml', '');
    for (let i = 0; i < 5; i++) {
      appendFileSync(join(bench.dir, 'a.yaml'), `# ${i}\n`);
      const { told, look } = await bench.after(400);
      assert.deepEqual([told, look.unsettled.length], [['a /bin/true'], 1]);
    }
    assert.deepEqual((await bench.after(500)).told, ['? !']);
  });

  test('that was noted when it changed counts at the first look', async () => {
    using bench = new Bench();
    bench.write('a.yaml', manifest('a'));
    bench.folder.note('a.yaml');
    assert.deepEqual((await bench.after(500)).told, ['a /bin/true']);
    bench.write('a.yaml', manifest('a', '/bin/false'));
    bench.folder.note('a.yaml');
    assert.deepEqual((await bench.after(500)).told, ['a /bin/false']);
  });

  test('that is gone for a moment is not gone', async () => {
    using bench = new Bench();
    const file = join(bench.dir, 'a.yaml');
    bench.write('a.yaml', manifest('a'));
    await bench.after(0);
    await bench.after(500);
    renameSync(file, `${file}.old`);
    const { told, look } = await bench.after(0);
    assert.deepEqual([told, look.unsettled], [['a /bin/true'], [file]]);
    renameSync(`${file}.old`, file);
    await bench.after(100);
    assert.deepEqual((await bench.after(500)).told, ['a /bin/true']);
    rmSync(file);
    await bench.after(0);
    assert.deepEqual((await bench.after(500)).told, []);
  });

  test('that is renamed is never gone, also when its old name is seen to go before the new one comes', async () => {
    using bench = new Bench();
    bench.write('a.yaml', manifest('a'));
    await bench.after(0);
    await bench.after(500);
    renameSync(join(bench.dir, 'a.yaml'), join(bench.dir, 'b.yaml'));
    bench.folder.note('a.yaml');
    await bench.clock.advance(100);
    bench.folder.note('b.yaml');
    const { told, look } = await bench.after(450);
    assert.deepEqual([told, look.unsettled.length], [['a /bin/true'], 2]);
    assert.deepEqual((await bench.after(50)).told, ['a /bin/true']);
  });

  test('that is as it was is not read again, and one that goes back in time is', async () => {
    using bench = new Bench();
    bench.write('a.yaml', manifest('a'));
    await bench.after(0);
    const [before] = (await bench.after(500)).look.files;
    assert.equal((await bench.after(500)).look.files[0], before);
    utimesSync(join(bench.dir, 'a.yaml'), 0, 0);
    await bench.after(0);
    const [after] = (await bench.after(500)).look.files;
    assert.notEqual(after, before);
    assert.ok(before !== undefined && after !== undefined && before.digest === after.digest);
  });
});

describe('a folder', () => {
  test('that cannot be used for a while is not read anew', async () => {
    using bench = new Bench();
    bench.write('a.yaml', manifest('a'));
    await bench.after(0);
    const [before] = (await bench.after(500)).look.files;
    chmodSync(bench.dir, 0o777);
    const { look } = await bench.after(500);
    assert.deepEqual([look.files, look.problem?.code], [[], 'TH5010']);
    chmodSync(bench.dir, 0o755);
    assert.equal((await bench.after(0)).look.files[0], before);
  });

  test('takes files as they are for whoever says that they are complete, the first time', async () => {
    using bench = new Bench();
    bench.write('a.yaml', manifest('a'));
    bench.write('b.yaml', manifest('b'));
    const { files, unsettled } = await bench.folder.look((file) => file.endsWith('a.yaml'));
    assert.equal(files.length, 1);
    assert.deepEqual(unsettled, [join(bench.dir, 'b.yaml')]);
  });
});
