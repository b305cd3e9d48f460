import type { Draft } from './draft.ts';
import type { BlkioResources, DeviceRate, DeviceWeight } from './resources.ts';
import { blkioToIoWeight } from './weights.ts';

const PREFIX = 'cgroups.blkio.';
const UINT_MAX = 4_294_967_295;

/** v1 file, v2 key in io.max, and whether the kernel keeps the rate in 32 bits. Documentation/admin-guide/cgroup-v1/blkio-controller.rst. */
const THROTTLES = [
  ['throttle_read_bps_device', 'blkio.throttle.read_bps_device', 'rbps', false],
  ['throttle_write_bps_device', 'blkio.throttle.write_bps_device', 'wbps', false],
  ['throttle_read_iops_device', 'blkio.throttle.read_iops_device', 'riops', true],
  ['throttle_write_iops_device', 'blkio.throttle.write_iops_device', 'wiops', true],
] as const;

export function planBlkio(draft: Draft, blkio: BlkioResources): void {
  const { attrs: _attrs, ...knobs } = blkio;
  const key = Object.entries(knobs).find(([, value]) =>
    Array.isArray(value) ? value.length > 0 : (value ?? 0) !== 0,
  )?.[0];
  if (key === undefined) return;
  const controller = draft.controller(PREFIX + key, 'blkio', 'io');
  if (controller === undefined) return;
  const { version } = controller.facts;
  weight(draft, version, 'weight', blkio.weight);
  weight(draft, version, 'leaf_weight', blkio.leaf_weight);
  blkio.weight_device?.forEach((entry, index) => {
    deviceWeight(draft, version, entry, `${PREFIX}weight_device.${index}`);
  });
  for (const [name, file, word, narrow] of THROTTLES) {
    blkio[name]?.forEach((entry, index) => {
      throttle(draft, version, entry, `${PREFIX}${name}.${index}`, file, word, narrow);
    });
  }
}

function weight(draft: Draft, version: 1 | 2, name: 'weight' | 'leaf_weight', value: number | undefined): void {
  if (value === undefined || value === 0) return;
  const key = PREFIX + name;
  if (draft.inRange(key, value, 10, 1000)) putWeight(draft, version, name, '', value, key);
}

function deviceWeight(draft: Draft, version: 1 | 2, entry: DeviceWeight, key: string): void {
  const device = number(draft, entry, key);
  if (device === undefined) return;
  for (const name of ['weight', 'leaf_weight'] as const) {
    const value = entry[name];
    if (value === undefined || value === 0) continue;
    if (draft.inRange(`${key}.${name}`, value, 10, 1000))
      putWeight(draft, version, name, device, value, `${key}.${name}`);
  }
}

/** BFQ takes the weight as it is; io.weight (iocost) has another scale. Which one exists is the kernel's choice. */
function putWeight(
  draft: Draft,
  version: 1 | 2,
  name: 'weight' | 'leaf_weight',
  device: string,
  value: number,
  key: string,
): void {
  const line = (converted: number): string => (device === '' ? String(converted) : `${device} ${converted}`);
  const suffix = device === '' ? '' : '_device';
  if (version === 1) {
    const cfq = `blkio.${name}${suffix}`;
    if (name === 'leaf_weight') draft.put('blkio', { file: cfq, value: line(value), key });
    else alternatives(draft, 'blkio', key, [cfq, line(value)], [`blkio.bfq.weight${suffix}`, line(value)]);
  } else if (name === 'leaf_weight') {
    draft.otherVersion(key, 1, 'remove it; the CFQ scheduler that knew it left with Linux 5.0');
  } else {
    alternatives(draft, 'io', key, ['io.bfq.weight', line(value)], ['io.weight', line(blkioToIoWeight(value))]);
  }
}

function alternatives(
  draft: Draft,
  controller: string,
  key: string,
  first: [string, string],
  second: [string, string],
): void {
  const known = draft.has(controller, first[0]) === true;
  draft.put(controller, { file: first[0], value: first[1], key, ...(known ? {} : { tolerate: ['ENOENT'] }) });
  draft.put(controller, { file: second[0], value: second[1], key, instead_of: first[0] });
}

function throttle(
  draft: Draft,
  version: 1 | 2,
  entry: DeviceRate,
  key: string,
  file: string,
  word: string,
  narrow: boolean,
): void {
  const device = number(draft, entry, key);
  if (device === undefined || !draft.inRange(`${key}.rate`, entry.rate, 0, Number.MAX_SAFE_INTEGER)) return;
  // v1 cuts operations to 32 bits, so that 2^32 would become 0, which means no limit.
  const rate = narrow ? Math.min(entry.rate, UINT_MAX) : entry.rate;
  if (version === 1) {
    draft.put('blkio', { file, value: `${device} ${rate}`, key });
    return;
  }
  if (rate === 1) {
    draft.error(
      'TH1205',
      `${key}.rate`,
      `\`${key}.rate\` is 1, allowed 2 and more on cgroups v2`,
      'write 2, or 0 for no limit',
    );
    return;
  }
  draft.put('io', { file: 'io.max', value: `${device} ${word}=${rate === 0 ? 'max' : rate}`, key });
}

function number(
  draft: Draft,
  entry: { major?: number; minor?: number; device?: string },
  key: string,
): string | undefined {
  if (entry.device !== undefined) {
    const found = draft.request.machine.blockDevices?.[entry.device];
    if (found !== undefined) return `${found.major}:${found.minor}`;
    draft.error(
      'TH2004',
      `${key}.device`,
      `\`${entry.device}\` is not a disk of this board`,
      'name a whole disk, not a partition (lsblk), or write `major` and `minor`',
    );
    return undefined;
  }
  if (entry.major === undefined || entry.minor === undefined) {
    draft.error('TH1104', key, '`device` is missing', 'add `device: /dev/…`, or `major` and `minor`');
    return undefined;
  }
  const sound =
    draft.inRange(`${key}.major`, entry.major, 0, 4095) && draft.inRange(`${key}.minor`, entry.minor, 0, 1_048_575);
  return sound ? `${entry.major}:${entry.minor}` : undefined;
}
