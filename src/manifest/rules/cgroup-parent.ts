import type { Report } from '../report.ts';
import { quote } from '../wording.ts';
import { bytes, mapAt, textAt } from './look.ts';

/** The kernel's paths have 4096 bytes, for the mount, this, the container's group and what that makes below. */
const MAX_BYTES = 1024;
const MAX_STEP = 255;
const MAX_STEPS = 16;

/** Names that stand in every group of v1 without a dot. */
const FILES = ['tasks', 'notify_on_release', 'release_agent'];
/** Files of the kernel are called after their controller, and a group cannot have the name of one. */
const CONTROLLER =
  /^(blkio|cgroup|cpu|cpuacct|cpuset|debug|devices|dmem|freezer|hugetlb|io|irq|memory|misc|net_cls|net_prio|perf_event|pids|rdma)\./;
const OURS = ['thuban', 'thuban-supervisor'];

/** cgroups.parent: a path below the group that the daemon puts its containers in, which it must not leave. */
export function checkCgroupParent(report: Report, input: Record<string, unknown>): void {
  const parent = textAt(mapAt(input, 'cgroups'), 'parent');
  if (parent === undefined) return;
  const fault = faultIn(parent);
  if (fault === undefined) return;
  const [code, message, hint] = fault;
  report.add(['cgroups', 'parent'], { code, message: `${quote(parent)} ${message}`, hint });
}

const EXAMPLE = 'write for example `parent: apps/video`, or leave it out';
const DOWN = 'write the path from the group that the daemon uses down: `apps/video`';

function faultIn(parent: string): ['TH1201' | 'TH1211', string, string] | undefined {
  const steps = parent.split('/');
  const inner = steps.filter((step) => step !== '');
  if (inner.length === 0) return ['TH1201', 'is not a path of a group', EXAMPLE];
  const up = inner.find((step) => step === '..') ?? inner.find((step) => step === '.');
  if (up !== undefined) return ['TH1211', `contains \`${up}\``, DOWN];
  const clean = `write \`${inner.join('/')}\``;
  if (parent.startsWith('/')) return ['TH1211', 'begins with `/`', `${clean}: it is below the group of the daemon`];
  if (inner.length < steps.length) return ['TH1211', 'has an empty step', clean];
  if (steps.length > MAX_STEPS)
    return ['TH1201', `has ${steps.length} steps, allowed 1 to ${MAX_STEPS}`, 'use fewer groups'];
  if (bytes(parent) > MAX_BYTES)
    return ['TH1201', `is ${bytes(parent)} bytes long, allowed 1 to ${MAX_BYTES}`, 'use shorter names'];
  if (OURS.includes(steps[0] ?? ''))
    return ['TH1211', `begins with \`${steps[0] ?? ''}\`, which is Thuban’s own group`, 'use another name'];
  for (const step of steps) {
    const why = faultOf(step);
    if (why !== undefined) return ['TH1201', why, 'use letters, digits, `-` and `_`'];
  }
  return undefined;
}

function faultOf(step: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(step)) return 'contains a control character';
  if (bytes(step) > MAX_STEP) return `has a step of ${bytes(step)} bytes, allowed 1 to ${MAX_STEP}`;
  if (FILES.includes(step) || CONTROLLER.test(step)) return `contains ${quote(step)}, the name of a file of the kernel`;
  // See the sweep: by this it knows what to remove.
  if (/^c-.*[@~]/.test(step)) return `contains ${quote(step)}, which looks like the group of a container`;
  return undefined;
}
