import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, renameSync, writeFileSync, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { RepositoryWatch, type WatchOptions } from '../../../src/runtime/repository/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { until } from '../../support/processes.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class Bench implements Disposable {
  readonly #temporary = temporaryFolder();
  readonly dir = join(this.#temporary.path, 'repository');
  readonly changed: string[] = [];
  readonly problems: string[] = [];
  looks = 0;
  unsettled = false;
  readonly watch: RepositoryWatch;

  constructor(options: Partial<WatchOptions> = {}) {
    mkdirSync(this.dir);
    this.watch = new RepositoryWatch({
      dirs: [this.dir],
      debounce: 0.05,
      rescan: 3600,
      onDue: () => {
        this.looks++;
        const { unsettled } = this;
        this.unsettled = false;
        return Promise.resolve(unsettled);
      },
      onChange: (_dir, name) => this.changed.push(name),
      onProblem: (message) => this.problems.push(message),
      ...options,
    });
    this.watch.start();
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]();
    this.#temporary[Symbol.dispose]();
  }
}

/** A kernel that accepts to tell of changes, and never does. */
const silent = (() => Object.assign(new EventEmitter(), { close: () => undefined }) as unknown as FSWatcher) as never;

describe('a watched folder', () => {
  test('is looked at once after a burst of changes, and not for files that are none of ours', async () => {
    using bench = new Bench();
    await until('it has begun', () => bench.looks === 1);
    for (let i = 0; i < 1000; i++) writeFileSync(join(bench.dir, `${i}.yaml`), 'x');
    await until('it was seen', () => bench.looks > 1);
    await pause(300);
    assert.ok(bench.looks <= 3, `${bench.looks - 1} looks for a thousand files`);
    const before = bench.looks;
    for (const name of ['.hidden.yaml', 'notes.txt', 'a.yaml~']) writeFileSync(join(bench.dir, name), 'x');
    await pause(300);
    assert.equal(bench.looks, before);
  });

  test('is looked at again when something has not held still', async () => {
    using bench = new Bench();
    bench.unsettled = true;
    await until('it was looked at again', () => bench.looks === 2);
    await pause(200);
    assert.equal(bench.looks, 2);
  });

  test('is found by the rescan alone where the kernel does not tell', async () => {
    using bench = new Bench({ watch: silent, rescan: 0.1 });
    await until('it was looked at', () => bench.looks > 3);
    assert.deepEqual(bench.changed, []);
  });

  test('is watched again when it was removed and made anew', async () => {
    using bench = new Bench({ rescan: 0.1 });
    await until('it has begun', () => bench.looks > 0);
    renameSync(bench.dir, `${bench.dir}.old`);
    await until('it is missed', () => !bench.watch.isWatched(bench.dir));
    mkdirSync(bench.dir);
    await until('it is watched', () => bench.watch.isWatched(bench.dir));
    writeFileSync(join(bench.dir, 'new.yaml'), 'x');
    await until('a change is heard', () => bench.changed.includes('new.yaml'));
  });

  test('that is not there yet is looked at as soon as it is made, also deep below what is there', async () => {
    using folder = temporaryFolder();
    const dir = join(folder.path, 'lib', 'repository');
    using bench = new Bench({ dirs: [dir] });
    await until('it has begun', () => bench.looks === 1);
    writeFileSync(join(folder.path, 'other'), 'x');
    await pause(200);
    assert.deepEqual([bench.looks, bench.watch.isWatched(dir)], [1, false]);
    mkdirSync(join(folder.path, 'lib'));
    await until('it was looked for', () => bench.looks === 2);
    mkdirSync(dir);
    await until('it is watched', () => bench.watch.isWatched(dir));
    writeFileSync(join(dir, 'new.yaml'), 'x');
    await until('a change is heard', () => bench.changed.includes('new.yaml'));
    assert.deepEqual(bench.problems, []);
  });

  test('that cannot be watched is told of once', async () => {
    const refuse = (() => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    }) as never;
    using bench = new Bench({ watch: refuse, rescan: 0.05 });
    await until('it was looked at', () => bench.looks > 3);
    assert.equal(bench.problems.length, 1);
    assert.match(bench.problems[0] ?? '', /are seen only every 0.05 s: no space left on device/);
    assert.equal(bench.watch.isWatched(bench.dir), false);
  });

  test('is looked at no more when it is disposed of, and a look that throws is told', async () => {
    using bench = new Bench({ rescan: 0.05, onDue: () => Promise.reject(new Error('full')) });
    await until('it was told', () => bench.problems.some((problem) => problem.includes('full')));
    bench.watch[Symbol.dispose]();
    await pause(100);
    const told = bench.problems.length;
    await pause(200);
    assert.equal(bench.problems.length, told);
  });
});
