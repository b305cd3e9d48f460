import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sameGroups } from '../../../bench/groups.ts';
import { measuredManifest, parse, sleeperManifest } from '../../../bench/manifests.ts';
import { leftGroups, ociConfig } from '../../../bench/peers.ts';
import { plainFacts, planCgroups } from '../../../src/cgroups/index.ts';

const manifest = parse(measuredManifest('/srv/root'));

function groupsOf(version: 'v1' | 'v2') {
  const machine = { pageSize: 4096, cpus: '0-1', nodes: '0', memory: 2 ** 30 };
  const resources = manifest.cgroups ?? {};
  const request = { resources, name: manifest.name, version: manifest.version, machine };
  const plan = planCgroups({ ...request, facts: plainFacts(version), parent: 'self', enforce: 'strict' });
  return { plan, same: sameGroups(plan, 'floor', (parent) => parent.replace('thuban', 'own')) };
}

describe('what the others start', () => {
  test('on v1 has the same groups and limits as the plan, in a place of its own', () => {
    const { plan, same } = groupsOf('v1');
    assert.equal(same.folders.length, plan.groups.length);
    assert.equal(same.tasks.length, plan.groups.length);
    assert.equal(same.unified, undefined);
    assert.deepEqual(
      same.writes.map(({ file, value }) => [file.split('/').pop(), value]),
      [
        ['pids.max', '64'],
        ['memory.limit_in_bytes', '67108864'],
        ['cpu.shares', '512'],
      ],
    );
    for (const path of [...same.folders, ...same.tasks, ...same.writes.map(({ file }) => file)])
      assert.match(path, /\/own\/floor(\/|$)/);
  });

  test('on v2 is made in its group and writes into no tasks', () => {
    const { same } = groupsOf('v2');
    assert.deepEqual(same.tasks, []);
    assert.equal(same.unified, '/sys/fs/cgroup/own/floor');
    assert.ok(same.writes.some(({ file, value }) => file.endsWith('/memory.max') && value === '67108864'));
  });

  test('of an OCI runtime has the limits, ids and namespaces of the manifest', () => {
    const config = JSON.stringify(ociConfig('/srv/root', '/bench'));
    for (const part of ['"limit":67108864', '"shares":512', '"limit":64', '"uid":1000', '"type":"network"'])
      assert.ok(config.includes(part), part);
    assert.equal(manifest.cgroups?.memory?.memory_hard_limit, 67108864);
    assert.equal(manifest.uid, 1000);
  });

  test('stays when it is to stay', () => {
    assert.deepEqual(parse(sleeperManifest(3, '/srv/root')).args, ['stay']);
    assert.equal(parse(sleeperManifest(3, '/srv/root')).name, 'sleeper-3');
  });
});

test('what a killed peer leaves is looked for in every hierarchy, named ones too', () => {
  const mountinfo = [
    '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw',
    '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd',
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
    '42 31 0:39 / /mnt rw - ext4 /dev/vda rw',
  ].join('\n');
  assert.deepEqual(
    leftGroups(mountinfo, ['crun']).map((path) => path.replace(/\d+/, 'PID')),
    ['memory', 'systemd', 'unified'].map((name) => `/sys/fs/cgroup/${name}/thuban-bench-PID-crun`),
  );
});
