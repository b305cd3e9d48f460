import { ThubanError } from '../base/index.ts';
import type { Step } from '../launcher/index.ts';
import type { Manifest } from '../manifest/index.ts';
import type { Facts } from './facts.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What the daemon's own low score is reset to. */
const OOM_SCORE_ADJ = 0;

export interface ProgramOverrides {
  args?: string[];
  env?: Record<string, string>;
  init?: string;
}

/** What the program's own process does between the init's clone and execve; what needs no group comes before the join. */
export function planProgram(manifest: Manifest, facts: Facts, overrides: ProgramOverrides): Step[] {
  const init = overrides.init ?? manifest.init;
  if (init === undefined)
    throw new ThubanError('TH1303', 'a container without `init` serves its files to others and cannot be started', {
      hint: 'add `init: /bin/program`',
      details: { key: 'name' },
    });
  const capabilities = manifest.capabilities ?? [];
  checkOwnCapabilities(capabilities, facts);
  const steps: Step[] = [{ op: 'oom_score_adj', value: OOM_SCORE_ADJ }];
  for (const [resource, limit] of Object.entries(manifest.rlimits ?? {}))
    steps.push({ op: 'rlimit', resource, soft: limit.soft, hard: limit.hard, key: `rlimits.${resource}` });
  steps.push({ op: 'session' }, { op: 'join', key: 'cgroups' }, { op: 'cgroup_namespace' });
  steps.push({ op: 'bounding', capabilities, key: 'capabilities' });
  steps.push({
    op: 'ids',
    uid: manifest.uid,
    gid: manifest.gid,
    groups: supplementaryGroups(manifest.suppl_groups ?? [], facts),
    keep_capabilities: capabilities.length > 0,
    key: 'uid',
  });
  steps.push({ op: 'capabilities', capabilities, key: 'capabilities' }, { op: 'no_new_privs' });
  steps.push({
    op: 'exec',
    path: init,
    args: overrides.args ?? manifest.args ?? [],
    env: environment(manifest, overrides.env),
    key: 'init',
  });
  return steps;
}

function checkOwnCapabilities(wanted: string[], facts: Facts): void {
  if (facts.capabilities === undefined) return;
  const missing = wanted.find((name) => facts.capabilities?.includes(name) === false);
  // Without root nothing is started, only planned: then Thuban's own capabilities say nothing.
  if (missing === undefined || facts.capabilities.length === 0) return;
  throw new ThubanError('TH3007', `the container asks for ${missing}, which Thuban itself does not have`, {
    hint: 'give it to Thuban (AmbientCapabilities= or CapabilityBoundingSet= of its unit), or drop it from the manifest',
    details: { key: 'capabilities' },
  });
}

function supplementaryGroups(names: string[], facts: Facts): number[] {
  return names.map((name) => {
    const gid = /^\d+$/.test(name) ? Number(name) : facts.groups[name];
    if (gid !== undefined) return gid;
    throw new ThubanError('TH3006', `no group \`${name}\` on this host`, {
      hint: `groupadd ${name}, or write its number`,
      details: { key: 'suppl_groups' },
    });
  });
}

function environment(manifest: Manifest, override: Record<string, string> | undefined): string[] {
  const variables: Record<string, string> = { PATH: DEFAULT_PATH, ...(override ?? manifest.env) };
  for (const prefix of ['THUBAN', 'NORTHSTAR']) {
    variables[`${prefix}_CONTAINER`] = `${manifest.name}:${manifest.version}`;
    variables[`${prefix}_NAME`] = manifest.name;
    variables[`${prefix}_VERSION`] = manifest.version;
  }
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}
