import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareParent } from '../../../src/cgroups/index.ts';
import { sleepingClock } from './sleeping-clock.ts';
import { factsOf, v1Board, v2Board, v2Mount } from './fake-boards.ts';

const SVC = '/sys/fs/cgroup/svc';
const LEAF = `${SVC}/thuban-supervisor`;

function service(): ReturnType<typeof v2Board> {
  const fs = v2Board();
  fs.write('/sys/fs/cgroup/cgroup.subtree_control', v2Mount.controllers.map((name) => `+${name}`).join(' '));
  fs.mkdir(SVC);
  return fs;
}

test('the processes of a delegated group move to the supervisor leaf before controllers are enabled', () => {
  const fs = service();
  const pids = [fs.spawn(SVC), fs.spawn(SVC)];
  fs.log.length = 0;
  const prepared = prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self', ['memory']);
  assert.deepEqual(fs.log, [
    `mkdir ${LEAF}`,
    ...pids.map((pid) => `write ${LEAF}/cgroup.procs ${pid}`),
    `write ${SVC}/cgroup.subtree_control +cpu +cpuset +hugetlb +io +memory +pids +rdma`,
  ]);
  assert.equal(fs.read(`${SVC}/cgroup.procs`), '');
  assert.deepEqual([prepared.leaf, prepared.moved, prepared.refused], [LEAF, 2, []]);
});

test('a daemon that starts in its leaf again changes nothing', () => {
  const fs = service();
  fs.spawn(SVC);
  prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self');
  fs.log.length = 0;
  const again = prepareParent(fs, factsOf(fs, '0::/svc/thuban-supervisor\n'), 'self', ['cpu']);
  assert.deepEqual(fs.log, []);
  assert.deepEqual([again.parent, again.leaf], [SVC, LEAF]);
});

test('processes that appear while others move are moved too', () => {
  const fs = service();
  fs.spawn(SVC);
  let forks = 3;
  const write = fs.write.bind(fs);
  fs.write = (path, text) => {
    write(path, text);
    if (path.endsWith('cgroup.procs') && forks-- > 0) fs.spawn(SVC);
  };
  assert.equal(prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self').moved, 4);
});

test('a process that ends meanwhile is no failure', () => {
  const fs = service();
  const pid = fs.spawn(SVC);
  fs.faults.push({
    op: 'write',
    path: `${LEAF}/cgroup.procs`,
    errno: 'ESRCH',
    times: 1,
    then: () => {
      fs.signal(pid);
    },
  });
  assert.equal(prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self').moved, 0);
});

test('a parent that never gets empty is an error', () => {
  const fs = service();
  const write = fs.write.bind(fs);
  fs.spawn(SVC);
  fs.write = (path, text) => {
    write(path, text);
    if (path.endsWith('cgroup.procs')) fs.spawn(SVC);
  };
  assert.throws(() => prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self'), { code: 'TH2007' });
});

test('a process that may not be moved is an error that says what to do', () => {
  const fs = service();
  fs.spawn(SVC);
  fs.faults.push({ op: 'write', path: `${LEAF}/cgroup.procs`, errno: 'EACCES' });
  assert.throws(() => prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self'), { code: 'TH2007', hint: /Delegate=yes/ });
});

test('the true root keeps its processes', () => {
  const fs = v2Board();
  const pid = fs.spawn();
  const prepared = prepareParent(fs, factsOf(fs, '0::/\n'), 'self', ['memory']);
  assert.deepEqual([prepared.leaf, prepared.moved], [undefined, 0]);
  assert.equal(fs.read('/sys/fs/cgroup/cgroup.procs'), `${pid}\n`);
});

test('a needed controller that is not handed down is an error, and everything is given back', () => {
  const fs = service();
  const pid = fs.spawn(SVC);
  fs.faults.push({ op: 'write', path: `${SVC}/cgroup.subtree_control`, errno: 'ENOENT' });
  assert.throws(() => prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self', ['memory']), { code: 'TH2006' });
  assert.equal(fs.read(`${SVC}/cgroup.procs`), `${pid}\n`);
  assert.throws(() => fs.stat(LEAF), { code: 'ENOENT' });
});

test('a controller that nobody needs may be missing', () => {
  const fs = service();
  fs.faults.push({ op: 'write', path: `${SVC}/cgroup.subtree_control`, errno: 'EINVAL', times: 2 });
  const prepared = prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self', ['memory']);
  assert.deepEqual(prepared.refused, ['cpu']);
});

test('undo gives everything back', async () => {
  const fs = service();
  const pid = fs.spawn(SVC);
  const prepared = prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self', ['memory']);
  await prepared.undo();
  assert.equal(fs.read(`${SVC}/cgroup.procs`), `${pid}\n`);
  assert.equal(fs.read(`${SVC}/cgroup.subtree_control`), '');
  assert.throws(() => fs.stat(LEAF), { code: 'ENOENT' });
});

test('a leaf that a process in exit still holds is removed a moment later', async () => {
  const fs = service();
  fs.spawn(SVC);
  const prepared = prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self');
  fs.faults.push({ op: 'rmdir', path: LEAF, errno: 'EBUSY', times: 3 });
  const clock = sleepingClock();
  await prepared.undo(clock);
  assert.throws(() => fs.stat(LEAF), { code: 'ENOENT' });
  assert.ok(clock.slept > 0 && clock.slept < 1000);
});

test('on v1 nothing is moved and nothing written', () => {
  const fs = v1Board();
  fs.spawn();
  assert.equal(prepareParent(fs, factsOf(fs), 'self').parent, undefined);
  assert.deepEqual(fs.log, []);
});

for (const type of ['threaded', 'domain invalid', 'domain threaded'] as const)
  test(`a parent of type ${type} is refused before anything is moved`, () => {
    const fs = service();
    fs.spawn(SVC);
    fs.group(SVC).type = type;
    fs.log.length = 0;
    assert.throws(() => prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self'), {
      code: 'TH2013',
      message: new RegExp(`${SVC} has the type \`${type}\``),
    });
    assert.deepEqual(fs.log, []);
  });

test('the root of a cgroup namespace looks like the root, but is emptied like any other group', () => {
  const fs = v2Board();
  const pid = fs.spawn();
  const stat = fs.stat.bind(fs);
  const read = fs.read.bind(fs);
  fs.stat = (path) => (path === '/sys/fs/cgroup/cgroup.type' ? { directory: false, id: '0', children: 0 } : stat(path));
  fs.read = (path) => (path === '/sys/fs/cgroup/cgroup.type' ? 'domain\n' : read(path));
  const prepared = prepareParent(fs, factsOf(fs, '0::/\n'), 'self');
  assert.equal(prepared.leaf, '/sys/fs/cgroup/thuban-supervisor');
  assert.equal(fs.read('/sys/fs/cgroup/thuban-supervisor/cgroup.procs'), `${pid}\n`);
});
