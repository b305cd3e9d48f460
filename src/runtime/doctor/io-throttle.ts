import { formatRate } from '../../base/index.ts';
import type { Session } from '../session.ts';
import { Probe } from './probe.ts';
import type { Finding } from './types.ts';

export interface IoPlace {
  /** On the disk, writable for the probe. */
  folder: string;
  disk: { name: string; major: number; minor: number };
}

/** Sixteen blocks in one second: so few that also a worn card, or an emulated disk, does them many times as fast without a limit. */
const BLOCK = 4096;
const BLOCKS = 16;
const RATE = BLOCK * BLOCKS;
/** Nothing here takes longer, on a slow board neither. */
const PATIENCE_MS = 10_000;

/** Writes past the page cache, once without a limit, and then with one. */
export async function ioThrottle(session: Session, { folder, disk }: IoPlace): Promise<Finding> {
  const { name, major, minor } = disk;
  const free = await writes(session, folder);
  if (typeof free === 'string') return { result: 'not tried', proof: free, harmless: true };
  const limited = await writes(session, folder, {
    blkio: { throttle_write_bps_device: [{ major, minor, rate: RATE }] },
  });
  if (typeof limited === 'string') return { result: 'not tried', proof: limited, harmless: true };
  return judgeIo(name, free, limited);
}

/** Pure: from the rates without and with the limit. A disk that is as slow by itself proves nothing. */
export function judgeIo(name: string, free: number, limited: number): Finding {
  const proof = `${formatRate(limited)} measured at ${formatRate(RATE)} on ${name} (direct; ${formatRate(free)} without)`;
  // What the kernel lets through at once is a tenth of a second's worth, two blocks of the sixteen.
  if (limited >= 1.5 * RATE) return { result: 'ignored', proof };
  if (free >= 2 * RATE) return { result: 'enforced', proof };
  return { result: 'not tried', proof: `${name} does ${formatRate(free)} without a limit`, harmless: true };
}

/** Bytes in a second, or why it could not be measured. */
async function writes(session: Session, folder: string, cgroups = {}): Promise<number | string> {
  const file = '/probe/file';
  const script = `exec dd if=/dev/zero of=${file} bs=${BLOCK} count=${BLOCKS} oflag=direct`;
  const probe = await Probe.start(session, { name: 'io', script, cgroups, folder });
  const exit = await probe.endsWithin(PATIENCE_MS);
  if (exit === undefined) await probe.kill();
  if (exit?.code !== 0)
    return `dd cannot write past the cache here: ${probe.output.trim().split('\n')[0] ?? 'it did not end'}`;
  return RATE / Math.max(secondsOf(probe.output) ?? exit.duration, 0.001);
}

/** As dd tells it, GNU's and that of busybox: the start of the container, which is slow on a slow board, does not count. */
export function secondsOf(output: string): number | undefined {
  const seconds = Number(/copied, (\d+(?:\.\d+)?(?:e-\d+)?) s/.exec(output)?.[1]);
  return Number.isNaN(seconds) ? undefined : seconds;
}
