import assert from 'node:assert/strict';
import { readFileSync, readdirSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

interface Snapshot {
  cgroups: Set<string>;
  mounts: Set<string>;
  /** Over files of ours. */
  loops: Set<string>;
  processes: Set<string>;
  directories: Set<string>;
  descriptors: number;
}

/** Every cgroup folder named after Thuban, in every hierarchy that is mounted. */
function cgroups(): Set<string> {
  const found = new Set<string>();
  const walk = (path: string, depth: number): void => {
    for (const entry of list(path)) {
      const child = join(path, entry);
      if (entry.includes('thuban')) for (const below of tree(child)) found.add(below);
      else if (depth > 0) walk(child, depth - 1);
    }
  };
  for (const mount of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const path = mount.split(' ')[4];
    if (/ - cgroup2? /.test(mount) && path !== undefined) walk(path, 3);
  }
  return found;
}

function list(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return []; // removed while we walk
  }
}

function tree(path: string): string[] {
  return [path, ...list(path).flatMap((name) => tree(join(path, name)))];
}

/** Launchers and inits, by pid. Other processes of a container live and die with its init. */
function processes(): Set<string> {
  const found = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
      const exe = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? '';
      const ours = name.startsWith('thuban-') || (name === 'init' && exe === 'init');
      if (ours && state !== 'Z') found.add(`${pid} ${name}`);
    } catch {
      // it has just ended
    }
  }
  return found;
}

/** Backing files by device; /sys has them for every mount namespace. */
function loops(): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync('/sys/block').filter((name) => name.startsWith('loop'))) {
    try {
      const file = readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim();
      if (file.includes('thuban-')) found.add(`${name} ${file}`);
    } catch {
      // it is free
    }
  }
  return found;
}

/**
 * Loop devices on files of a temporary folder. Its mount may be gone from the namespace that attached them, and then the kernel tells the path
 * from the top of that mount: where /tmp is one, without it.
 */
export function loopsOf(folder: string): string[] {
  return [...loops()].filter((entry) => entry.includes(`/${basename(folder)}/`));
}

/** libuv opens one inotify descriptor at the first watch and keeps it for the life of the process: no leak of ours. */
function openInotify(): void {
  watch(tmpdir()).close();
}

function snapshot(): Snapshot {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes('thuban-'));
  return {
    cgroups: cgroups(),
    mounts: new Set(mounts),
    loops: loops(),
    processes: processes(),
    // What notes which groups were made is there only as long as they are.
    directories: new Set(
      [...readdirSync(tmpdir()), ...readdirSync('/run')].filter((name) => name.startsWith('thuban-')),
    ),
    descriptors: readdirSync('/proc/self/fd').length,
  };
}

function added(before: Set<string>, after: Set<string>): string[] {
  return [...after].filter((entry) => !before.has(entry));
}

/**
 * Runs `body` and then looks at the machine: no cgroup, mount, loop device, process, run directory or descriptor may be left. A process that
 * is just ending gets a moment, and so does a loop device that the last unmount frees.
 */
export async function leavesNothingBehind(body: () => Promise<void>): Promise<void> {
  openInotify();
  const before = snapshot();
  await body();
  let left: Record<string, unknown> = {};
  for (let round = 0; round < 40; round++) {
    const after = snapshot();
    left = {
      cgroups: added(before.cgroups, after.cgroups),
      mounts: added(before.mounts, after.mounts),
      loops: added(before.loops, after.loops),
      processes: added(before.processes, after.processes),
      directories: added(before.directories, after.directories),
      descriptors: Math.max(0, after.descriptors - before.descriptors),
    };
    if (Object.values(left).every((value) => (Array.isArray(value) ? value.length === 0 : value === 0))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual(
    left,
    { cgroups: [], mounts: [], loops: [], processes: [], directories: [], descriptors: 0 },
    'something is left behind',
  );
}
