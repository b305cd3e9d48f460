import type { ManifestInput } from './generated/manifest-input.d.ts';
import { pressureDefaults } from './defaults.ts';
import type { CgroupsSection, DeviceRate, DeviceRule, MemoryPressure } from './manifest.ts';

import { readCount, readCpuTime, readDuration, readMemoryLimit, readQuota, readRate } from './quantities/index.ts';
import { orderedAccess } from './rules/device-access.ts';
import { mapValues, valueOf } from './values.ts';

type Input = NonNullable<ManifestInput['cgroups']>;
type Written = string | number;
type Rates = readonly ({ rate: Written } & Omit<DeviceRate, 'rate'>)[];

/** The period that percentages of `quota` refer to when none is given, in microseconds; also the kernel's. */
const DEFAULT_PERIOD = 100_000;

/** Sizes to bytes and times to microseconds; everything else stays as it was written. */
export function normaliseCgroups(input: Input): CgroupsSection {
  const section: CgroupsSection = {};
  if (input.enforce !== undefined) section.enforce = input.enforce;
  if (input.parent !== undefined) section.parent = input.parent;
  if (input.memory !== undefined) section.memory = memory(input.memory);
  if (input.cpu !== undefined) section.cpu = cpu(input.cpu);
  if (input.blkio !== undefined) section.blkio = blkio(input.blkio);
  if (input.pids !== undefined) section.pids = { limit: valueOf(readCount(input.pids.limit, -1)) };
  if (input.devices !== undefined) section.devices = input.devices.map(deviceRule);
  if (input.hugetlb !== undefined)
    section.hugetlb = input.hugetlb.map((entry) => ({ ...entry, limit: valueOf(readMemoryLimit(entry.limit)) }));
  if (input.rdma !== undefined) section.rdma = mapValues(input.rdma, (limits) => ({ ...limits }));
  if (input.network !== undefined) {
    const { priorities, ...rest } = input.network;
    section.network =
      priorities === undefined ? rest : { ...rest, priorities: priorities.map((entry) => ({ ...entry })) };
  }
  if (input.unified !== undefined) section.unified = mapValues(input.unified, (text) => text);
  return section;
}

function memory(input: NonNullable<Input['memory']>): NonNullable<CgroupsSection['memory']> {
  const {
    memory_hard_limit,
    memory_soft_limit,
    memory_swap_limit,
    kernel_memory_limit,
    kernel_tcp_memory_limit,
    attrs: raw,
    pressure: watched,
    ...rest
  } = input;
  return {
    ...rest,
    ...attrs(raw),
    ...converted(
      { memory_hard_limit, memory_soft_limit, memory_swap_limit, kernel_memory_limit, kernel_tcp_memory_limit },
      readMemoryLimit,
    ),
    ...(watched === undefined ? {} : { pressure: pressure(watched) }),
  };
}

function pressure(input: NonNullable<NonNullable<Input['memory']>['pressure']>): MemoryPressure {
  return {
    ...converted({ some: input.some, full: input.full }, readDuration),
    window: input.window === undefined ? pressureDefaults.window : valueOf(readDuration(input.window)),
    level: input.level ?? pressureDefaults.level,
  };
}

function deviceRule(input: NonNullable<Input['devices']>[number]): DeviceRule {
  return {
    allow: input.allow,
    type: input.type ?? 'a',
    ...(input.major === undefined ? {} : { major: input.major }),
    ...(input.minor === undefined ? {} : { minor: input.minor }),
    access: orderedAccess(input.access ?? 'rwm'),
  };
}

function cpu(input: NonNullable<Input['cpu']>): NonNullable<CgroupsSection['cpu']> {
  const { quota, period, burst, realtime_runtime, realtime_period, attrs: raw, ...rest } = input;
  const times = converted({ period, burst, realtime_runtime, realtime_period }, readCpuTime);
  return {
    ...rest,
    ...attrs(raw),
    ...times,
    ...(quota === undefined ? {} : { quota: valueOf(readQuota(quota, times.period ?? DEFAULT_PERIOD)) }),
  };
}

function blkio(input: NonNullable<Input['blkio']>): NonNullable<CgroupsSection['blkio']> {
  const result: NonNullable<CgroupsSection['blkio']> = {};
  if (input.weight !== undefined) result.weight = input.weight;
  if (input.leaf_weight !== undefined) result.leaf_weight = input.leaf_weight;
  Object.assign(result, attrs(input.attrs));
  if (input.weight_device !== undefined) result.weight_device = input.weight_device.map((entry) => ({ ...entry }));
  const lists = [
    'throttle_read_bps_device',
    'throttle_write_bps_device',
    'throttle_read_iops_device',
    'throttle_write_iops_device',
  ] as const;
  for (const key of lists) {
    const rates: Rates | undefined = input[key];
    if (rates !== undefined) result[key] = rates.map((entry) => ({ ...entry, rate: valueOf(readRate(entry.rate)) }));
  }
  return result;
}

/** No raw values are none. */
function attrs(input: Readonly<Record<string, string>> = {}): { attrs?: Record<string, string> } {
  return Object.keys(input).length === 0 ? {} : { attrs: mapValues(input, (text) => text) };
}

/** Reads every key that is present. */
function converted<K extends string>(
  values: Record<K, Written | undefined>,
  read: (written: Written) => ReturnType<typeof readMemoryLimit>,
): Partial<Record<K, number>> {
  const result: Partial<Record<K, number>> = {};
  for (const [key, value] of Object.entries<Written | undefined>(values))
    if (value !== undefined) result[key as K] = valueOf(read(value));
  return result;
}
