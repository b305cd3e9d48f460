import { readdirSync, readFileSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { VmError } from './command.ts';
import { cpio } from './cpio.ts';
import type { Kernel, Machine } from './machines.ts';
import { modulesInOrder } from './modules.ts';
import { DebianPackages } from './packages.ts';

/**
 * The disk, the shares, the root over them, the ports that results come through, and what an image is mounted with. Debian has all of it
 * as modules, and nothing loads a module later: the root has none.
 */
const MODULES = [
  ...['virtio_pci', 'virtio_blk', 'virtio_console', 'virtio_rng', '9p', '9pnet_virtio', 'overlay'],
  ...['loop', 'squashfs'],
];

export interface KernelFiles {
  image: string;
  /** Busybox and the modules; the `init` is missing, it belongs to the checkout. */
  initramfs: string;
}

/** A kernel of Debian and what it needs to find its root, made once. */
export async function kernelFiles(machine: Machine, kernel: Kernel, cache: string): Promise<KernelFiles> {
  const name = machine.kernels[kernel];
  if (name === undefined)
    throw new VmError(
      `Debian 12 has no kernel ${kernel} for ${machine.arch}, only ${Object.keys(machine.kernels).join(', ')}`,
    );
  const folder = await cached(join(cache, machine.arch), `linux-${kernel}`, [name, MODULES, 1], async (into) => {
    const unpacked = join(into, 'unpacked');
    const lists = join(into, 'apt');
    mkdirSync(unpacked);
    const packages = new DebianPackages(lists, machine.arch);
    await packages.unpackOne(await packages.dependency(name, 'linux-image-'), unpacked);
    await packages.unpackOne('busybox-static', unpacked);
    const [release = ''] = readdirSync(join(unpacked, 'lib/modules'));
    copyFileSync(join(unpacked, `boot/vmlinuz-${release}`), join(into, 'image'));
    const modules = await modulesInOrder(join(unpacked, 'lib/modules', release), MODULES);
    writeFileSync(join(into, 'initramfs'), initramfs(readFileSync(join(unpacked, 'bin/busybox')), modules));
    for (const each of [unpacked, lists]) rmSync(each, { recursive: true });
  });
  return { image: join(folder, 'image'), initramfs: join(folder, 'initramfs') };
}

function initramfs(busybox: Buffer, modules: ReadonlyMap<string, Buffer>): Buffer {
  const files = [...modules].map(([name, data], at) => ({
    path: `modules/${String(at).padStart(2, '0')}-${name}.ko`, // a shell's * is sorted
    mode: 0o644,
    data,
  }));
  return cpio([
    { path: 'bin', mode: 0o755 },
    { path: 'bin/busybox', mode: 0o755, data: busybox },
    { path: 'modules', mode: 0o755 },
    ...files,
  ]);
}
