import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareParent } from '../../../src/cgroups/index.ts';
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

test('undo gives everything back', () => {
  const fs = service();
  const pid = fs.spawn(SVC);
  const prepared = prepareParent(fs, factsOf(fs, '0::/svc\n'), 'self', ['memory']);
  prepared.undo();
  assert.equal(fs.read(`${SVC}/cgroup.procs`), `${pid}\n`);
  assert.equal(fs.read(`${SVC}/cgroup.subtree_control`), '');
  assert.throws(() => fs.stat(LEAF), { code: 'ENOENT' });
});

test('on v1 nothing is moved and nothing written', () => {
  const fs = v1Board();
  fs.spawn();
  assert.equal(prepareParent(fs, factsOf(fs), 'self').parent, undefined);
  assert.deepEqual(fs.log, []);
});
