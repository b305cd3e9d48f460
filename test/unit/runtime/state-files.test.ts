import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ThubanError } from '../../../src/base/index.ts';
import { StateFiles } from '../../../src/runtime/state-files.ts';
import { temporaryFolder } from '../../support/folders.ts';

function filesIn(folder: string): { files: StateFiles; problems: ThubanError[] } {
  const problems: ThubanError[] = [];
  return { files: new StateFiles(folder, { onProblem: (error) => problems.push(error) }), problems };
}

describe('the state of containers', () => {
  test('is there for the next daemon, whatever the ids are', () => {
    using top = temporaryFolder();
    const long = 'x'.repeat(1024);
    const ids = ['a:1.0.0', 'A:1.0.0', '.hidden:1.0.0', '..:1', `${long}:1.0.0`, `${long}y:1.0.0`, 'a/b:1'];
    const { files, problems } = filesIn(top.path);
    for (const id of ids) files.save(id, { old: true });
    for (const id of ids) files.save(id, { id, restarts: 7, next: null });
    const next = filesIn(top.path);
    assert.deepEqual(next.files.load(), new Map(ids.map((id) => [id, { id, restarts: 7, next: null }])));
    for (const name of readdirSync(top.path)) assert.equal(statSync(join(top.path, name)).mode & 0o777, 0o600);
    for (const id of ids) files.remove(id);
    files.remove('never:1.0.0');
    assert.deepEqual(readdirSync(top.path), []);
    assert.deepEqual([...problems, ...next.problems], []);
  });

  test('is saved soon, unless another one comes first or the container goes', async () => {
    using top = temporaryFolder();
    const { files } = filesIn(top.path);
    files.saveSoon('a:1.0.0', 1);
    files.saveSoon('b:1.0.0', 1);
    files.saveSoon('c:1.0.0', 1);
    files.saveSoon('d:1.0.0', 1);
    assert.deepEqual(readdirSync(top.path), [], 'nobody waits for it');
    files.save('b:1.0.0', 2);
    files.remove('c:1.0.0');
    files.saveSoon('d:1.0.0', 2);
    await sleep(100);
    const expected = { 'a:1.0.0': 1, 'b:1.0.0': 2, 'd:1.0.0': 2 };
    assert.deepEqual(Object.fromEntries(files.load()), expected);
    files.saveSoon('a:1.0.0', 3);
    files.flush();
    assert.deepEqual(Object.fromEntries(files.load()), { ...expected, 'a:1.0.0': 3 });
    rmSync(join(top.path, 'a@1.0.0.json'));
    await sleep(100);
    assert.ok(!existsSync(join(top.path, 'a@1.0.0.json')), 'once');
  });

  const damages: [name: string, damage: (path: string) => void][] = [
    ['empty', (path) => { truncateSync(path, 0); }],
    ['torn', (path) => { truncateSync(path, 10); }],
    ['of another form', (path) => { writeFileSync(path, '[1]'); }],
    ['without a state', (path) => { writeFileSync(path, '{"container":"a:1.0.0"}'); }],
    ['of nothing', (path) => { writeFileSync(path, 'null'); }],
    ['of another container', (path) => { copyFileSync(path.replace('a@', 'b@'), path); }],
    ['too large', (path) => { truncateSync(path, 2 << 20); }],
    ['open to others', (path) => { chmodSync(path, 0o666); }],
  ]; // prettier-ignore
  for (const [name, damage] of damages) {
    test(`that is ${name} is set aside, and the rest is read`, () => {
      using top = temporaryFolder();
      const { files, problems } = filesIn(top.path);
      files.save('a:1.0.0', 1);
      files.save('b:1.0.0', 2);
      const path = join(top.path, 'a@1.0.0.json');
      damage(path);
      assert.deepEqual(files.load(), new Map([['b:1.0.0', 2]]));
      assert.deepEqual(
        problems.map(({ code, details }) => [code, details['aside']]),
        [['TH7008', `${path}.bad`]],
      );
      assert.ok(!existsSync(path) && existsSync(`${path}.bad`));
      assert.equal(files.load().size, 1);
      assert.equal(problems.length, 1, 'told once');
      files.save('a:1.0.0', 3);
      assert.deepEqual(files.load().get('a:1.0.0'), 3);
    });
  }

  test('leaves alone what is not its own, except what a killed writer left', () => {
    using top = temporaryFolder();
    const { pid: dead } = spawnSync('true');
    const temp = `.a@1.0.0.json.${dead}-0123456789ab.thuban-temp`;
    mkdirSync(join(top.path, 'folder.json'));
    for (const name of ['notes.txt', 'x.json.bad', temp]) writeFileSync(join(top.path, name), 'text');
    const { files, problems } = filesIn(top.path);
    assert.deepEqual(files.load(), new Map());
    assert.deepEqual(readdirSync(top.path).sort(), ['folder.json', 'notes.txt', 'x.json.bad']);
    assert.deepEqual(problems, []);
  });

  test('that cannot be kept is told once, and stops nothing', () => {
    using top = temporaryFolder();
    const folder = join(top.path, 'state');
    const { files, problems } = filesIn(folder);
    files.save('a:1.0.0', 1);
    assert.deepEqual(files.load(), new Map());
    files.remove('a:1.0.0');
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['TH4006'],
    );
    mkdirSync(folder);
    files.save('a:1.0.0', 2);
    assert.match(readFileSync(join(folder, 'a@1.0.0.json'), 'utf8'), /"state":2/);
    rmSync(folder, { recursive: true });
    files.save('a:1.0.0', 3);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['TH4006', 'TH4006'],
      'and anew after it has worked',
    );
  });
});
