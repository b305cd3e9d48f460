import { machine } from 'node:os';
import { ThubanError } from '../base/index.ts';
import type { CgroupWrite, Notice } from './plan-types.ts';

/** What a kernel of 32 bits needs to be asked about. */
export interface KernelAge {
  /** As `uname -m` prints it. */
  arch: string;
  /** Seconds on CLOCK_MONOTONIC. */
  uptime: number;
}

/**
 * Seconds after its start from which a kernel of 32 bits takes limits of disks without harm. Its counter of jiffies has 32 bits and begins five
 * minutes below zero; until it has passed zero, a throttle takes 0, "no slice yet", for a time to come, and the first request that it holds
 * back ends in a BUG (throtl_trim_slice, block/blk-throttle.c; seen on Debian's 6.1.176-armmp-lpae, where the same works later).
 */
const SAFE_UPTIME = 310;

const OF_32_BITS = /^(arm(?!64)|i[3-6]86$|mips(el)?$|ppc$|riscv32$)/;
const LIMITS_OF_DISKS = /^(io\.max$|blkio\.throttle\.)/;
/** These lift a limit: v1 by a rate of 0, v2 by `max`. */
const LIFTS = /^\d+:\d+ (0$|(\S+=max ?)+$)/;

/** Of the kernel that this runs on. */
export function kernelAge(): KernelAge {
  return { arch: machine(), uptime: Number(process.hrtime.bigint()) / 1e9 };
}

/** Whether this kernel may have to be waited for at all. */
export function isOf32Bits(): boolean {
  return OF_32_BITS.test(machine());
}

/** Whole seconds to wait before this can be written; 0: at once. */
export function ioLimitWait({ op, file = '', value = '' }: CgroupWrite, { arch, uptime }: KernelAge): number {
  const harms = op === 'write' && LIMITS_OF_DISKS.test(file) && !LIFTS.test(value) && OF_32_BITS.test(arch);
  return harms ? Math.max(0, Math.ceil(SAFE_UPTIME - uptime)) : 0;
}

/**
 * What may be written now, with what a `best_effort` plan does without.
 * @throws ThubanError TH2014 with `details.retry_after` in seconds for a limit that must wait.
 */
export function withoutEarlyIoLimits(
  writes: readonly CgroupWrite[],
  kernel: KernelAge,
): { writes: CgroupWrite[]; degraded: Notice[] } {
  const degraded: Notice[] = [];
  const now = writes.filter((write) => {
    const wait = ioLimitWait(write, kernel);
    if (wait === 0) return true;
    const refused = tooEarly(write, wait, kernel.arch);
    if (write.optional !== true) throw refused;
    const { code, message } = refused;
    degraded.push({ code, message, ...(write.key === undefined ? {} : { key: write.key }) });
    return false;
  });
  return { writes: now, degraded };
}

function tooEarly({ file = '', path, key }: CgroupWrite, wait: number, arch: string): ThubanError {
  return new ThubanError('TH2014', `this kernel (${arch}) may panic when ${file} is set early`, {
    hint: `start again in ${wait} s; a daemon waits by itself`,
    details: { path, file, retry_after: wait, ...(key === undefined ? {} : { key }) },
  });
}
