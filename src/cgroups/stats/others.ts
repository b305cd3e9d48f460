import type { HugetlbStats, Limit, Counter, PidsStats, RdmaStats } from './types.ts';
import { counter, readCounter, readKeyed, readLimit, type Read } from './values.ts';

/** The files have the same names on both versions; older kernels lack some. */
export function pids(read: Read): PidsStats {
  return {
    current: readCounter(read('pids.current')),
    peak: readCounter(read('pids.peak')),
    ...readLimit(read('pids.max')),
    max_events: counter(readKeyed(read('pids.events')).get('max')),
  };
}

/** `sizes`: as the kernel writes them in the names of files, `2MB`. */
export function hugetlb(read: Read, version: 1 | 2, sizes: readonly string[]): HugetlbStats[] {
  return sizes.map((page_size) => {
    const file = (name: string): string | undefined => read(`hugetlb.${page_size}.${name}`);
    const [usage, limit] = version === 1 ? ['usage_in_bytes', 'limit_in_bytes'] : ['current', 'max'];
    const refused = version === 1 ? readCounter(file('failcnt')) : counter(readKeyed(file('events')).get('max'));
    return {
      page_size,
      usage: readCounter(file(`rsvd.${usage ?? ''}`) ?? file(usage ?? '')),
      ...readLimit(file(`rsvd.${limit ?? ''}`) ?? file(limit ?? '')),
      max_events: refused,
    };
  });
}

/** `mlx5_0 hca_handle=2 hca_object=max`. */
export function rdma(read: Read): RdmaStats[] {
  const now = readDevices(read('rdma.current'));
  const most = readDevices(read('rdma.max'));
  const devices = [...new Set([...now.keys(), ...most.keys()])];
  return devices.map((device) => {
    const of = (key: string): { usage: Counter } & Limit => ({
      usage: readCounter(now.get(device)?.get(key)),
      ...readLimit(most.get(device)?.get(key)),
    });
    return { device, hca_handles: of('hca_handle'), hca_objects: of('hca_object') };
  });
}

function readDevices(text: string | undefined): Map<string, Map<string, string>> {
  const devices = new Map<string, Map<string, string>>();
  for (const line of (text ?? '').split('\n')) {
    const [device = '', ...pairs] = line.trim().split(/\s+/);
    if (device === '') continue;
    const values = pairs.map((pair): [string, string] => {
      const [key = '', value = ''] = pair.split('=');
      return [key, value];
    });
    devices.set(device, new Map(values));
  }
  return devices;
}
