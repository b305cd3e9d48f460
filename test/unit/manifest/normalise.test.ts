import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { restartDefaults, stopDefaults, toNorthstarJson } from '../../../src/manifest/index.ts';
import { accept, acceptAll, HEAD, refuse } from './support.ts';

describe('normalising', () => {
  it('leaves absent sections absent', () => {
    assert.deepEqual(accept(''), { name: 'camera', version: '1.0.0', init: '/bin/camera', uid: 1000, gid: 1000 });
  });

  it('drops pre-release and build parts of a version', () => {
    for (const version of ['1.0.0-rc.1', '1.0.0+build.5', '1.0.0-a+b'])
      assert.equal(acceptAll(HEAD.replace('1.0.0', version)).version, '1.0.0');
  });

  it('turns sizes into bytes, times into microseconds and percentages into a part of the period', () => {
    const { cgroups } = accept(
      'cgroups:\n  memory: {memory_hard_limit: 64 MiB, memory_swap_limit: unlimited}\n' +
        '  cpu: {quota: 150 %, period: 50 ms, burst: 1 ms}\n  pids: {limit: unlimited}\n' +
        '  blkio: {throttle_read_bps_device: [{device: /dev/sda, rate: 1 MB}]}\n' +
        '  hugetlb: [{page_size: 2MB, limit: 64 MiB}]\n  network: {class_id: 0x100001, priorities: [{name: eth0, priority: 5}]}\n' +
        '  rdma: {mlx5_0: {hca_handles: 100}}\n  unified: {memory.high: 83886080}\n',
    );
    assert.deepEqual(cgroups, {
      memory: { memory_hard_limit: 67108864, memory_swap_limit: -1 },
      cpu: { quota: 75000, period: 50000, burst: 1000 },
      pids: { limit: -1 },
      blkio: { throttle_read_bps_device: [{ device: '/dev/sda', rate: 1000000 }] },
      hugetlb: [{ page_size: '2MB', limit: 67108864 }],
      network: { class_id: 0x100001, priorities: [{ name: 'eth0', priority: 5 }] },
      rdma: { mlx5_0: { hca_handles: 100 } },
      unified: { 'memory.high': '83886080' },
    });
  });

  it('fills restart and stop with their defaults when they are given', () => {
    assert.deepEqual(accept('restart: always\n').restart, { ...restartDefaults, policy: 'always' });
    assert.deepEqual(
      accept('restart: {policy: on_failure, jitter: 50 %, max_restarts: 3, max_delay: 2 min}\n').restart,
      {
        ...restartDefaults,
        policy: 'on_failure',
        jitter: 0.5,
        max_restarts: 3,
        max_delay: 120,
      },
    );
    assert.deepEqual(accept('stop: {}\n').stop, stopDefaults);
    assert.deepEqual(accept('stop: {signal: SIGINT, timeout: 250 ms}\n').stop, { signal: 'SIGINT', timeout: 0.25 });
  });

  it('sorts what is a set and drops what is said twice', () => {
    const manifest = accept(
      'capabilities: [CAP_NET_RAW, CAP_KILL]\nsuppl_groups: [b, a]\n' +
        'mounts:\n  /a: {type: bind, host: /a, options: "rw , nodev,rw,,noexec"}\n  /b: {type: bind, host: /b, options: ""}\n',
    );
    assert.deepEqual(manifest.capabilities, ['CAP_KILL', 'CAP_NET_RAW']);
    assert.deepEqual(manifest.suppl_groups, ['a', 'b']);
    assert.deepEqual(manifest.mounts, {
      '/a': { type: 'bind', host: '/a', options: 'nodev,noexec,rw' },
      '/b': { type: 'bind', host: '/b' },
    });
  });

  it('gives unlimited process limits as null', () => {
    const { rlimits } = accept(
      'rlimits: {nofile: {soft: 10}, core: {}, stack: {soft: unlimited, hard: 18446744073709551615}}\n',
    );
    assert.deepEqual(rlimits, {
      nofile: { soft: 10, hard: null },
      core: { soft: null, hard: null },
      stack: { soft: null, hard: null },
    });
  });

  it('gives the root filesystem in its long form', () => {
    assert.deepEqual(accept('rootfs: package\n').rootfs, { type: 'package' });
    assert.deepEqual(accept('rootfs: {type: package, overlay: none}\n').rootfs, { type: 'package' });
    assert.deepEqual(accept('rootfs: host\n').rootfs, { type: 'host' });
    assert.deepEqual(accept('rootfs: /srv/root\n').rootfs, { type: 'dir', path: '/srv/root' });
    assert.deepEqual(accept('rootfs: {type: dir, path: /a, overlay: none}\n').rootfs, { type: 'dir', path: '/a' });
    assert.deepEqual(accept('rootfs: {type: host, folders: [/bin]}\n').rootfs, { type: 'host', folders: ['/bin'] });
  });

  it('keeps names that objects already have', () => {
    const manifest = accept('env: {__proto__: a, constructor: b}\nmounts: {/__proto__: {type: proc}}\n');
    assert.equal(JSON.stringify(manifest.env), '{"__proto__":"a","constructor":"b"}');
    assert.equal(refuse('__proto__: {a: 1}\n')[0]?.code, 'TH1102');
  });

  it('states oom_monitor in the JSON form, as Northstar does', () => {
    const json = toNorthstarJson(accept('cgroups: {memory: {memory_hard_limit: 1}}\n'));
    assert.deepEqual(json.cgroups?.memory, { oom_monitor: false, memory_hard_limit: 1 });
    assert.deepEqual(toNorthstarJson(accept('')), accept(''));
  });
});
