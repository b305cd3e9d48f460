import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../src/base/index.ts';
import { gatherFacts, plan, type Facts, type LaunchPlan } from '../src/runtime/index.ts';
import { fastFolder } from './fast-folder.ts';
import { ownPlace, sameGroups, type GroupSet } from './groups.ts';
import {
  hostNetworkManifest,
  MEASURED,
  MEASURED_ON_HOST,
  measuredManifest,
  parse,
  sleeperManifest,
  sleeperName,
} from './manifests.ts';
import type { Options } from './options.ts';
import { nativePrograms, type NativePrograms } from './native.ts';

/** What all measurements share: a folder of the benchmark's own, the programs, the root of the containers, the plan of the measured one. */
export interface Workshop {
  /** Mode 0700; removed at the end. */
  folder: string;
  /** In memory where the machine has such a place: run directories and states, of all runtimes. Removed at the end. */
  runFolder: string;
  dist: string;
  programs: NativePrograms;
  /** The root of every container: the program and two folders to mount on. */
  root: string;
  facts: Facts;
  plan: LaunchPlan;
  /** Where the groups of that plan stand, when not below this process's own. */
  parent: string | undefined;
  /** The groups of that plan in a place of the benchmark's own, under a name of their own. */
  groups: (name: string) => GroupSet;
  cleanup: Cleanup;
}

export function openWorkshop(
  { dist, programs: prebuilt }: Pick<Options, 'dist' | 'programs'>,
  cleanup: Cleanup,
): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'thuban-bench-'));
  cleanup.defer('folder', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const runFolder = fastFolder(cleanup);
  const programs = nativePrograms(folder, prebuilt);
  const root = makeRoot(folder, programs.stamp);
  const manifest = parse(measuredManifest(root));
  const facts = gatherFacts(manifest);
  // On v2 a group that holds processes hands nothing down, so the groups stand below the top of the mount.
  const parent = facts.cgroups.layout === 'v2' ? facts.cgroups.unified?.mountpoint : undefined;
  const launchPlan = plan(manifest, facts, parent === undefined ? {} : { parent });
  const [problem] = launchPlan.problems;
  if (problem !== undefined) throw problem;
  const place = ownPlace(launchPlan, facts, cleanup);
  const groups = (name: string): GroupSet => sameGroups(launchPlan.cgroup, name, place);
  return {
    folder,
    runFolder,
    dist,
    programs,
    root,
    facts,
    plan: launchPlan,
    parent,
    groups,
    cleanup,
  };
}

function makeRoot(folder: string, stamp: string): string {
  const root = join(folder, 'root');
  for (const name of ['', 'bin', 'proc', 'dev']) mkdirSync(join(root, name), { mode: 0o755 });
  copyFileSync(stamp, join(root, 'bin/stamp'));
  chmodSync(join(root, 'bin/stamp'), 0o755);
  return root;
}

/** A folder of that name with the manifest of the measured container and so many of containers that stay. Returns its path. */
export function makeRepository({ folder, root }: Workshop, name: string, sleepers: number): string {
  const repository = join(folder, name);
  mkdirSync(repository, { mode: 0o700 });
  const write = (container: string, text: string): void => {
    writeFileSync(join(repository, `${container}.yaml`), text, { mode: 0o600 });
  };
  write(MEASURED, measuredManifest(root));
  write(MEASURED_ON_HOST, hostNetworkManifest(root));
  for (let number = 1; number <= sleepers; number++) write(sleeperName(number), sleeperManifest(number, root));
  return repository;
}
