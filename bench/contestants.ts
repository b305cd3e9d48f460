import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../src/base/index.ts';
import { realKernelFs, removeGroups } from '../src/cgroups/index.ts';
import type { Contestant } from './contestant.ts';
import { DaemonCall } from './daemon-call.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { DaemonStart } from './daemon-start.ts';
import type { GroupSet } from './groups.ts';
import { LauncherAlone } from './launcher-alone.ts';
import { GID, PROGRAM, UID } from './manifests.ts';
import { findPeers, leftGroups } from './peers.ts';
import { TurnProcess } from './turn-process.ts';
import { makeRepository, type Workshop } from './workshop.ts';

/** Turns of every contestant before anything is measured: what is loaded on first use is loaded then. */
const WARM_UPS = 3;

/** `name` of the container that is started. */
export async function daemonContestant(daemon: DaemonProcess, workshop: Workshop, name?: string): Promise<Contestant> {
  const { pids, client, socket } = daemon;
  const contestant = await DaemonStart.open([pids.daemon, pids.launcher], client, socket, name);
  workshop.cleanup.defer('connections to the daemon', () => {
    contestant.close();
  });
  return contestant;
}

/** The same daemon without its console. */
export async function callContestant(workshop: Workshop): Promise<Contestant> {
  const repository = makeRepository(workshop, 'call-repository', 0);
  return DaemonCall.open(join(workshop.runFolder, 'call'), repository, workshop.parent ?? 'self', workshop.cleanup);
}

export async function launcherContestant(workshop: Workshop): Promise<Contestant> {
  const { dist, runFolder, plan, groups, cleanup } = workshop;
  return LauncherAlone.start(dist, join(runFolder, 'launcher'), plan, groups('launcher'), cleanup);
}

/** The kernel's least cost for the same container. */
export function floorContestant(workshop: Workshop): Contestant {
  return nativeContestant(workshop, 'floor: the same container', 'floor', 'floor', confined(workshop, 'floor'));
}

/** The floor for less: without a network namespace, and with no isolation at all. */
export function lowerFloors(workshop: Workshop): Contestant[] {
  const { stamp } = workshop.programs;
  const host = ['--host-network', ...confined(workshop, 'host')];
  const floor = nativeContestant(workshop, 'floor: host network', 'floor', 'floor', host);
  floor.hostNetwork = true;
  return [
    floor,
    nativeContestant(workshop, 'floor: exec and nothing else', 'other', 'floor', ['--plain', '--program', stamp]),
  ];
}

function confined({ root, groups, programs }: Workshop, name: string): string[] {
  const ids = ['--uid', String(UID), '--gid', String(GID)];
  return ['--root', root, '--init', programs.floor_init, '--program', PROGRAM, ...ids, ...groupArguments(groups(name))];
}

function groupArguments({ folders, writes, tasks, unified }: GroupSet): string[] {
  return [
    ...folders.flatMap((folder) => ['--group', folder]),
    ...writes.flatMap(({ file, value }) => ['--write', file, value]),
    ...tasks.flatMap((file) => ['--join', file]),
    ...(unified === undefined ? [] : ['--into', unified]),
  ];
}

function nativeContestant(
  { programs, cleanup }: Workshop,
  name: string,
  role: Contestant['role'],
  program: 'floor' | 'command',
  args: readonly string[],
): Contestant {
  const contestant = new TurnProcess(name, role, programs[program], args);
  cleanup.defer(name, () => contestant[Symbol.asyncDispose]());
  return contestant;
}

/** Other runtimes that are installed. crun 1.8 refuses a board where v1 and v2 stand side by side, so the v2 mount is hidden from them. */
export function peerContestants(workshop: Workshop): { peers: Contestant[]; missing: string[] } {
  const { layout, unified } = workshop.facts.cgroups;
  const hidden = layout === 'hybrid' && unified !== undefined ? ['--hide', unified.mountpoint] : [];
  workshop.cleanup.defer('groups of peers', removeLeftGroups);
  const { installed, missing } = findPeers(join(workshop.runFolder, 'peers'), workshop.root);
  const peers = installed.map(({ name, args, hasGroups }) =>
    nativeContestant(workshop, name, hasGroups ? 'peer' : 'other', 'command', [...hidden, '--', ...args]),
  );
  return { peers, missing };
}

async function removeLeftGroups(): Promise<void> {
  const left = leftGroups(readFileSync('/proc/self/mountinfo', 'utf8'), ['crun', 'runc', 'lxc', 'podman']).filter(
    (path) => existsSync(path),
  );
  const [first] = await removeGroups(realKernelFs, left);
  if (first !== undefined) throw new Error(`${first.path} could not be removed (${first.errno})`);
}

/** Tries all of them. Those that do not work here are told, with the reason, instead of being measured. */
export async function warmUp(
  contestants: readonly Contestant[],
): Promise<{ ready: Contestant[]; problems: { name: string; reason: string }[] }> {
  const ready: Contestant[] = [];
  const problems: { name: string; reason: string }[] = [];
  for (const contestant of contestants) {
    try {
      for (let turn = 0; turn < WARM_UPS; turn++) await contestant.turn();
      ready.push(contestant);
    } catch (error) {
      problems.push({ name: contestant.name, reason: messageOf(error) });
    }
  }
  return { ready, problems };
}
