import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectCgroups, FakeKernelFs, ownDirectory, type CgroupFacts } from '../../../src/cgroups/index.ts';
import { skipCorpus, vectors } from './corpus.ts';
import { factsOf, v1Board, v2Board, v2Group, v2Mount } from './fake-boards.ts';

const nothing = new FakeKernelFs({ mounts: [] });

function detect(mountinfo: string, selfCgroup = ''): CgroupFacts {
  return detectCgroups({ mountinfo, selfCgroup }, nothing);
}

test('a board without cgroups is a fact, not an error', () => {
  assert.deepEqual(detect('22 1 0:20 / /sys rw - sysfs sysfs rw\n'), { layout: 'none', controllers: {} });
  assert.deepEqual(detect(''), { layout: 'none', controllers: {} });
});

test('controllers come from the super options, however the mount options look', () => {
  const facts = detect(
    '50 30 0:50 / /cg/x rw,memory shared:4 master:2 propagate_from:1 - cgroup none rw,cpu,cpuacct,xattr,release_agent=/sbin/pids,name=memory\n',
  );
  assert.deepEqual(Object.keys(facts.controllers), ['cpu', 'cpuacct']);
  assert.equal(facts.controllers['cpu']?.mountpoint, '/cg/x');
});

test('escaped characters and hyphens of a mount point are read', () => {
  const facts = detect('50 30 0:50 /a\\040b /mnt/x\\011y\\134-z rw - cgroup cgroup rw,pids\n', '3:pids:/a b/c\n');
  const pids = facts.controllers['pids'];
  assert.ok(pids);
  assert.equal(pids.mountpoint, '/mnt/x\ty\\-z');
  assert.equal(ownDirectory(pids), '/mnt/x\ty\\-z/c');
});

test('a cgroup2 mount at the place of the systemd hierarchy is the v2 tree', () => {
  const facts = detect(
    '33 30 0:27 / /sys/fs/cgroup/systemd rw - cgroup2 cgroup rw\n34 30 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n',
    '0::/x\n',
  );
  assert.equal(facts.layout, 'hybrid');
  assert.deepEqual(facts.unified, { mountpoint: '/sys/fs/cgroup/systemd', root: '/', own: '/x', controllers: [] });
});

test('of several mounts of one hierarchy the one that shows our own group wins, then the first', () => {
  const mounts =
    '1 0 0:9 /other /a rw - cgroup cgroup rw,cpu\n2 0 0:9 / /b rw - cgroup cgroup rw,cpu\n3 0 0:9 / /c rw - cgroup cgroup rw,cpu\n';
  assert.equal(detect(mounts, '1:cpu:/mine\n').controllers['cpu']?.mountpoint, '/b');
});

test('a mount that another one hides is not taken, on the same place or above', () => {
  const root = '26 1 254:0 / / rw - ext4 /dev/vda rw\n';
  const cpu = '31 26 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu\n';
  const own = '1:cpu:/\n';
  const places: [string, string | undefined][] = [
    [root + cpu, '/cg/cpu'],
    [`${root}${cpu}40 31 0:40 / /cg/cpu rw - tmpfs none rw\n`, undefined],
    [`${root}${cpu}40 26 0:40 / /cg rw - tmpfs none rw\n`, undefined],
    [`${root}${cpu}40 26 0:40 / / rw - tmpfs none rw\n`, undefined],
    // What is mounted on top is what counts, and a folder that begins with the same letters is another one.
    [`${root}${cpu}40 31 0:40 / /cg/cpu rw - tmpfs none rw\n41 26 0:28 / /b rw - cgroup cgroup rw,cpu\n`, '/b'],
    [`${root}${cpu}40 31 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu\n`, '/cg/cpu'],
    [`${root}${cpu}40 26 0:40 / /cg/cp rw - tmpfs none rw\n`, '/cg/cpu'],
    // A hidden mount hides nothing by itself.
    [
      `${root}39 26 0:39 / /cg rw - tmpfs none rw\n40 26 0:40 / / rw - ext4 /dev/vdb rw\n31 40 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu\n`,
      '/cg/cpu',
    ],
    // In a chroot the mounts above are not listed; the first of an initramfs stands on itself.
    [cpu, '/cg/cpu'],
    [`1 1 0:2 / / rw - rootfs rootfs rw\n31 1 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu\n`, '/cg/cpu'],
  ];
  for (const [mounts, place] of places) {
    const { controllers, unmounted } = detect(mounts, own);
    assert.equal(controllers['cpu']?.mountpoint, place, mounts);
    assert.deepEqual(unmounted, place === undefined ? ['cpu'] : undefined);
  }
});

test('of two mounts that show our own group the one that can be written wins', () => {
  const ways = [
    ['ro,nosuid - cgroup cgroup rw,cpu', 'rw,nosuid - cgroup cgroup rw,cpu'],
    ['rw,nosuid - cgroup cgroup ro,cpu', 'rw,nosuid - cgroup cgroup rw,cpu'],
  ];
  for (const [first, second] of ways) {
    const mounts = `1 0 0:9 / /a ${first ?? ''}\n2 0 0:9 /mine /b ${second ?? ''}\n`;
    assert.equal(detect(mounts, '1:cpu:/mine\n').controllers['cpu']?.mountpoint, '/b');
  }
});

test('a group that was removed under its process is refused, as is one outside of the namespace', () => {
  const mounts = '1 0 0:9 / /a rw - cgroup cgroup rw,cpu\n2 0 0:8 / /u rw - cgroup2 none rw\n';
  for (const [own, message] of [
    ['/x (deleted)', /does not exist any more/],
    ['/../x', /lies outside of the mount/],
    ['/..', /lies outside of the mount/],
  ] as const) {
    const { controllers, unified } = detect(mounts, `1:cpu:${own}\n0::${own}\n`);
    for (const facts of [controllers['cpu'], unified])
      assert.throws(() => ownDirectory(facts!), { code: 'TH2013', message });
  }
});

test('a group name may hold colons', () => {
  const facts = detect('1 0 0:9 / /a rw - cgroup cgroup rw,cpu\n', '4:cpu,cpuacct:/sshd@10.0.0.1:22.service\n');
  assert.equal(facts.controllers['cpu']?.own, '/sshd@10.0.0.1:22.service');
});

test('a v1 board is described with the files of a group that is not the root', () => {
  const fs = v1Board({ absent: ['memory.memsw.limit_in_bytes'] });
  assert.equal(factsOf(fs).layout, 'v1');
  assert.equal(factsOf(fs).controllers['memory']?.knobs, undefined);
  fs.mkdir('/sys/fs/cgroup/memory/svc');
  const facts = factsOf(fs, '4:memory:/svc\n');
  assert.equal(facts.controllers['memory']?.knobs?.includes('memory.limit_in_bytes'), true);
  assert.equal(facts.controllers['memory'].knobs.includes('memory.memsw.limit_in_bytes'), false);
});

test('a v2 group without the controller proves nothing about its files', () => {
  const fs = v2Board();
  fs.mkdir('/sys/fs/cgroup/svc');
  assert.equal(factsOf(fs, '0::/svc\n').controllers['memory']?.knobs, undefined);
  v2Group(fs);
  const facts = factsOf(fs, '0::/svc\n');
  assert.equal(facts.layout, 'v2');
  assert.equal(facts.controllers['memory']?.knobs?.includes('memory.max'), true);
  assert.equal(facts.controllers['cpu']?.knobs?.includes('cpu.stat'), false);
});

test('on a hybrid board v2 has only the controllers that v1 left', () => {
  const fs = new FakeKernelFs({
    mounts: [
      { version: 1, mountpoint: '/cg/memory', controllers: ['memory'] },
      { ...v2Mount, mountpoint: '/cg/unified', controllers: ['hugetlb'] },
    ],
  });
  const facts = factsOf(fs);
  assert.equal(facts.layout, 'hybrid');
  assert.deepEqual(
    Object.entries(facts.controllers).map(([name, { version }]) => [name, version]),
    [
      ['memory', 1],
      ['hugetlb', 2],
    ],
  );
});

for (const vector of vectors('parse')) {
  const { mountinfo, proc_self_cgroup: own = '' } = vector.input as unknown as {
    mountinfo?: string;
    proc_self_cgroup?: string;
  };
  const expect = vector.expect as
    { own_dir?: Record<string, string>; controllers?: Record<string, string>; unified?: string } | undefined;
  if (mountinfo === undefined || expect === undefined) continue;
  test(`detection agrees with vector ${vector.id}`, () => {
    const facts = detect(mountinfo, own);
    for (const [name, path] of Object.entries(expect.own_dir ?? {}))
      assert.equal(ownDirectory(facts.controllers[name]!), path);
    for (const [name, path] of Object.entries(expect.controllers ?? {}))
      assert.equal(facts.controllers[name]?.mountpoint, path);
    if (expect.unified !== undefined) assert.equal(facts.unified?.mountpoint, expect.unified);
  });
}

test('the detection vectors of the corpus are replayed', { skip: skipCorpus }, () => {
  assert.ok(vectors('parse').length > 0);
});
