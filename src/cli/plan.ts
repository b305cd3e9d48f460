import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ThubanError, placesOf, reasonOf, systemPlaces } from '../base/index.ts';
import { plainFacts } from '../cgroups/index.ts';
import { gatherFacts, plan, withPosition, type Facts } from '../runtime/index.ts';
import type { Context } from './context.ts';
import { loadGiven, type Given } from './load-given.ts';
import { Neighbours } from './neighbours.ts';
import { planText } from './plan-text.ts';
import { printError } from './print-error.ts';

export interface PlanFlags {
  cgroups?: 'v1' | 'v2';
  facts?: string;
  cgroupParent?: string;
  rootless?: boolean;
  key?: string[];
  repository?: string;
  dataDir?: string;
}

/** Decides everything, does nothing. */
export async function planCommand(file: string, flags: PlanFlags, context: Context): Promise<number> {
  if (flags.facts !== undefined && flags.repository !== undefined)
    throw new ThubanError('TH6011', '`--facts` and `--repository` exclude each other', {
      hint: 'the facts of a board say what its repository held',
    });
  checkRootless(flags);
  const given = await loadGiven(file, flags.key, context);
  if (given === undefined) return 1;
  const { loaded } = given;
  const [facts, explain] =
    flags.facts === undefined ? await here(file, given, flags) : [readFacts(flags.facts), (error: unknown) => error];
  if (flags.cgroups !== undefined) facts.cgroups = plainFacts(flags.cgroups);
  const places = flags.rootless === true ? placesOf() : systemPlaces;
  try {
    const made = plan(loaded.manifest, facts, {
      ...(loaded.image === undefined ? {} : { image: loaded.image }),
      dataDir: flags.dataDir === undefined ? places.dataDir : resolve(flags.dataDir),
      ...(flags.cgroupParent === undefined ? {} : { parent: flags.cgroupParent }),
    });
    const problems = made.problems.map((problem) => withPosition(explain(problem), loaded));
    if (context.json) {
      const { layout, groups, writes } = made.cgroup;
      const json = {
        cgroup: { layout, groups, writes },
        launch: made.launch,
        problems,
        warnings: made.warnings,
        facts,
      };
      process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
    } else {
      process.stdout.write(planText(made, loaded, where(flags), context));
      for (const problem of problems) printError(problem, context);
    }
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    throw withPosition(error, loaded);
  }
}

/** It is about the user who asks, and this machine. */
function checkRootless({ rootless = false, facts, cgroups }: PlanFlags): void {
  if (!rootless) return;
  const other = facts !== undefined ? '--facts' : cgroups !== undefined ? '--cgroups' : undefined;
  if (other !== undefined)
    throw new ThubanError('TH6011', `\`--rootless\` and \`${other}\` exclude each other`, {
      hint: 'without root it depends on what this user has on this machine',
    });
  if (placesOf().owner === undefined)
    throw new ThubanError('TH6011', '`--rootless` plans for the user who asks, and that is root', {
      hint: 'ask as the user who is to run it',
    });
}

/** The facts of this machine, and what knows why a resource is missing here. */
async function here(
  file: string,
  given: Given,
  { repository, rootless = false, cgroupParent: parent }: PlanFlags,
): Promise<[Facts, (error: unknown) => unknown]> {
  const neighbours = await Neighbours.of(file, given, repository);
  const facts = gatherFacts(given.loaded.manifest, neighbours.resources, { asRoot: !rootless, parent });
  return [facts, (error) => neighbours.explain(error)];
}

function where(flags: PlanFlags): string {
  if (flags.cgroups !== undefined) return `of a plain ${flags.cgroups} machine`;
  if (flags.rootless === true) return 'of this machine, without root';
  return flags.facts === undefined ? 'of this machine' : `of the board in ${flags.facts}`;
}

/** Facts as `plan --json` printed them, or only its `facts`. */
function readFacts(path: string): Facts {
  try {
    const json = JSON.parse(readFileSync(path, 'utf8')) as { facts?: Facts } & Facts;
    const facts = json.facts ?? json;
    if (typeof facts.kernel !== 'string' || typeof facts.cgroups !== 'object')
      throw new Error('there are no facts in it');
    return { ...facts, resources: (facts as Partial<Facts>).resources ?? [] }; // of a version that knew of none
  } catch (error) {
    throw new ThubanError('TH6011', `cannot use ${path} as facts: ${reasonOf(error)}`, {
      hint: 'take them on the board with: thuban plan --json FILE > facts.json',
    });
  }
}
