import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { prepareParent } from '../../../src/cgroups/index.ts';
import { until } from '../../support/processes.ts';
import { facts, fs, skipUnless } from './board.ts';
import { inPlace, type Sections } from './place.ts';

const NAME = `thuban-test-${process.pid}`;

/** `echo 0` of a shell that then becomes Thuban. */
function joins(group: string): string {
  return `echo 0 > ${group}/cgroup.procs`;
}

describe('v2 on this kernel', { skip: skipUnless(2, 'memory', 'cpu', 'pids') }, () => {
  const top = facts.unified?.mountpoint ?? '';
  const group = join(top, NAME);
  const PIDS: Sections['cgroups'] = { pids: { limit: 7 } };

  /** `/NAME/a` is handed these controllers and nobody lives in it. */
  async function narrow(controllers: string, body: (parent: string) => Promise<void>): Promise<void> {
    writeFileSync(join(top, 'cgroup.subtree_control'), '+cpu +memory +pids');
    mkdirSync(join(group, 'a'), { recursive: true });
    writeFileSync(join(group, 'cgroup.subtree_control'), controllers);
    try {
      await body(join(group, 'a'));
    } finally {
      for (const path of [join(group, 'a'), group]) rmdirSync(path);
    }
  }

  // Root enables what is there all the way down, so that a controller is only missing where the groups above are out of reach.
  test('what is not handed down to a namespace is missing only to a limit of it', async () => {
    await narrow('+memory +pids', async (parent) => {
      const inside = `umount ${top}; mount -t cgroup2 none ${top}`;
      await inPlace({ before: joins(parent), unshare: '--cgroup', inside }, async ({ run, refused }) => {
        await run({}, () => undefined);
        const cpu = { ...PIDS, cpu: { shares: 512 } };
        assert.match(refused({ cgroups: cpu }), /error\[TH2001\].*no cpu controller/);
        await run({ cgroups: { ...cpu, enforce: 'best_effort' } }, async (read, output) => {
          assert.equal(read('pids', 'pids.max'), '7');
          await until('it is told', () => output().includes('degraded[TH2001]'));
        });
      });
    });
  });

  test('in a cgroup namespace the root is a group like any other', async () => {
    await narrow('+memory +pids', async (parent) => {
      const inside = `umount ${top}; mount -t cgroup2 none ${top}`;
      await inPlace({ before: joins(parent), unshare: '--cgroup', inside }, async ({ plan, run }) => {
        const { unified } = plan({}).facts.cgroups;
        assert.deepEqual([unified?.root, unified?.own], ['/', '/']);
        await run({ cgroups: PIDS }, (read, _output, pid) => {
          assert.equal(read('pids', 'pids.max'), '7');
          assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), /\/a\/thuban-supervisor$/m);
        });
      });
      // The mount of the namespace above shows this group by a way that leads out.
      await inPlace({ before: joins(parent), unshare: '--cgroup' }, ({ refused }) => {
        assert.match(refused({}), /error\[TH2013\].*lies outside of the mount/);
      });
    });
  });

  test('without a mount nothing but limits is missing', async () => {
    await inPlace({ inside: `umount -R ${top}` }, async ({ run, refused }) => {
      await run({}, () => undefined);
      assert.match(refused({ cgroups: PIDS }), /error\[TH2001\].*cgroup2 is not mounted[^]*mount -t cgroup2/);
    });
  });

  test('a mount that shows a group below the root is used from there', async () => {
    await narrow('+memory +pids', async (parent) => {
      await inPlace({ before: joins(parent), inside: `mount --bind ${parent} ${top}` }, async ({ plan, run }) => {
        assert.equal(plan({}).facts.cgroups.unified?.root, `/${NAME}/a`);
        await run({ cgroups: PIDS }, (read) => {
          assert.equal(read('pids', 'pids.max'), '7');
        });
      });
    });
  });

  test('a threaded group is no parent', async () => {
    await narrow('+pids', async (parent) => {
      mkdirSync(join(parent, 'threads'));
      writeFileSync(join(parent, 'threads/cgroup.type'), 'threaded');
      try {
        for (const path of [join(parent, 'threads'), parent])
          await inPlace({}, ({ refused }) => {
            assert.match(refused({}, '--cgroup-parent', path), /error\[TH2013\].*has the type `(domain )?threaded`/);
          });
      } finally {
        rmdirSync(join(parent, 'threads'));
      }
    });
  });

  test('a parent is emptied while its processes fork', async () => {
    await narrow('+memory +pids', async (parent) => {
      const forks = 'while :; do /bin/true; done';
      const children = [1, 2, 3].map(() => spawn('sh', ['-c', `echo 0 > ${parent}/cgroup.procs; ${forks}`]));
      try {
        const there = (): string[] => readFileSync(join(parent, 'cgroup.procs'), 'utf8').split('\n');
        await until('all live there', () => children.every(({ pid }) => there().includes(String(pid))));
        const prepared = prepareParent(fs, facts, parent);
        assert.equal(readFileSync(join(parent, 'cgroup.procs'), 'utf8'), '');
        for (const name of ['memory', 'pids']) assert.ok(prepared.controllers.includes(name));
        assert.ok(prepared.moved >= children.length, String(prepared.moved));
        await Promise.all(children.map((child) => (child.kill('SIGKILL'), once(child, 'exit'))));
        await until('they are gone', () => readFileSync(join(parent, 'thuban-supervisor/cgroup.procs'), 'utf8') === '');
        await prepared.undo();
      } finally {
        for (const child of children) child.kill('SIGKILL');
      }
    });
  });

  test('a parent whose name only begins like a group, or that lies in no mount, is refused', async () => {
    await inPlace({}, ({ refused }) => {
      assert.match(refused({}, '--cgroup-parent', `${top}bar`), /error\[TH2013\].*lies in no cgroup mount/);
      assert.match(refused({}, '--cgroup-parent', '/tmp'), /error\[TH2013\].*lies in no cgroup mount/);
      assert.match(refused({}, '--cgroup-parent', `${top}/${NAME}-none`), /error\[TH2013\].*does not exist/);
    });
  });
});
