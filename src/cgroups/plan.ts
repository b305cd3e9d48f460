import { ThubanError } from '../base/index.ts';
import { byControllerOrder } from './controllers.ts';
import { Draft } from './draft.ts';
import { checkComponent, groupName, parentDirectory, SUPERVISOR } from './paths.ts';
import { planBlkio } from './plan-blkio.ts';
import { planCpu } from './plan-cpu.ts';
import { planCpuset } from './plan-cpuset.ts';
import { planDevices } from './plan-devices.ts';
import { planMemory } from './plan-memory.ts';
import { planHugetlb, planNetwork, planPids, planRdma } from './plan-others.ts';
import type { CgroupPlan, CgroupRequest, CgroupWrite, Group } from './plan-types.ts';
import { planAttrs, planUnified } from './plan-raw.ts';

export const DEFAULT_TOP = 'thuban';

/** Groups that every container gets where they exist: v1 counts, lists and freezes the processes through them. */
const ALWAYS_V1 = ['memory', 'cpuacct', 'pids', 'freezer'] as const;
/** What every container should be able to count on v2. Refused by the kernel, they are left out. */
const WANTED_V2 = ['cpu', 'io', 'memory', 'pids'] as const;

/**
 * Resources and facts as an ordered list of operations; nothing is touched. Throws the first finding, with
 * `details.key` its manifest key and `details.errors` all of them.
 */
export function planCgroups(request: CgroupRequest): CgroupPlan {
  const name = groupName(request.name, request.version, request);
  const top = checkComponent(request.top ?? DEFAULT_TOP);
  const draft = new Draft(request);
  const steps = request.below === undefined ? [top] : stepsOf(draft, request.below, top);
  const levels = request.below === undefined ? {} : { levels: steps.length };
  sections(draft);
  const first = draft.errors[0];
  if (first !== undefined)
    throw new ThubanError(first.code, first.message, {
      ...(first.hint === undefined ? {} : { hint: first.hint }),
      details: { key: first.key, errors: draft.errors },
    });
  const places = [...hierarchies(draft)].map(([parent, group]) => ({
    ...group,
    parent,
    path: `${parent}/${steps.join('/')}/${name}`,
  }));
  const writes: CgroupWrite[] = [];
  for (const place of places) {
    if (place.version === 2) writes.push(...enable(draft, place.parent));
    for (const path of [...steps.keys()].map((i) => [place.parent, ...steps.slice(0, i + 1)].join('/'))) {
      writes.push({ ...mkdir(place, path), tolerate: ['EEXIST'] });
      if (place.version === 2) writes.push(...enable(draft, path));
    }
    writes.push(mkdir(place, place.path));
  }
  for (const limit of draft.limits) {
    const place = places.find((candidate) => candidate.controllers.includes(limit.controller));
    if (place === undefined) throw new ThubanError('TH9001', `no group for the ${limit.controller} controller`);
    writes.push({ op: 'write', ...limit, path: place.path, ...(limit.strategy === 'rt_root_down' ? levels : {}) });
  }
  if (draft.devices !== undefined)
    writes.push({ op: 'devices', controller: 'devices', path: unifiedPath(places), ...draft.devices });
  return {
    layout: request.facts.layout,
    groups: places.map(({ controllers, version, path }) => ({ controllers, version, path })),
    ...levels,
    writes,
    ...monitorsIn(draft, places),
    ...(isPolled(draft, places) ? { polled: true } : {}),
    warnings: draft.warnings,
    degraded: draft.degraded,
  };
}

/** The groups that the manifest names. The first of them must be none that Thuban uses for something else. */
function stepsOf(draft: Draft, below: string, top: string): string[] {
  const steps = below.split('/').map(checkComponent);
  const [first = ''] = steps;
  if (first === top || first === SUPERVISOR)
    draft.error(
      'TH1211',
      'cgroups.parent',
      `\`${first}\` is the group of ${first === top ? 'all containers without `cgroups.parent`' : 'Thuban itself'}`,
      first === top ? 'leave it out, or use another name' : 'use another name',
    );
  return steps;
}

function unifiedPath(places: readonly Group[]): string {
  const place = places.find(({ version }) => version === 2);
  if (place === undefined) throw new ThubanError('TH9001', 'no v2 group for the device program');
  return place.path;
}

function monitorsIn(draft: Draft, places: readonly Group[]): Pick<CgroupPlan, 'monitors'> {
  const place = places.find(({ controllers }) => controllers.includes('memory'));
  if (draft.monitors.length === 0 || place === undefined) return {};
  return { monitors: draft.monitors.map((monitor) => ({ ...monitor, file: `${place.path}/${monitor.file}` })) };
}

/** PREEMPT_RT kernels have no cgroup.event_control (mm/memcontrol-v1.c). It is no setting of the manifest, so it refuses nothing. */
function isPolled(draft: Draft, places: readonly Group[]): boolean {
  const onV1 = places.some(({ version, controllers }) => version === 1 && controllers.includes('memory'));
  if (!onV1 || draft.request.machine.preemptRt !== true) return false;
  draft.degraded.push({
    code: 'TH2015',
    message: 'out-of-memory kills are looked for once a second: PREEMPT_RT kernels do not tell of them on cgroups v1',
    hint: 'boot with cgroups v2',
  });
  return true;
}

/** In runc's order, raw files last. */
function sections(draft: Draft): void {
  const { cpu, memory, blkio, pids, hugetlb, rdma, network, devices, unified } = draft.request.resources;
  if (cpu !== undefined) planCpuset(draft, cpu);
  if (pids !== undefined) planPids(draft, pids);
  if (memory !== undefined) planMemory(draft, memory);
  if (blkio !== undefined) planBlkio(draft, blkio);
  if (cpu !== undefined) planCpu(draft, cpu);
  if (hugetlb !== undefined) planHugetlb(draft, hugetlb);
  if (rdma !== undefined) planRdma(draft, rdma);
  if (network !== undefined) planNetwork(draft, network);
  if (devices !== undefined) planDevices(draft, devices);
  planAttrs(draft, 'memory', memory?.attrs);
  planAttrs(draft, 'cpu', cpu?.attrs);
  planAttrs(draft, 'blkio', blkio?.attrs);
  if (unified !== undefined) planUnified(draft, unified);
}

/** One group for each hierarchy that is needed, by the directory that will hold it. */
function hierarchies(draft: Draft): Map<string, Omit<Group, 'path'>> {
  const { facts, parent } = draft.request;
  const found = new Map<string, Omit<Group, 'path'>>();
  const names = new Set([...draft.needed, ...ALWAYS_V1.filter((name) => facts.controllers[name]?.version === 1)]);
  const used = new Set([...names].map((name) => facts.controllers[name]?.mountpoint));
  for (const name of Object.keys(facts.controllers).sort(byControllerOrder)) {
    const controller = facts.controllers[name];
    if (controller?.version !== 1 || !used.has(controller.mountpoint)) continue;
    const directory = parentDirectory(parent, controller, facts);
    const group = found.get(directory) ?? { controllers: [], version: 1 as const };
    group.controllers.push(name);
    found.set(directory, group);
  }
  const inV2 = v2Controllers(draft);
  // Beside v1 hierarchies the v2 tree is joined for what is there, or for its freezer; alone it also holds what has no limits.
  const isFreezer = facts.controllers['freezer']?.version !== 1;
  const isJoined = isFreezer || facts.layout === 'v2' || inV2.needed.length > 0 || draft.devices !== undefined;
  if (facts.unified !== undefined && isJoined) {
    const controllers = [...inV2.needed, ...inV2.wanted].sort(byControllerOrder);
    found.set(parentDirectory(parent, facts.unified, facts), { controllers, version: 2 });
  }
  return found;
}

function v2Controllers(draft: Draft): { needed: string[]; wanted: string[] } {
  const { controllers } = draft.request.facts;
  const needed = [...draft.needed].filter((name) => controllers[name]?.version === 2).sort();
  const wanted = WANTED_V2.filter((name) => controllers[name]?.version === 2 && !needed.includes(name));
  return { needed, wanted };
}

/** Controllers for the groups below `path`. Never in the group of a container itself: it holds processes. */
function enable(draft: Draft, path: string): CgroupWrite[] {
  const { needed, wanted } = v2Controllers(draft);
  const write = (names: readonly string[], strategy: 'enable_all' | 'enable_each'): CgroupWrite => ({
    op: 'write',
    controller: 'cgroup',
    path,
    file: 'cgroup.subtree_control',
    value: names.map((name) => `+${name}`).join(' '),
    strategy,
  });
  // Then the limits find no file, and tell of it.
  const mayLack = draft.request.enforce === 'best_effort' ? { tolerate: ['ENOENT', 'EINVAL'] } : {};
  return [
    ...(needed.length === 0 ? [] : [{ ...write(needed, 'enable_all'), ...mayLack }]),
    ...(wanted.length === 0
      ? []
      : [
          { ...write(wanted, 'enable_each'), tolerate: ['EINVAL', 'ENOENT', 'EBUSY', 'EOPNOTSUPP', 'EACCES', 'EPERM'] },
        ]),
  ];
}

function mkdir(place: Omit<Group, 'path'>, path: string): CgroupWrite {
  return {
    op: 'mkdir',
    controller: place.controllers.join(','),
    path,
    ...(place.version === 1 && place.controllers.includes('cpuset') ? { strategy: 'fill_empty' as const } : {}),
  };
}
