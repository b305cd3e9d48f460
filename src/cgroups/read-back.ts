import { parseCpulist } from './cpulist.ts';
import type { CgroupWrite } from './plan-types.ts';

type Same = (wanted: string, found: string) => boolean;

/** The largest base page of any Linux architecture that Thuban runs on; the kernel rounds sizes down to a page. */
const LARGEST_PAGE = 65_536;
/** Below this a v1 value is a limit, above it the kernel's "none" (LONG_MAX rounded down to a page). */
const V1_UNLIMITED = 2 ** 62;

const exact: Same = (wanted, found) => wanted === found;
const bytes: Same = (wanted, found) => {
  if (wanted === '-1') return Number(found) >= V1_UNLIMITED;
  if (wanted === 'max' || found === 'max') return wanted === found;
  const lost = Number(wanted) - Number(found);
  return lost >= 0 && lost < LARGEST_PAGE;
};
const list: Same = (wanted, found) => JSON.stringify(parseCpulist(wanted)) === JSON.stringify(parseCpulist(found));
/** BFQ before 5.4 prints a bare number, newer kernels `default 100`; lines for single devices follow. */
const weight: Same = (wanted, found) => {
  if (wanted.includes(':')) return found.split('\n').includes(wanted);
  return new RegExp(`^(default )?${wanted}(\n|$)`).test(found);
};
const deviceLine: Same = (wanted, found) => {
  const [device = '', rate = ''] = wanted.split(' ');
  const line = found.split('\n').find((candidate) => candidate.startsWith(`${device} `));
  // 0, and UINT_MAX for operations, remove the line.
  return line === undefined ? rate === '0' || rate === '4294967295' : line === wanted;
};
const ioMax: Same = (wanted, found) => {
  const [device = '', setting = ''] = wanted.split(' ');
  const line = found.split('\n').find((candidate) => candidate.startsWith(`${device} `));
  return line === undefined
    ? setting.endsWith('=max')
    : line.split(' ').includes(setting) || setting.endsWith('=4294967295');
};

/**
 * What may stand in a file after a write. A file that is not listed is not compared: the kernel takes
 * memory.kmem.limit_in_bytes without effect, prints cpu.max.burst divided by 1000 on some releases (5.14 and later),
 * rounds hugetlb to a page size of its own, and raw files have any form.
 */
const SAME: readonly (readonly [RegExp, Same])[] = [
  [/^memory\.(memsw\.|kmem\.tcp\.)?(soft_)?limit_in_bytes$/, bytes],
  [/^memory\.(max|low|swap\.max)$/, bytes],
  [/^memory\.(swappiness|oom\.group)$/, exact],
  [/^cpu\.(shares|weight|idle|max|cfs_quota_us|cfs_period_us|rt_period_us|rt_runtime_us)$/, exact],
  [/^(cpuset\.)?(cpus|mems)$/, list],
  [/^pids\.max$/, exact],
  [/^net_cls\.classid$/, exact],
  [/^(blkio|io)\.(bfq\.)?weight$/, weight],
  [/^blkio\.throttle\./, deviceLine],
  [/^io\.max$/, ioMax],
];

/** Keys of raw files, which have any form. */
const RAW = /^cgroups\.(unified|\w+\.attrs)\./;

/**
 * Whether what a file shows after a write is what was written, rounding included. Undefined: it is not compared, and need not be read (some
 * raw files cannot be).
 */
export function comparisonOf({ file, value, key }: CgroupWrite): ((found: string) => boolean) | undefined {
  if (file === undefined || value === undefined || RAW.test(key ?? '')) return undefined;
  const same = SAME.find(([pattern]) => pattern.test(file))?.[1];
  return same && ((found) => same(value, found.trimEnd()));
}
