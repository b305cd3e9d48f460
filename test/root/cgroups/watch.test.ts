import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, readlinkSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { facts, fs, skipUnless, TOP } from './board.ts';

const needsTree = skipUnless(1) === false || skipUnless(2) === false ? facts.unified === undefined : true;
const skip = needsTree ? 'needs root and a cgroup2 filesystem' : false;

/** Numbers of descriptors of this process that are inotify instances. */
function instances(): string[] {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('inotify');
    } catch {
      return false; // that of this look itself
    }
  });
}

function watches(instance: string): number {
  return readFileSync(`/proc/self/fdinfo/${instance}`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('inotify')).length;
}

async function inGroups(count: number, body: (paths: string[]) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    const top = join(facts.unified?.mountpoint ?? '', TOP);
    const paths = Array.from({ length: count }, (_, i) => join(top, String(i)));
    for (const path of [top, ...paths]) mkdirSync(path);
    try {
      await body(paths);
    } finally {
      for (const path of [...paths, top]) rmdirSync(path);
    }
  });
}

test('200 groups are watched through one inotify instance, and nothing is left of it', { skip }, async () => {
  await inGroups(200, async (paths) => {
    const [before] = instances();
    assert.equal(instances().length, 1, 'that of leavesNothingBehind');
    const already = watches(before ?? '');
    const open = paths.map((path) => fs.watch(`${path}/cgroup.events`, () => undefined));
    assert.deepEqual(instances(), [before]);
    assert.equal(watches(before ?? ''), already + 200);
    for (const watch of open) watch.close();
    await until('no watch is left', () => watches(before ?? '') === already);
  });
});

test('a look at what is watched is no change of it', { skip }, async () => {
  await inGroups(1, async ([path = '']) => {
    const file = `${path}/cgroup.events`;
    let changes = 0;
    const watch = fs.watch(file, () => {
      changes++;
      fs.read(file); // would be heard again for ever, if it were
    });
    for (let i = 0; i < 20; i++) fs.read(file);
    fs.write(`${path}/cgroup.freeze`, '1'); // which changes `frozen`
    await until('the change is seen', () => changes > 0);
    await new Promise((done) => setTimeout(done, 300));
    assert.ok(changes <= 2, String(changes));
    watch.close();
    fs.write(`${path}/cgroup.freeze`, '0');
  });
});
