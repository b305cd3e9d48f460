import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { realKernelFs } from '../../../src/cgroups/index.ts';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { OwnUser, USER, memoryOf, needsUser } from '../../support/rootless.ts';

const { controllers, unified } = gatherFacts().cgroups;
const memory = controllers['memory'];
const LIMIT = 32 * 1024 * 1024;
const limited = memoryOf(LIMIT);

/** A group that root has given to the user: in the memory hierarchy of v1, or in the tree of v2 with its controllers. */
function delegated(): { path: string; [Symbol.dispose](): void } {
  const path = join(memory?.mountpoint ?? '', 'rootless-test');
  if (memory?.version === 2) writeFileSync(join(memory.mountpoint, 'cgroup.subtree_control'), '+memory +pids');
  mkdirSync(path);
  for (const file of ['', 'cgroup.procs', 'tasks', 'cgroup.subtree_control', 'cgroup.threads'])
    if (existsSync(join(path, file))) chownSync(join(path, file), USER, USER);
  return {
    path,
    [Symbol.dispose]: () => {
      rmdirSync(path);
    },
  };
}

const user = needsUser();
const skip = user.skip !== false ? user : { skip: memory === undefined ? 'no memory controller here' : false };

describe('groups of a user without root', skip, () => {
  test('are not there without a delegation: a limit is refused, and with best_effort left out', async () => {
    await leavesNothingBehind(async () => {
      using own = new OwnUser();
      const refused = await own.run('echo started', limited);
      assert.deepEqual([refused.code, refused.stdout], [125, '']);
      assert.match(
        refused.stderr,
        /^error\[TH7001\]: only root may limit `cgroups\.memory\.memory_hard_limit` here\n {2}from cgroups\.memory/,
      );
      const started = await own.run('echo started', { cgroups: { ...limited.cgroups, enforce: 'best_effort' } });
      assert.deepEqual([started.code, started.stdout], [0, 'started\n']);
      assert.match(started.stderr, /degraded\[TH7001\]: only root may limit `cgroups\.memory/);
    });
  });

  test('hold and limit the container where root has given him one', async () => {
    await leavesNothingBehind(async () => {
      using group = delegated();
      using own = new OwnUser({ groups: [group.path] });
      const limit = memory?.version === 2 ? 'memory.max' : 'memory.limit_in_bytes';
      using cli = own.cli(['run', own.manifest('echo up; exec sleep 1000', limited)]);
      await cli.saw('up');
      const made = realKernelFs
        .list(`${group.path}/thuban`)
        .filter((entry) => entry.directory)
        .map(({ name }) => `${group.path}/thuban/${name}`);
      assert.equal(made.length, 1);
      assert.equal(Number(readFileSync(join(made[0] ?? '', limit), 'utf8')), LIMIT);
      assert.equal(
        readFileSync(join(made[0] ?? '', 'cgroup.procs'), 'utf8')
          .trim()
          .split('\n').length,
        1,
      );
      cli.signal('SIGTERM');
      await cli.ended;
      assert.equal(existsSync(`${group.path}/thuban`), false);
      const oom = await own.run('head -c 100M /dev/zero | tail', limited);
      assert.match(oom.stderr, /oom: own limit of 32 MiB reached, killed by the kernel/);
    });
  });

  test('are what `doctor` tries', async () => {
    await leavesNothingBehind(async () => {
      using own = new OwnUser();
      using cli = own.cli(['doctor', '--data-dir', own.folder(join(own.home, 'data'))]);
      const { code, stdout } = await cli.ended;
      assert.equal(code, 0, stdout);
      assert.match(stdout, /memory limit +not tried +only root may limit/);
    });
  });

  test('are not made in a parent that is not his', async () => {
    await leavesNothingBehind(async () => {
      using own = new OwnUser();
      const parent = memory?.version === 2 ? (unified?.mountpoint ?? '') : (memory?.mountpoint ?? '');
      const { code, stderr } = await own.run('true', {}, ['--cgroup-parent', parent]);
      assert.equal(code, 125);
      assert.match(stderr, /^error\[TH2013\]: this user may make no groups in the cgroup parent /);
    });
  });
});
