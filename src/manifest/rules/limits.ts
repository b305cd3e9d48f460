import { formatBytes } from '../../base/index.ts';
import type { Report } from '../report.ts';
import { readCpuTime, readDuration, readMemoryLimit, readQuota } from '../quantities/index.ts';
import { isMap, listAt, mapAt, numberOf } from './look.ts';

/** cgroups, restart: values that must fit each other. What a kernel can do is left to the planner. */
export function checkLimits(report: Report, input: Record<string, unknown>): void {
  checkSwap(report, mapAt(input, 'cgroups', 'memory'));
  checkQuota(report, mapAt(input, 'cgroups', 'cpu'));
  checkDevices(report, mapAt(input, 'cgroups', 'blkio'));
  checkRestart(report, mapAt(input, 'restart'));
}

function checkSwap(report: Report, memory: Record<string, unknown> | undefined): void {
  const limit = numberOf(memory?.['memory_hard_limit'], readMemoryLimit);
  const swap = numberOf(memory?.['memory_swap_limit'], readMemoryLimit);
  if (limit === undefined || swap === undefined || swap <= 0 || swap >= limit) return;
  const path = ['cgroups', 'memory'];
  const written = memory?.['memory_hard_limit'];
  const least = typeof written === 'string' ? written : formatBytes(limit);
  const text = `memory plus swap: at least ${least}`;
  report.add([...path, 'memory_swap_limit'], {
    code: 'TH1302',
    message: 'memory_swap_limit is below memory_hard_limit',
    label: text,
    hint: text,
    related: { path: [...path, 'memory_hard_limit'], label: `${limit} bytes` },
  });
}

/** `150 %` counts in the period that stands beside it. */
function checkQuota(report: Report, cpu: Record<string, unknown> | undefined): void {
  const period = numberOf(cpu?.['period'], readCpuTime);
  const quota = cpu?.['quota'];
  if (period === undefined || typeof quota !== 'string') return;
  const reading = readQuota(quota, period);
  if ('complaint' in reading) report.add(['cgroups', 'cpu', 'quota'], reading.complaint);
}

const DEVICE_LISTS = [
  'weight_device',
  'throttle_read_bps_device',
  'throttle_write_bps_device',
  'throttle_read_iops_device',
  'throttle_write_iops_device',
];

function checkDevices(report: Report, blkio: Record<string, unknown> | undefined): void {
  for (const key of DEVICE_LISTS)
    listAt(blkio, key).forEach((entry, i) => {
      if (isMap(entry)) checkDevice(report, ['cgroups', 'blkio', key, i], entry);
    });
}

function checkDevice(report: Report, path: readonly (string | number)[], entry: Record<string, unknown>): void {
  const { device, major, minor } = entry;
  const numbers = [major, minor].filter((number) => number !== undefined).length;
  if (device !== undefined && numbers > 0)
    report.add(path, {
      code: 'TH1306',
      message: '`device` and `major`, `minor` exclude each other',
      hint: 'keep `device` where numbers may change between boots',
    });
  else if (device === undefined && numbers < 2)
    report.add([...path, 'device'], {
      code: 'TH1104',
      message: 'the block device is missing',
      hint: 'add `device: /dev/mmcblk0`, or both `major` and `minor`',
    });
  else if (typeof device === 'string' && !device.startsWith('/'))
    report.add([...path, 'device'], {
      code: 'TH1211',
      message: `\`${device.slice(0, 60)}\` is not an absolute path`,
      hint: 'write for example `device: /dev/mmcblk0`',
    });
}

function checkRestart(report: Report, restart: Record<string, unknown> | undefined): void {
  if (restart === undefined) return;
  const multiplier = restart['multiplier'];
  if (typeof multiplier === 'number' && (multiplier < 1 || multiplier > 100))
    report.add(['restart', 'multiplier'], {
      code: 'TH1205',
      message: `\`restart.multiplier\` is ${multiplier}, allowed 1 to 100`,
      hint: `write \`multiplier: ${multiplier < 1 ? 1 : 100}\``,
    });
  const first = numberOf(restart['initial_delay'], readDuration);
  const last = numberOf(restart['max_delay'], readDuration);
  if (first !== undefined && first < 0.01)
    report.add(['restart', 'initial_delay'], {
      code: 'TH1205',
      message: `\`restart.initial_delay\` is ${first} s, allowed 10 ms to 24 d`,
      label: 'a program that fails at once would be started without end',
      hint: 'write `initial_delay: 10 ms`',
    });
  if ((last ?? 60) < (first ?? 1))
    report.add(['restart', last === undefined ? 'initial_delay' : 'max_delay'], {
      code: 'TH1205',
      message: `\`restart.max_delay\` is ${last ?? 60} s, less than \`initial_delay\`, which is ${first ?? 1} s`,
      hint: 'raise `max_delay` or lower `initial_delay`',
    });
}
