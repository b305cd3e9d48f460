import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface Disk {
  /** `vda`. */
  name: string;
  major: number;
  minor: number;
}

/**
 * The whole disk that a folder lies on, which is what the kernel throttles. Undefined: its filesystem has no disk of its own (tmpfs, overlay, a
 * network), or spans several (btrfs).
 */
export function wholeDiskOf(path: string): Disk | undefined {
  const { dev } = statSync(path, { bigint: true });
  // gnu_dev_major and gnu_dev_minor.
  const major = Number(((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn));
  const minor = Number((dev & 0xffn) | ((dev >> 12n) & ~0xffn));
  const link = `/sys/dev/block/${major}:${minor}`;
  if (!existsSync(link)) return undefined;
  const device = realpathSync(link);
  const disk = existsSync(join(device, 'partition')) ? dirname(device) : device;
  const [wholeMajor = NaN, wholeMinor = NaN] = readFileSync(join(disk, 'dev'), 'utf8').trim().split(':').map(Number);
  return { name: basename(disk).replaceAll('!', '/'), major: wholeMajor, minor: wholeMinor };
}
