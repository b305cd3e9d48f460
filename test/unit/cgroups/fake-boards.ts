import {
  detectCgroups,
  FakeKernelFs,
  type CgroupFacts,
  type FakeMount,
  type FakeOptions,
} from '../../../src/cgroups/index.ts';

const V1 = 'cpu cpuacct cpuset memory devices freezer blkio pids'.split(' ');

const v1Mounts: FakeMount[] = V1.map((name) => ({
  version: 1,
  mountpoint: `/sys/fs/cgroup/${name}`,
  controllers: [name],
}));

export const v2Mount: FakeMount = {
  version: 2,
  mountpoint: '/sys/fs/cgroup',
  controllers: ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids', 'rdma'],
};

export function v1Board(more: Partial<FakeOptions> = {}): FakeKernelFs {
  return new FakeKernelFs({ mounts: v1Mounts, ...more });
}

export function v2Board(more: Partial<FakeOptions> = {}): FakeKernelFs {
  return new FakeKernelFs({ mounts: [v2Mount], ...more });
}

/** Facts of a fake board, for a process that sits in these groups. */
export function factsOf(fs: FakeKernelFs, selfCgroup = ''): CgroupFacts {
  return detectCgroups({ mountinfo: fs.mountinfo(), selfCgroup }, fs);
}

/** A v2 group whose parent hands every controller down. */
export function v2Group(fs: FakeKernelFs, name = 'case'): string {
  fs.write(
    '/sys/fs/cgroup/cgroup.subtree_control',
    v2Mount.controllers.map((controller) => `+${controller}`).join(' '),
  );
  fs.mkdir(`/sys/fs/cgroup/${name}`);
  return `/sys/fs/cgroup/${name}`;
}
