import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Failpoint } from '../../../src/base/index.ts';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { TestDaemon, type DaemonStart } from '../../support/daemon.ts';
import { isGone } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { APPS, PARENT, noted, operators, present } from '../../support/named-groups.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(86_400_000 + process.pid);
const VIDEO = `${APPS}/video`;
const { cgroups } = gatherFacts();

const inGroup = (parent: string): Record<string, unknown> => ({ cgroups: { parent, pids: { limit: 50 } } });

class NamedDaemon extends TestDaemon {
  override start(options: DaemonStart = {}): Promise<void> {
    return super.start({ ...options, args: ['--cgroup-parent', PARENT] });
  }

  async pathsOf(name: string): Promise<string[]> {
    return (await this.client.container(name)).groups?.map(({ path }) => path) ?? [];
  }
}

/** Long enough for the next daemon on an emulated board. */
const LEASE = 'daemon: {lease: 5 min}\n';

async function trial(body: (daemon: NamedDaemon) => Promise<void>, config = LEASE): Promise<void> {
  await leavesNothingBehind(async () => {
    await using daemon = new NamedDaemon(config);
    await body(daemon);
    if (!daemon.isDead) await daemon.signal('SIGTERM');
    assert.deepEqual([present(VIDEO), noted()], [[], []]);
  });
}

describe('groups that a manifest names', needsRoot(), () => {
  test('are made in every hierarchy, hold several containers, and go with the last of them', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, inGroup(VIDEO));
      daemon.add('b', `exec sleep ${MARK}`, inGroup(VIDEO));
      daemon.add('c', `exec sleep ${MARK}`, inGroup(`${APPS}/audio`));
      await daemon.start();
      for (const name of ['a', 'b', 'c']) await daemon.client.start(name);
      const paths = await daemon.pathsOf('a');
      assert.ok(paths.length > 0);
      for (const path of paths) assert.ok(path.endsWith(`/${VIDEO}/c-a@1.0.0`) && existsSync(path), path);
      const { pid } = await daemon.container('a');
      const own = readFileSync(`/proc/${pid ?? 0}/cgroup`, 'utf8');
      assert.equal(own.split('\n').filter((line) => line.endsWith(`:/${VIDEO}/c-a@1.0.0`)).length, paths.length);
      await daemon.client.stop('a');
      assert.equal(present(VIDEO).length, paths.length, 'b is there');
      await daemon.client.stop('b');
      assert.deepEqual([present(VIDEO), present(APPS).length], [[], paths.length], 'c is there');
      await daemon.client.stop('c');
      assert.deepEqual([present(APPS), noted()], [[], []]);
      await daemon.client.start('a'); // and are made anew
      await daemon.client.restart('a');
    });
  });

  test('stay when an operator has made them, with his limits, however the container ends', async () => {
    await trial(async (daemon) => {
      await operators(APPS, async (memory) => {
        const file = join(
          memory,
          cgroups.controllers['memory']?.version === 1 ? 'memory.limit_in_bytes' : 'memory.max',
        );
        const limit = readFileSync(file, 'utf8');
        daemon.add('a', `exec sleep ${MARK}`, inGroup(VIDEO));
        daemon.add('direct', `exec sleep ${MARK}`, inGroup(APPS));
        await daemon.start();
        for (const name of ['a', 'direct']) await daemon.client.start(name);
        for (const name of ['a', 'direct']) await daemon.client.stop(name);
        assert.deepEqual([present(VIDEO), noted()], [[], []]);
        for (const name of ['a', 'direct']) await daemon.client.start(name);
        await daemon.signal('SIGTERM');
        assert.equal(readFileSync(file, 'utf8'), limit);
      });
    });
  });

  test('go again when the container cannot be started', async () => {
    await trial(async (daemon) => {
      const file = daemon.add('a', '', inGroup(VIDEO));
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...manifest, init: '/none' }));
      await daemon.start();
      await assert.rejects(daemon.client.start('a'));
      assert.deepEqual([present(APPS), noted()], [[], []]);
    });
  });

  test('that change take a restart, and the old ones go', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, inGroup(VIDEO));
      await daemon.start();
      const { pid } = await daemon.client.start('a');
      daemon.add('a', `exec sleep ${MARK}`, inGroup(`${APPS}/audio`));
      await daemon.client.apply();
      await until('it runs anew', async () => {
        const now = await daemon.container('a');
        return now.state === 'running' && now.pid !== pid;
      });
      assert.ok((await daemon.pathsOf('a')).every((path) => path.endsWith(`/${APPS}/audio/c-a@1.0.0`)));
      assert.deepEqual(present(VIDEO), []);
    });
  });

  test('are named when the limit of one of them kills', async () => {
    await trial(async (daemon) => {
      const limit = 24 * 1024 * 1024;
      const body = async (memory: string): Promise<void> => {
        daemon.add('eater', 'x=0123456789abcdef; while :; do x=$x$x; done', inGroup(VIDEO));
        await daemon.start();
        await daemon.client.start('eater').catch(() => undefined); // it may be gone before that is told
        const [told] = await daemon.told('exited', 'eater:1.0.0');
        const { reason, oom } = told?.['exit'] as { reason: string; oom?: { cause: string; ancestor?: unknown } };
        assert.deepEqual([reason, oom?.cause], ['oom_killed', 'ancestor']);
        assert.deepEqual(oom?.ancestor, { group: `/${APPS}`, path: memory, limit });
      };
      await operators(APPS, body, { limit });
    });
  });
});

describe('groups that a manifest names, and a daemon that is killed', needsRoot(), () => {
  test('are the next one’s to remove', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, inGroup(VIDEO));
      await daemon.start();
      const { pid } = await daemon.client.start('a');
      await daemon.signal('SIGKILL');
      await daemon.start();
      assert.equal((await daemon.container('a')).pid, pid);
      await daemon.client.stop('a');
      assert.deepEqual([present(APPS), noted()], [[], []]);
    });
  });

  for (const failpoint of ['start.noted', 'start.level', 'start.level:2', 'start.groups', 'exit.removed'] as const)
    for (const isOperators of [false, true])
      test(`at ${failpoint} ${isOperators ? 'below a group of an operator ' : ''}leave nothing behind`, async () => {
        const parent = isOperators ? `${VIDEO}/more` : VIDEO; // two levels are made, also where there is one hierarchy
        await trial(async (daemon) => {
          const body = async (): Promise<void> => {
            daemon.add('a', `exec sleep ${MARK}`, inGroup(parent));
            await daemon.start({ failpoint: failpoint satisfies Failpoint | `${Failpoint}:2` });
            const dies = async (): Promise<void> => {
              await daemon.client.start('a');
              await daemon.client.stop('a');
            };
            await Promise.all([dies().catch(() => undefined), daemon.end()]);
            assert.equal((await daemon.end()).signal, 'SIGKILL', daemon.log);
            await daemon.start();
            if (failpoint !== 'exit.removed') await daemon.reached('a', 'running');
            await daemon.client.stop('a').catch(() => undefined);
            await daemon.reached('a', 'stopped');
            assert.deepEqual([present(VIDEO), noted()], [[], []]);
            if (!isOperators) assert.deepEqual(present(APPS), []);
            await daemon.signal('SIGTERM');
          };
          await (isOperators ? operators(APPS, body) : body());
        });
      });

  test('go with the lease, but for those of an operator', async () => {
    for (const isOperators of [false, true])
      await trial(async (daemon) => {
        const body = async (): Promise<void> => {
          daemon.add('a', `exec sleep ${MARK}`, inGroup(VIDEO));
          await daemon.start();
          await daemon.client.start('a');
          const { launcher } = await daemon.client.version();
          await daemon.signal('SIGKILL');
          await until('the launcher has ended', () => isGone(launcher.pid));
          assert.deepEqual([present(VIDEO), noted(), processesWith(MARK)], [[], [], []]);
          if (!isOperators) assert.deepEqual(present(APPS), []);
        };
        await (isOperators ? operators(APPS, body) : body());
      }, 'daemon: {lease: 1 s}\n');
  });

  test('go with the sweep of the next one when the launcher was killed as well', async () => {
    for (const isOperators of [false, true])
      await trial(async (daemon) => {
        const body = async (): Promise<void> => {
          daemon.add('a', `exec sleep ${MARK}`, inGroup(VIDEO));
          daemon.add('direct', `exec sleep ${MARK}`, inGroup(APPS));
          await daemon.start();
          for (const name of ['a', 'direct']) await daemon.client.start(name);
          const { launcher } = await daemon.client.version();
          await daemon.signal('SIGKILL');
          process.kill(launcher.pid, 'SIGKILL');
          await until('all are dead', () => isGone(launcher.pid) && processesWith(MARK).length === 0);
          assert.ok(present(VIDEO).length > 0);
          await daemon.start();
          assert.deepEqual([present(VIDEO), present(`${APPS}/c-direct@1.0.0`), noted()], [[], [], []]);
          if (!isOperators) assert.deepEqual(present(APPS), []);
          await daemon.signal('SIGTERM');
        };
        await (isOperators ? operators(APPS, body) : body());
      });
  });

  test('are left to an operator who made them again meanwhile', async () => {
    await trial(async (daemon) => {
      daemon.add('a', `exec sleep ${MARK}`, inGroup(APPS));
      await daemon.start();
      await daemon.client.start('a');
      const { launcher } = await daemon.client.version();
      await daemon.signal('SIGKILL');
      process.kill(launcher.pid, 'SIGKILL');
      await until('all are dead', () => isGone(launcher.pid) && processesWith(MARK).length === 0);
      for (const path of [...present(`${APPS}/c-a@1.0.0`), ...present(APPS)]) rmdirSync(path);
      await operators(APPS, async () => {
        await daemon.start();
        await daemon.client.start('a');
        await daemon.signal('SIGTERM');
      });
    });
  });
});

describe('a group above with processes of an operator', needsUnified(), () => {
  test('is refused with what there is to do, and the processes stay where they are', async () => {
    await trial(async (daemon) => {
      const group = join(PARENT, APPS);
      mkdirSync(group);
      const sleeper = spawn('sleep', [MARK], { stdio: 'ignore' });
      try {
        writeFileSync(join(group, 'cgroup.procs'), String(sleeper.pid));
        daemon.add('a', `exec sleep ${MARK}`, inGroup(VIDEO));
        await daemon.start();
        await assert.rejects(daemon.client.start('a'), {
          code: 'TH2007',
          message: `${group} holds a process, so that no controller can be enabled for containers below it`,
        });
        assert.equal(readFileSync(join(group, 'cgroup.procs'), 'utf8').trim(), String(sleeper.pid));
        assert.deepEqual(present(VIDEO), []);
      } finally {
        sleeper.kill('SIGKILL');
        await new Promise((resolve) => sleeper.once('exit', resolve));
        await daemon.signal('SIGTERM');
        rmdirSync(group);
      }
    });
  });
});

function needsUnified(): { skip: string | false } {
  if (needsRoot().skip !== false) return needsRoot();
  return { skip: cgroups.layout === 'v2' ? false : 'needs a board with cgroups v2 alone: npm run test:vm' };
}
