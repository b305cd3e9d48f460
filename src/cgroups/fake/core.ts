import { refuse } from './errno.ts';
import type { FakeGroup, FakeProcess } from './group.ts';
import type { Controller } from './rules.ts';
import { v2Controllers } from './v2-knobs.ts';

/** What the files of the tree itself need from the machine. */
export interface Kernel {
  process(pid: number): FakeProcess | undefined;
  /** The process that writes: `0` means it. */
  writer(): FakeProcess | undefined;
  move(process: FakeProcess, to: FakeGroup): void;
  kill(process: FakeProcess): void;
  changed(group: FakeGroup): void;
}

function attach(kernel: Kernel, text: string, group: FakeGroup): void {
  if (text.trim() === '') return;
  if (!/^\d+\n?$/.test(text)) refuse('EINVAL');
  const pid = Number(text);
  const process = (pid === 0 ? kernel.writer() : kernel.process(pid)) ?? refuse('ESRCH');
  if (!process.alive) refuse('ESRCH');
  if (group.mount.version === 2) {
    if (group.type === 'domain invalid') refuse('EOPNOTSUPP');
    // No internal processes: a group that hands controllers down has none, the root excepted.
    if (!group.root && group.subtree.size > 0) refuse('EBUSY');
  } else {
    if (
      group.mount.controllers.includes('cpuset') &&
      (group.get('cpuset.cpus') === '' || group.get('cpuset.mems') === '')
    )
      refuse('ENOSPC');
    if (process.realtime && group.mount.controllers.includes('cpu') && group.get('cpu.rt_runtime_us') === '0')
      refuse('EINVAL');
  }
  kernel.move(process, group);
}

function list(group: FakeGroup): string {
  return group
    .living()
    .map((process) => process.pid)
    .join('\n');
}

/** kernel/cgroup/cgroup-v1.c. */
export function coreV1(kernel: Kernel): Controller {
  const procs = {
    initial: '',
    read: list,
    write: (text: string, group: FakeGroup) => (attach(kernel, text, group), undefined),
  };
  return {
    'cgroup.procs': procs,
    tasks: procs,
    'cgroup.clone_children': {
      initial: (group) => group.parent?.get('cgroup.clone_children') ?? '0',
      write: (text) => (text.trim() === '0' ? '0' : '1'),
    },
    notify_on_release: { initial: '0', write: (text) => (text.trim() === '0' ? '0' : '1') },
    release_agent: { initial: '', onlyInRoot: true, write: (text) => text.trim() },
  };
}

/** kernel/cgroup/cgroup.c. */
export function coreV2(kernel: Kernel): Controller {
  return {
    'cgroup.procs': {
      initial: '',
      read: (group) => (group.type === 'threaded' ? refuse('EOPNOTSUPP') : list(group)),
      write: (text, group) => (attach(kernel, text, group), undefined),
    },
    'cgroup.threads': { initial: '', read: list },
    'cgroup.controllers': { initial: '', read: (group) => group.controllers().join(' ') },
    'cgroup.subtree_control': {
      initial: '',
      read: (group) => [...group.subtree].join(' '),
      write: (text, group) => (subtreeControl(text, group), undefined),
    },
    'cgroup.type': {
      initial: '',
      notInRoot: true,
      read: (group) => group.type,
      write: (text, group) => {
        if (text.trim() !== 'threaded') refuse('EINVAL');
        group.type = 'threaded';
        return undefined;
      },
    },
    'cgroup.events': {
      initial: '',
      notInRoot: true,
      read: (group) =>
        `populated ${group.populated() ? 1 : 0}\nfrozen ${group.effectivelyFrozen && group.atRest() ? 1 : 0}`,
    },
    'cgroup.freeze': {
      initial: '0',
      notInRoot: true,
      write: (text, group) => {
        if (!/^-?\d+$/.test(text.trim())) refuse('EINVAL');
        if (!/^[01]$/.test(text.trim())) refuse('ERANGE');
        group.frozen = text.trim() === '1';
        kernel.changed(group);
        return text.trim();
      },
    },
    'cgroup.kill': {
      initial: '',
      notInRoot: true,
      write: (text, group) => {
        if (!/^-?\d+$/.test(text.trim())) refuse('EINVAL');
        if (text.trim() !== '1') refuse('ERANGE');
        if (group.type === 'threaded') refuse('EOPNOTSUPP');
        for (const each of group.walk()) for (const process of each.living()) kernel.kill(process);
        return undefined;
      },
    },
    'cgroup.stat': {
      initial: '',
      read: (group) => `nr_descendants ${[...group.walk()].length - 1}\nnr_dying_descendants 0`,
    },
  };
}

/** All or nothing: every word is checked before one takes effect. */
function subtreeControl(text: string, group: FakeGroup): void {
  const words = text.split(/\s+/).filter((word) => word !== '');
  for (const word of words) {
    const name = word.slice(1);
    if (!/^[+-]/.test(word) || !(name in v2Controllers)) refuse('EINVAL');
    if (word.startsWith('+') && !group.controllers().includes(name)) refuse('ENOENT');
    if (word.startsWith('-') && [...group.children.values()].some((child) => child.subtree.has(name))) refuse('EBUSY');
  }
  const fresh = words.filter((word) => word.startsWith('+') && !group.subtree.has(word.slice(1)));
  if (fresh.length > 0 && !group.root && group.living().length > 0) refuse('EBUSY');
  if (fresh.length > 0 && group.type !== 'domain') refuse('EOPNOTSUPP');
  for (const word of words) {
    if (word.startsWith('+')) group.subtree.add(word.slice(1));
    else group.subtree.delete(word.slice(1));
  }
}
