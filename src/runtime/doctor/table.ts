import type { Manifest } from '../../manifest/index.ts';
import type { Finding } from './types.ts';

/** What is known of a check before it is made. */
export interface CheckInfo {
  check: string;
  /** It stands in a line with others when it is well. */
  brief?: true;
  /** What to do when it is not well. */
  remedy: string | ((finding: Finding) => string);
  kernel_option?: string;
  /** Without it nothing is wrong, there is only less. */
  optional?: true;
  /** Whether a manifest needs it. `isPackage`: it came in one. */
  needs: (manifest: Manifest, isPackage: boolean) => boolean;
}

/** A board that boots with a device tree and a file for the command line. */
const COMMAND_LINE = 'the kernel command line (Raspberry Pi: /boot/firmware/cmdline.txt)';

const always = (): boolean => true;
const never = (): boolean => false;

/** Every check, in the order of the output. docs/reference/doctor.md has the same rows, and a test compares. */
export const checks = [
  {
    check: 'memory limit',
    remedy: `add cgroup_enable=memory to ${COMMAND_LINE}, reboot`,
    kernel_option: 'CONFIG_MEMCG; cgroup_enable=memory',
    needs: ({ cgroups }) => cgroups?.memory?.memory_hard_limit !== undefined,
  },
  {
    check: 'swap limit',
    remedy: `matters only with swap; before Linux 6.1 add swapaccount=1 to ${COMMAND_LINE}`,
    kernel_option: 'CONFIG_SWAP; swapaccount=1',
    needs: ({ cgroups }) => cgroups?.memory?.memory_swap_limit !== undefined,
  },
  {
    check: 'cpu quota',
    remedy: 'build the kernel with CONFIG_CFS_BANDWIDTH',
    kernel_option: 'CONFIG_CGROUP_SCHED, CONFIG_CFS_BANDWIDTH',
    needs: ({ cgroups }) => cgroups?.cpu?.quota !== undefined,
  },
  {
    check: 'pids limit',
    remedy: 'build the kernel with CONFIG_CGROUP_PIDS',
    kernel_option: 'CONFIG_CGROUP_PIDS',
    needs: ({ cgroups }) => cgroups?.pids !== undefined,
  },
  {
    check: 'io throttle',
    remedy: ({ result }) =>
      result === 'ignored'
        ? 'limits act on whole disks and on what reaches them; see docs/reference/cgroups.md'
        : 'build the kernel with CONFIG_BLK_DEV_THROTTLING',
    kernel_option: 'CONFIG_BLK_CGROUP, CONFIG_BLK_DEV_THROTTLING',
    needs: ({ cgroups }) =>
      Object.entries(cgroups?.blkio ?? {}).some(([key, list]) => key.startsWith('throttle_') && Array.isArray(list)),
  },
  {
    check: 'device rules',
    remedy: ({ proof }) =>
      proof.includes('EPERM')
        ? 'run it as root with CAP_SYS_ADMIN, or with CAP_BPF and CAP_NET_ADMIN'
        : 'build the kernel with CONFIG_CGROUP_BPF (cgroups v2) or CONFIG_CGROUP_DEVICE (v1)',
    kernel_option: 'CONFIG_CGROUP_BPF (v2), CONFIG_CGROUP_DEVICE (v1)',
    needs: ({ cgroups }) => cgroups?.devices !== undefined,
  },
  {
    check: 'pressure',
    remedy: `build the kernel with CONFIG_PSI, or add psi=1 to ${COMMAND_LINE}`,
    kernel_option: 'CONFIG_PSI; psi=1',
    optional: true,
    needs: never,
  },
  {
    check: 'freezer',
    remedy: 'build the kernel with CONFIG_CGROUP_FREEZER',
    kernel_option: 'CONFIG_CGROUP_FREEZER',
    optional: true,
    needs: never,
  },
  {
    check: 'namespaces',
    brief: true,
    remedy: 'build the kernel with CONFIG_NAMESPACES and all below it',
    kernel_option: 'CONFIG_NAMESPACES',
    needs: ({ init }) => init !== undefined,
  },
  {
    check: 'seccomp',
    brief: true,
    remedy: 'build the kernel with CONFIG_SECCOMP_FILTER',
    kernel_option: 'CONFIG_SECCOMP_FILTER',
    needs: ({ seccomp }) => seccomp !== undefined,
  },
  {
    check: 'overlay',
    brief: true,
    remedy: 'build the kernel with CONFIG_OVERLAY_FS, or install the module overlay',
    kernel_option: 'CONFIG_OVERLAY_FS',
    optional: true,
    needs: ({ rootfs }) => rootfs !== undefined && 'overlay' in rootfs,
  },
  {
    check: 'squashfs',
    brief: true,
    remedy: 'build the kernel with CONFIG_SQUASHFS, or install the module squashfs',
    kernel_option: 'CONFIG_SQUASHFS',
    needs: (_manifest, isPackage) => isPackage,
  },
  {
    check: 'loop',
    brief: true,
    remedy: 'build the kernel with CONFIG_BLK_DEV_LOOP, or install the module loop',
    kernel_option: 'CONFIG_BLK_DEV_LOOP',
    needs: (_manifest, isPackage) => isPackage,
  },
  {
    check: 'dm-verity',
    brief: true,
    remedy: 'build the kernel with CONFIG_DM_VERITY; images are checked by their hash as well',
    kernel_option: 'CONFIG_DM_VERITY',
    optional: true,
    needs: never,
  },
  {
    check: 'memfd_noexec',
    brief: true,
    remedy: 'the init runs from memory: sysctl -w vm.memfd_noexec=1 (2 forbids it)',
    needs: ({ init }) => init !== undefined,
  },
  {
    check: 'clock',
    brief: true,
    remedy: 'set up a time server (systemd-timesyncd, chrony): schedules wait for a clock that is set',
    optional: true,
    needs: ({ schedule }) => schedule !== undefined,
  },
  {
    check: 'data_dir',
    brief: true,
    remedy: 'free some space: packages and what must survive a boot lie there',
    needs: always,
  },
  {
    check: 'launcher',
    brief: true,
    remedy: 'unpack the release again (in a checkout: npm run build)',
    needs: ({ init }) => init !== undefined,
  },
] as const satisfies readonly CheckInfo[];

export type CheckName = (typeof checks)[number]['check'];
