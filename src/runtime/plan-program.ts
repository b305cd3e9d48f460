import { processDefaults, type Manifest } from '../manifest/index.ts';
import type { LaunchDraft } from './plan-draft.ts';
import { planLabels } from './plan-labels.ts';
import { handedEnvironment, planListening, type Handed } from './plan-sockets.ts';
import { keepsGroups } from './plan-rootless.ts';
import { planSched } from './plan-sched.ts';
import { checkGroups, planEntering } from './plan-users.ts';
import { planSeccomp } from './plan-seccomp.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** select(2) cannot hold more, and programs that close every possible descriptor take ages with more. */
const OPEN_FILES = 1024;

export interface ProgramOverrides {
  args?: string[];
  env?: Record<string, string>;
  init?: string;
}

/** What the program's own process does between the init's clone and execve; what needs no group comes before the join. */
export function planProgram(
  init: string,
  manifest: Manifest,
  { handed, ...overrides }: ProgramOverrides & { handed: Handed },
  draft: LaunchDraft,
): void {
  const capabilities = manifest.capabilities ?? [];
  const process = { ...processDefaults, ...manifest.process };
  // In a user namespace of its own there are all of them, whatever Thuban has.
  if (manifest.user_namespace === undefined && draft.facts.rootless === undefined)
    checkOwnCapabilities(capabilities, draft);
  const groups = supplementaryGroups(manifest.suppl_groups ?? [], draft);
  checkGroups(manifest, groups, draft);
  // It begins with the score of the launcher: a low one, unless nobody gave that root. Then it may be the lowest allowed.
  if (draft.facts.rootless === undefined || manifest.process?.oom_score_adj !== undefined)
    draft.steps.push({ op: 'oom_score_adj', value: process.oom_score_adj, key: 'process.oom_score_adj' });
  const hard = draft.facts.open_files;
  if (hard !== undefined && manifest.rlimits?.['nofile'] === undefined)
    draft.steps.push({ op: 'rlimit', resource: 'nofile', soft: Math.min(OPEN_FILES, hard), hard });
  for (const [resource, limit] of Object.entries(manifest.rlimits ?? {}))
    draft.steps.push({ op: 'rlimit', resource, soft: limit.soft, hard: limit.hard, key: `rlimits.${resource}` });
  if (process.new_session) draft.steps.push({ op: 'session' });
  draft.steps.push({ op: 'umask', mode: process.umask }, { op: 'join', key: 'cgroups' }, { op: 'cgroup_namespace' });
  planSched(manifest.sched, draft);
  planLabels(manifest, draft);
  planEntering(manifest, draft);
  draft.steps.push(
    { op: 'bounding', capabilities, key: 'capabilities' },
    {
      op: 'ids',
      uid: manifest.uid,
      gid: manifest.gid,
      groups,
      ...(keepsGroups(draft) ? { keep_groups: true as const } : {}),
      // Without no_new_privs a filter needs CAP_SYS_ADMIN until the end.
      keep_capabilities: capabilities.length > 0 || (manifest.seccomp !== undefined && !process.no_new_privs),
      key: 'uid',
    },
    { op: 'capabilities', capabilities, key: 'capabilities' },
  );
  planListening(handed, draft);
  // As the program's user, who must be able to enter it.
  if (process.working_dir !== processDefaults.working_dir)
    draft.steps.push({ op: 'working_directory', path: process.working_dir, key: 'process.working_dir' });
  if (process.no_new_privs) draft.steps.push({ op: 'no_new_privs' });
  planSeccomp(manifest, process.no_new_privs, draft);
  const env = environment(manifest, overrides.env, handed);
  draft.steps.push({ op: 'exec', path: init, args: overrides.args ?? manifest.args ?? [], env, key: 'init' });
}

function checkOwnCapabilities(wanted: string[], draft: LaunchDraft): void {
  const own = draft.facts.capabilities;
  // Without root nothing is started, only planned: then Thuban's own capabilities say nothing.
  if (own === undefined || own.length === 0) return;
  const missing = wanted.filter((name) => !own.includes(name));
  if (missing.length === 0) return;
  const hint = 'give it to Thuban (CapabilityBoundingSet= of its unit), or drop it from the manifest';
  draft.problem(
    'TH3007',
    `the container asks for ${missing.join(', ')}, which Thuban itself does not have`,
    hint,
    'capabilities',
  );
}

function supplementaryGroups(names: string[], draft: LaunchDraft): number[] {
  return names.flatMap((name) => {
    const gid = /^\d+$/.test(name) ? Number(name) : draft.facts.groups[name];
    if (gid !== undefined) return [gid];
    draft.problem(
      'TH3006',
      `no group \`${name}\` on this host`,
      `groupadd ${name}, or write its number`,
      'suppl_groups',
    );
    return [];
  });
}

function environment(manifest: Manifest, override: Record<string, string> | undefined, handed: Handed): string[] {
  const variables: Record<string, string> = { PATH: DEFAULT_PATH, ...(override ?? manifest.env) };
  for (const prefix of ['THUBAN', 'NORTHSTAR']) {
    variables[`${prefix}_CONTAINER`] = `${manifest.name}:${manifest.version}`;
    variables[`${prefix}_NAME`] = manifest.name;
    variables[`${prefix}_VERSION`] = manifest.version;
    Object.assign(variables, handedEnvironment(handed, prefix));
  }
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}
