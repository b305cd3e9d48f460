import { IMAGE } from './format.ts';
import { refusal } from './refusal.ts';

/** What the first bytes of a squashfs say about it. */
export interface Superblock {
  /** `4.0` */
  version: string;
  compression: string;
  block_size: number;
  bytes_used: number;
  inodes: number;
}

/** fs/squashfs/squashfs_fs.h of the kernel: struct squashfs_super_block, little-endian. */
export const SUPERBLOCK = 96;

const MAGIC = 0x73717368;
const compressions: Readonly<Record<number, string>> = { 1: 'gzip', 2: 'lzma', 3: 'lzo', 4: 'xz', 5: 'lz4', 6: 'zstd' };

/**
 * Reads what the kernel will look at first, and refuses what it would refuse, so that a wrong image is found when it is installed and not
 * when it is started.
 *
 * @throws ThubanError TH5004, TH5005
 */
export function readSuperblock(start: Buffer, size: number): Superblock {
  const wrong = (what: string): Error =>
    refusal('TH5004', `entry \`${IMAGE}\` ${what}`, 'make it with `thuban pack` or mksquashfs 4');
  if (start.length < SUPERBLOCK || start.readUInt32LE(0) !== MAGIC) throw wrong('is no squashfs image');
  const [major, minor] = [start.readUInt16LE(28), start.readUInt16LE(30)];
  if (major !== 4 || minor !== 0) throw wrong(`is of squashfs ${major}.${minor}, the kernel reads 4.0`);
  const [blockSize, blockLog] = [start.readUInt32LE(12), start.readUInt16LE(22)];
  if (blockLog < 12 || blockLog > 20 || blockSize !== 2 ** blockLog)
    throw wrong(`has a block size of ${blockSize} bytes`);
  const id = start.readUInt16LE(20);
  const compression = compressions[id];
  if (compression === undefined) throw wrong(`has an unknown compression, number ${id}`);
  const used = start.readBigUInt64LE(40);
  if (used > BigInt(size))
    throw refusal('TH5005', `entry \`${IMAGE}\` ends too early: it has ${size} bytes, its superblock says ${used}`);
  if (used < BigInt(SUPERBLOCK)) throw wrong(`says that it uses ${used} bytes`);
  return {
    version: `${major}.${minor}`,
    compression,
    block_size: blockSize,
    bytes_used: Number(used),
    inodes: start.readUInt32LE(4),
  };
}
