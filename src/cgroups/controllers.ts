import { UNIFIED } from './facts.ts';

/** How to turn a controller on: Documentation/admin-guide/kernel-parameters.txt and init/Kconfig, 6.12. */
const REMEDY: Record<string, string> = {
  memory: 'add cgroup_enable=memory to the kernel command line and reboot (kernel option CONFIG_MEMCG)',
  cpu: 'build the kernel with CONFIG_CGROUP_SCHED and CONFIG_CFS_BANDWIDTH',
  cpuset: 'add cgroup_enable=cpuset to the kernel command line and reboot (kernel option CONFIG_CPUSETS)',
  blkio: 'build the kernel with CONFIG_BLK_CGROUP',
  io: 'build the kernel with CONFIG_BLK_CGROUP',
  pids: 'build the kernel with CONFIG_CGROUP_PIDS',
  devices:
    'build the kernel with CONFIG_CGROUP_BPF and mount cgroup2, or with CONFIG_CGROUP_DEVICE and mount its hierarchy',
  hugetlb: 'build the kernel with CONFIG_CGROUP_HUGETLB',
  rdma: 'build the kernel with CONFIG_CGROUP_RDMA',
  freezer: 'build the kernel with CONFIG_CGROUP_FREEZER and mount the freezer hierarchy',
  net_cls: 'build the kernel with CONFIG_CGROUP_NET_CLASSID and mount the net_cls hierarchy',
  net_prio: 'build the kernel with CONFIG_CGROUP_NET_PRIO and mount the net_prio hierarchy',
};

/** Why a controller cannot be used, when the kernel has it and only a mount is missing in the namespace of this process. */
export function absence(controller: string, unmounted: readonly string[] = []): { message: string; hint: string } {
  if (unmounted.includes(controller))
    return {
      message: `the hierarchy of the ${controller} controller is not mounted here`,
      hint: `mount -t cgroup -o ${controller} cgroup /sys/fs/cgroup/${controller}`,
    };
  if (unmounted.includes(UNIFIED))
    return {
      message: `there is no ${controller} controller on the mounts of this board, and cgroup2 is not mounted`,
      hint: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    };
  return { message: `this kernel offers no ${controller} controller`, hint: controllerRemedy(controller) };
}

export function controllerRemedy(controller: string): string {
  return REMEDY[controller] ?? `the controllers of this kernel are listed in cgroup.controllers and /proc/cgroups`;
}

/** What a file needs, by its name: the release that brought it or the option that hides it. */
const KNOB_REMEDY: readonly (readonly [RegExp, string])[] = [
  [/^memory\.(memsw\.|swap\.)/, 'the kernel needs CONFIG_SWAP, and before 6.1 swapaccount=1 on its command line'],
  [/^memory\.pressure$/, 'add psi=1 to the kernel command line and reboot (kernel option CONFIG_PSI)'],
  [/^cpu\.(cfs_burst_us|max\.burst)$/, 'since Linux 5.14'],
  [/^cpu\.idle$/, 'since Linux 5.15'],
  [/^cpu\.(max|cfs_)/, 'build the kernel with CONFIG_CFS_BANDWIDTH'],
  [/^cpu\.rt_/, 'build the kernel with CONFIG_RT_GROUP_SCHED'],
  [/^blkio\.(leaf_)?weight/, 'the CFQ scheduler left with Linux 5.0; use throttle limits'],
  [/^(blkio|io)\.(bfq\.)?weight/, 'build the kernel with CONFIG_BFQ_GROUP_IOSCHED or CONFIG_BLK_CGROUP_IOCOST'],
  [/^(blkio\.throttle|io\.max)/, 'build the kernel with CONFIG_BLK_DEV_THROTTLING'],
  [/^hugetlb\./, 'the page sizes of this board are the folders of /sys/kernel/mm/hugepages'],
];

export function knobRemedy(file: string): string {
  return (
    KNOB_REMEDY.find(([pattern]) => pattern.test(file))?.[1] ??
    'the kernel of this board does not have it; remove the setting'
  );
}

/** The order in which groups are made and joined: cpuset must be filled first, blkio comes before memory so that the writeback bookkeeping finds its owner. */
const CONTROLLER_ORDER =
  'cpuset cpu cpuacct devices freezer blkio io memory pids hugetlb rdma net_cls net_prio misc'.split(' ');

export function byControllerOrder(a: string, b: string): number {
  const rank = (name: string): number =>
    (CONTROLLER_ORDER.indexOf(name) + CONTROLLER_ORDER.length + 1) % (CONTROLLER_ORDER.length + 1);
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}
