import type { Counter, IoStats } from './types.ts';
import { counter, readInteger, type Read } from './values.ts';

const KEYS = ['rbytes', 'wbytes', 'rios', 'wios', 'dbytes', 'dios'] as const;
type Key = (typeof KEYS)[number];

const DEVICE = /^\d+:\d+$/;

/**
 * io.stat: `8:0 rbytes=1 wbytes=2 …`. A line may have a device and nothing else, and kernels before 6.1 run several devices together on one: each
 * device begins an entry of its own, and one without values is left out.
 */
export function ioV2(text: string): IoStats[] {
  const devices: IoStats[] = [];
  let values = new Map<string, Counter>();
  let device: string | undefined;
  const close = (): void => {
    if (device !== undefined && values.size > 0) devices.push(ioStats(device, values));
  };
  for (const word of text.split(/\s+/)) {
    if (DEVICE.test(word)) {
      close();
      device = word;
      values = new Map();
      continue;
    }
    const [key = '', value = ''] = word.split('=');
    if (/^-?\d+(\.\d+)?$/.test(value)) values.set(key, value.includes('.') ? Number(value) : counter(BigInt(value)));
  }
  close();
  return devices;
}

/** blkio.throttle.*: `8:0 Read 1`. The subtree where the kernel adds it up, else the group alone. */
export function ioV1(read: Read): IoStats[] | null {
  const sources = [
    ['bytes', 'blkio.throttle.io_service_bytes'],
    ['ios', 'blkio.throttle.io_serviced'],
  ] as const;
  const devices = new Map<string, Map<string, Counter>>();
  let found = false;
  for (const [unit, file] of sources) {
    const text = read(`${file}_recursive`) ?? read(file);
    if (text === undefined) continue;
    found = true;
    for (const line of text.split('\n')) {
      const [device = '', operation = '', value] = line.split(' ');
      const prefix = { Read: 'r', Write: 'w', Discard: 'd' }[operation];
      const amount = readInteger(value);
      if (prefix === undefined || amount === undefined || !DEVICE.test(device)) continue;
      const values = devices.get(device) ?? new Map<string, Counter>();
      devices.set(device, values.set(prefix + unit, counter(amount)));
    }
  }
  return found ? [...devices].map(([device, values]) => ioStats(device, values)) : null;
}

function ioStats(device: string, values: ReadonlyMap<string, Counter>): IoStats {
  const known = Object.fromEntries(KEYS.map((key) => [key, values.get(key) ?? null])) as Record<Key, Counter>;
  const others = [...values].filter(([key]) => !KEYS.some((one) => one === key));
  return { device, ...known, ...(others.length === 0 ? {} : { others: Object.fromEntries(others) }) };
}
