import { readFileSync } from 'node:fs';
import { ThubanError, messageOf } from '../base/index.ts';
import { plainFacts } from '../cgroups/index.ts';
import { gatherFacts, plan, withPosition, type Facts } from '../runtime/index.ts';
import type { Context } from './context.ts';
import { loadOrExplain } from './load.ts';
import { planText } from './plan-text.ts';
import { printError } from './print-error.ts';

export interface PlanFlags {
  cgroups?: 'v1' | 'v2';
  facts?: string;
  cgroupParent?: string;
}

/** Decides everything, does nothing. */
export function planCommand(file: string, flags: PlanFlags, context: Context): number {
  const loaded = loadOrExplain(file, context);
  if (loaded === undefined) return 1;
  const facts = flags.facts === undefined ? gatherFacts(loaded.manifest) : readFacts(flags.facts);
  if (flags.cgroups !== undefined) facts.cgroups = plainFacts(flags.cgroups);
  try {
    const made = plan(loaded.manifest, facts, {
      ...(loaded.image === undefined ? {} : { image: loaded.image }),
      ...(flags.cgroupParent === undefined ? {} : { parent: flags.cgroupParent }),
    });
    if (context.json) {
      const { layout, groups, writes } = made.cgroup;
      const problems = made.problems.map((problem) => withPosition(problem, loaded));
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
      for (const problem of made.problems) printError(withPosition(problem, loaded), context);
    }
    return made.problems.length === 0 ? 0 : 1;
  } catch (error) {
    throw withPosition(error, loaded);
  }
}

function where(flags: PlanFlags): string {
  if (flags.cgroups !== undefined) return `of a plain ${flags.cgroups} machine`;
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
    throw new ThubanError('TH6011', `cannot use ${path} as facts: ${messageOf(error)}`, {
      hint: 'take them on the board with: thuban plan --json FILE > facts.json',
    });
  }
}
