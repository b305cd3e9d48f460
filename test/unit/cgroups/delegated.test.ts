import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { onlyDelegated, planCgroups, plainFacts, type CgroupFacts, type KernelFs } from '../../../src/cgroups/index.ts';

const OWN = '/user.slice/user@1000.service/thuban.scope';
const GROUP = `/sys/fs/cgroup${OWN}`;

/** A board of v2 where this user sits in a group that may be his, with these controllers. */
function v2(files: readonly string[], controllers = 'memory pids', parent = 'self'): CgroupFacts {
  const plain = plainFacts('v2');
  const own = Object.fromEntries(Object.entries(plain.controllers).map(([name, one]) => [name, { ...one, own: OWN }]));
  const unified = plain.unified === undefined ? {} : { unified: { ...plain.unified, own: OWN } };
  const fs = { read: () => `${controllers}\n` } as unknown as KernelFs;
  const isWritable = (path: string): boolean => files.some((file) => path === GROUP + file);
  return onlyDelegated({ ...plain, controllers: own, ...unified }, parent, { fs, isWritable });
}

const whole = ['', '/cgroup.procs', '/cgroup.subtree_control'];

describe('what is left of the control groups for a user', () => {
  test('is his group of v2 with the controllers that were handed down', () => {
    const facts = v2(whole);
    assert.deepEqual(Object.keys(facts.controllers).sort(), ['memory', 'pids']);
    assert.ok(facts.unified !== undefined);
    assert.ok(facts.undelegated?.includes('cpu') === true && facts.undelegated.includes('devices'));
  });

  test('is nothing when a part of it is not his', () => {
    for (const missing of whole) {
      const facts = v2(whole.filter((file) => file !== missing));
      assert.deepEqual([facts.controllers, facts.unified], [{}, undefined]);
    }
  });

  test('is of v1 each hierarchy in which his group is writable', () => {
    const plain = plainFacts('v1');
    const fs = {} as unknown as KernelFs;
    const isWritable = (path: string): boolean => path === '/sys/fs/cgroup/memory';
    const facts = onlyDelegated(plain, 'self', { fs, isWritable });
    assert.deepEqual(Object.keys(facts.controllers), ['memory']);
  });

  test('refuses a parent by name that is not his', () => {
    assert.throws(
      () => v2(whole, '', '/sys/fs/cgroup/other'),
      (error) => error instanceof ThubanError && error.code === 'TH2013',
    );
  });

  test('refuses a limit of what is not his as TH7001, and leaves it out with best_effort', () => {
    const request = {
      name: 'test',
      version: '1.0.0',
      parent: 'self',
      machine: { pageSize: 4096, cpus: '0-1', nodes: '0' },
      resources: { cpu: { shares: 512 }, devices: [{ allow: true, type: 'c' as const, access: 'rw' }] },
      facts: v2(whole),
    };
    const refused = (error: unknown): boolean => {
      assert.ok(error instanceof ThubanError);
      const all = error.details['errors'] as { code: string; key: string }[];
      assert.deepEqual(
        all.map(({ code, key }) => [code, key]),
        [
          ['TH7001', 'cgroups.cpu.shares'],
          ['TH7001', 'cgroups.devices'],
        ],
      );
      return true;
    };
    assert.throws(() => planCgroups({ ...request, enforce: 'strict' } as never), refused);
    const { degraded, writes } = planCgroups({ ...request, enforce: 'best_effort' } as never);
    assert.deepEqual(
      degraded.map(({ code }) => code),
      ['TH7001', 'TH7001'],
    );
    assert.ok(writes.every(({ op, file }) => op === 'mkdir' || file === 'cgroup.subtree_control'));
  });
});
