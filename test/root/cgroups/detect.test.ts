import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { until } from '../../support/processes.ts';
import { facts, skipUnless } from './board.ts';
import { inPlace, type Bench, type Place, type Sections } from './place.ts';

const LIMIT = 32 * 1024 ** 2;
const LIMITED: Sections = { cgroups: { memory: { memory_hard_limit: LIMIT, memory_swap_limit: LIMIT } } };
const TOP = facts.controllers['memory']?.mountpoint ?? '';
const NAME = `thuban-test-${process.pid}`;

/** Makes a group of the memory hierarchy for the test, with further ones in it. */
async function withGroup(body: (group: string) => Promise<void>, ...below: string[]): Promise<void> {
  const paths = ['', ...below].map((name) => join(TOP, NAME, name));
  for (const path of paths) mkdirSync(path);
  try {
    await body(join(TOP, NAME));
  } finally {
    for (const path of paths.reverse()) rmdirSync(path);
  }
}

/** The limit is there, in a group of the mount that was found. */
async function holds(place: Place, expected: (folder: string) => { mountpoint: string; own?: string }): Promise<void> {
  await inPlace(place, async ({ folder, plan, run }) => {
    const { mountpoint, own } = expected(folder);
    const memory = plan(LIMITED).facts.cgroups.controllers['memory'];
    assert.equal(memory?.mountpoint, mountpoint);
    if (own !== undefined) assert.equal(memory.own, own);
    await run(LIMITED, (read) => {
      assert.equal(read('memory', 'memory.limit_in_bytes'), String(LIMIT));
    });
  });
}

const FRESH = 'mount -t cgroup -o memory none';

describe('v1 hierarchies on this kernel', { skip: skipUnless(1, 'memory') }, () => {
  test('are found elsewhere, at a place with blanks and a hyphen', async () => {
    await holds({ inside: `umount ${TOP}; ${FRESH} "$D/cg - x"` }, (folder) => ({ mountpoint: `${folder}/cg - x` }));
  });

  test('are used through the first of several mounts', async () => {
    const inside = `mkdir -p "$D/a" "$D/b"; mount --bind ${TOP} "$D/a"; ${FRESH} "$D/b"`;
    await holds({ inside }, () => ({ mountpoint: TOP }));
  });

  test('are used through the mount that can be written', async () => {
    const inside = `mount -o remount,bind,ro ${TOP}; ${FRESH} "$D/cg - x"`;
    await holds({ inside }, (folder) => ({ mountpoint: `${folder}/cg - x` }));
  });

  test('are not taken where another mount hides them, but elsewhere', async () => {
    const inside = `mount -t tmpfs none ${TOP}; ${FRESH} "$D/cg - x"`;
    await holds({ inside }, (folder) => ({ mountpoint: `${folder}/cg - x` }));
    for (const hide of ['mount -t tmpfs none', 'mount -t cgroup -o pids none'])
      await inPlace({ inside: `${hide} ${TOP}` }, ({ refused }) => {
        const said = refused(LIMITED);
        assert.match(said, /error\[TH2001\]: the hierarchy of the memory controller is not mounted here/);
        assert.match(said, /hint: mount -t cgroup -o memory cgroup/);
      });
  });

  test('are told by doctor where they are, or with the command that mounts them', async () => {
    const inside = `mount -t tmpfs none ${TOP}; ${FRESH} "$D/cg - x"`;
    const at = (checks: ReturnType<Bench['doctor']>, name: string): (string | undefined)[] => {
      const found = checks.find(({ check }) => check === name);
      return [found?.result, found?.result === 'enforced' ? undefined : (found?.remedy ?? found?.proof)];
    };
    await inPlace({ inside }, ({ folder, doctor }) => {
      const checks = doctor();
      assert.deepEqual(at(checks, 'controller memory'), ['present', `cgroups v1 at ${folder}/cg - x`]);
      assert.deepEqual(at(checks, 'memory limit'), ['enforced', undefined]);
    });
    await inPlace({ inside: `mount -t tmpfs none ${TOP}` }, ({ doctor }) => {
      const checks = doctor();
      assert.deepEqual(at(checks, 'controller memory'), [undefined, undefined]);
      const command = 'mount -t cgroup -o memory cgroup /sys/fs/cgroup/memory';
      assert.deepEqual(at(checks, 'memory limit'), ['absent', command]);
    });
  });

  test('that nobody may write refuse what needs them', async () => {
    await inPlace({ inside: `mount -o remount,bind,ro ${TOP}` }, ({ refused }) => {
      assert.match(refused(LIMITED), /error\[TH2006\].*read-only[^]*hint: mount the cgroup filesystem writable/);
    });
  });

  test('may be shown from a group below the root, as in a container without a cgroup namespace', async () => {
    await withGroup(
      async (group) => {
        const own = `/${NAME}/a`;
        const place = { before: `echo 0 > ${group}/a/tasks`, inside: `mount --bind ${group}/a ${TOP}` };
        await holds(place, () => ({ mountpoint: TOP, own }));
        await inPlace({ ...place, inside: `mount --bind ${group}/b ${TOP}` }, ({ refused }) => {
          assert.match(refused(LIMITED), /error\[TH2013\].*`\/thuban-test.*lies outside of the mount/);
        });
      },
      'a',
      'b',
    );
  });

  test('in a cgroup namespace begin at the own group, when they are mounted there', async () => {
    await withGroup(
      async (group) => {
        const place = { before: `echo 0 > ${group}/a/tasks`, unshare: '--cgroup' };
        await holds({ ...place, inside: `umount ${TOP}; ${FRESH} ${TOP}` }, () => ({ mountpoint: TOP, own: '/' }));
        // The mounts of the namespace above show groups by a way that leads out of this one.
        await inPlace(place, ({ refused }) => {
          assert.match(
            refused(LIMITED),
            /error\[TH2013\].*lies outside of the mount[^]*hint: mount the cgroup filesystem/,
          );
        });
        const moved = `${place.before}; exec 3> ${group}/b/tasks`;
        const inside = `umount ${TOP}; ${FRESH} ${TOP}; echo 0 >&3`;
        await inPlace({ ...place, before: moved, inside }, ({ refused }) => {
          assert.match(refused(LIMITED), /error\[TH2013\]: the cgroup `\/\.\.\/b` of this process lies outside/);
        });
      },
      'a',
      'b',
    );
  });

  test('that carry two controllers are used for both', async (t) => {
    const inside = `${FRESH.replace('memory', 'net_cls,net_prio')} "$D/cg - x"`;
    const free = ['net_cls', 'net_prio'].every((name) => !(name in facts.controllers));
    if (!free) {
      t.skip('net_cls and net_prio are mounted on this board');
      return;
    }
    const sections: Sections = {
      cgroups: { network: { class_id: 0x10001, priorities: [{ name: 'lo', priority: 5 }] } },
    };
    await inPlace({ inside }, async ({ folder, plan, run }) => {
      const { controllers } = plan(sections).facts.cgroups;
      assert.deepEqual(
        [controllers['net_cls']?.mountpoint, controllers['net_prio']?.mountpoint],
        [`${folder}/cg - x`, `${folder}/cg - x`],
      );
      await run(sections, (read) => {
        assert.equal(read('net_cls', 'net_cls.classid'), String(0x10001));
        assert.match(read('net_prio', 'net_prio.ifpriomap'), /^lo 5$/m);
      });
    });
    // The last mount went while a removed group was still dying, so that the kernel keeps the hierarchy until it is mounted and left once more.
    const again = 'sleep 1; mount -t cgroup -o net_cls,net_prio none /mnt; umount /mnt';
    spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', again]);
    await until('the hierarchy is gone', () => !readFileSync('/proc/self/cgroup', 'utf8').includes('net_cls'));
  });

  test('may be away altogether: containers without limits run, others are refused', async () => {
    for (const inside of ['mount -t tmpfs none /sys/fs/cgroup', 'umount -R /sys/fs/cgroup'])
      await inPlace({ inside }, async ({ plan, run, refused }) => {
        assert.equal(plan({}).facts.cgroups.layout, 'none');
        await run({}, () => undefined);
        assert.match(refused(LIMITED), /error\[TH2001\]/);
      });
  });
});

describe('v1 and v2 side by side on this kernel', { skip: skipUnless(1, 'memory') || skipUnless(2, 'hugetlb') }, () => {
  const both: Sections = { cgroups: { ...LIMITED.cgroups, hugetlb: [{ page_size: '2MB', limit: 4 * 1024 ** 2 }] } };
  const unified = facts.unified?.mountpoint ?? '';

  test('give one container limits of both', async () => {
    await inPlace({}, async ({ run }) => {
      await run(both, (read) => {
        assert.equal(read('memory', 'memory.limit_in_bytes'), String(LIMIT));
        assert.equal(read('hugetlb', 'hugetlb.2MB.max'), String(4 * 1024 ** 2));
      });
    });
  });

  test('do so from a v2 group that holds nobody else', async () => {
    const group = join(unified, NAME);
    writeFileSync(join(unified, 'cgroup.subtree_control'), '+hugetlb');
    mkdirSync(group);
    try {
      await inPlace({ before: `echo 0 > ${group}/cgroup.procs` }, async ({ run }) => {
        await run(both, (read) => {
          assert.equal(read('hugetlb', 'hugetlb.2MB.max'), String(4 * 1024 ** 2));
        });
      });
    } finally {
      rmdirSync(group);
    }
  });
});
