import { visible } from '../base/index.ts';
import type { Draft } from './draft.ts';
import type { Resources } from './resources.ts';

/** PID_MAX_LIMIT of include/linux/threads.h on 64 bits. The limit counts threads. */
const PIDS_MAX = 4_194_304;
const UINT_MAX = 4_294_967_295;

export function planPids(draft: Draft, pids: NonNullable<Resources['pids']>): void {
  const key = 'cgroups.pids.limit';
  const { limit } = pids;
  if (
    !(limit < 0 && Number.isSafeInteger(limit)) &&
    !draft.inRange(key, limit, 0, PIDS_MAX, `at most ${PIDS_MAX}, or -1 for no limit`)
  )
    return;
  if (draft.controller(key, 'pids') === undefined) return;
  // 0 and 1 both forbid every fork of the first process; systemd and runc write 1 (runc#4014).
  draft.put('pids', { file: 'pids.max', value: limit < 0 ? 'max' : String(Math.max(limit, 1)), key });
}

export function planHugetlb(draft: Draft, entries: NonNullable<Resources['hugetlb']>): void {
  entries.forEach((entry, index) => {
    const key = `cgroups.hugetlb.${index}`;
    if (!hugePageSize(entry.page_size)) {
      // The size becomes part of a file name (runc#4103 wrote other groups' limits through `../`).
      draft.error(
        'TH1201',
        `${key}.page_size`,
        `\`${visible(entry.page_size)}\` is not a huge page size`,
        'a power of two such as `64KB`, `2MB`, `1GB`',
      );
      return;
    }
    if (!draft.inRange(`${key}.limit`, entry.limit, -1, Number.MAX_SAFE_INTEGER)) return;
    const version = draft.controller(`${key}.limit`, 'hugetlb')?.facts.version;
    if (version === undefined) return;
    const base = `hugetlb.${entry.page_size}`;
    const suffix = version === 1 ? 'limit_in_bytes' : 'max';
    const value = version === 2 && entry.limit === -1 ? 'max' : String(entry.limit);
    draft.put('hugetlb', { file: `${base}.${suffix}`, value, key: `${key}.limit` });
    // Reserved pages have a limit of their own since 5.7; without it a reservation would escape.
    draft.put('hugetlb', { file: `${base}.rsvd.${suffix}`, value, key: `${key}.limit`, tolerate: ['ENOENT'] });
  });
}

function hugePageSize(text: string): boolean {
  const match = /^(\d{1,4})(KB|MB|GB)$/.exec(text);
  const size = Number(match?.[1] ?? 0);
  return size > 0 && (size & (size - 1)) === 0;
}

export function planRdma(draft: Draft, devices: NonNullable<Resources['rdma']>): void {
  for (const [device, limits] of Object.entries(devices)) {
    const key = `cgroups.rdma.${device}`;
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(device)) {
      draft.error(
        'TH1201',
        key,
        `\`${visible(device)}\` is not the name of an RDMA device`,
        'a name from /sys/class/infiniband',
      );
      continue;
    }
    const words: string[] = [];
    let sound = true;
    for (const [name, word] of [
      ['hca_handles', 'hca_handle'],
      ['hca_objects', 'hca_object'],
    ] as const) {
      const value = limits[name];
      if (value === undefined) continue;
      sound = draft.inRange(`${key}.${name}`, value, 0, 2_147_483_647) && sound;
      words.push(`${word}=${value}`);
    }
    if (!sound) continue;
    if (words.length === 0) {
      draft.error('TH1201', key, `\`${key}\` sets no limit`, 'add `hca_handles` or `hca_objects`');
    } else if (draft.controller(key, 'rdma') !== undefined) {
      draft.put('rdma', { file: 'rdma.max', value: `${device} ${words.join(' ')}`, key });
    }
  }
}

/** Traffic class and priorities, which exist only on v1. Documentation/admin-guide/cgroup-v1/net_cls.rst and net_prio.rst. */
export function planNetwork(draft: Draft, network: NonNullable<Resources['network']>): void {
  const { class_id: classId, priorities = [] } = network;
  if (classId !== undefined && classId !== 0) {
    const key = 'cgroups.network.class_id';
    if (draft.inRange(key, classId, 0, UINT_MAX) && v1Only(draft, key, 'net_cls'))
      draft.put('net_cls', { file: 'net_cls.classid', value: String(classId), key });
  }
  priorities.forEach(({ name, priority }, index) => {
    const key = `cgroups.network.priorities.${index}`;
    // dev_valid_name() of net/core/dev.c, without the blanks that would end the name in this file.
    if (!/^[A-Za-z0-9_.@-]{1,15}$/.test(name) || name === '.' || name === '..') {
      draft.error(
        'TH1201',
        `${key}.name`,
        `\`${visible(name)}\` is not the name of a network interface`,
        'for example `eth0`',
      );
      return;
    }
    if (draft.inRange(`${key}.priority`, priority, 0, UINT_MAX) && v1Only(draft, key, 'net_prio'))
      draft.put('net_prio', { file: 'net_prio.ifpriomap', value: `${name} ${priority}`, key });
  });
}

function v1Only(draft: Draft, key: string, controller: string): boolean {
  if (draft.request.facts.layout === 'v2') {
    draft.otherVersion(key, 1, 'mark packets with nftables (`socket cgroupv2`) instead');
    return false;
  }
  return draft.controller(key, controller) !== undefined;
}
