import { plainFacts } from '../../src/cgroups/index.ts';
import type { Manifest } from '../../src/manifest/index.ts';
import type { Facts } from '../../src/runtime/index.ts';

/** A container of few words, for whatever a test adds. */
export const camera: Manifest = {
  name: 'camera',
  version: '2.1.0',
  uid: 1000,
  gid: 1000,
  init: '/bin/camera',
  rootfs: { type: 'host' },
};

/** A board that does not exist: a plain v2 or v1 machine with two CPUs and the folders of a merged /usr. */
export function board(version: 'v1' | 'v2' = 'v2', changes: Partial<Facts> = {}): Facts {
  return {
    kernel: '6.12.48',
    arch: 'aarch64',
    page_size: 4096,
    cpus: '0-1',
    nodes: '0',
    memory: 1024 ** 3,
    swap: false,
    preempt_rt: false,
    cgroups: plainFacts(version),
    groups: { video: 44, audio: 29 },
    paths: {
      '/bin': { type: 'symlink', target: 'usr/bin' },
      '/sbin': { type: 'symlink', target: 'usr/sbin' },
      '/lib': { type: 'symlink', target: 'usr/lib' },
      '/lib32': { type: 'missing' },
      '/lib64': { type: 'missing' },
      '/usr': { type: 'directory' },
      '/etc/ld.so.cache': { type: 'file' },
      '/etc/alternatives': { type: 'missing' },
    },
    resources: [],
    block_devices: { '/dev/mmcblk0': { major: 179, minor: 0 } },
    ...changes,
  };
}
