import { Cleanup, ThubanError, messageOf } from '../src/base/index.ts';
import { gatherFacts } from '../src/runtime/index.ts';
import { isMet, targetReport, targetsOf } from './check.ts';
import { load, machineFacts, machineLine } from './machine.ts';
import { measureDaemon, type DaemonResult } from './measure-daemon.ts';
import { measureGroups, type GroupResults } from './measure-groups.ts';
import { measureMany, type ManyResult } from './measure-many.ts';
import { measureManifests, type ManifestResults } from './measure-manifest.ts';
import { measureOom, type OomResult } from './measure-oom.ts';
import { measureStart, type StartResults } from './measure-start.ts';
import { HELP, UsageError, readOptions, type Options } from './options.ts';
import { daemonReport, groupReport, manifestReport, manyReport, oomReport, startReport } from './report.ts';
import { openWorkshop } from './workshop.ts';

/** `npm run bench`: returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      interrupted.abort(new Error('interrupted'));
    });
  const cleanup = new Cleanup();
  try {
    const options = readOptions(argv);
    if (options === 'help') {
      console.log(HELP);
      return 0;
    }
    if (process.getuid?.() !== 0 && options.parts.some((part) => part !== 'manifest'))
      throw new ThubanError('TH7001', 'the benchmark needs root, because it creates cgroups and namespaces', {
        hint: 'sudo npm run bench',
      });
    const failures = await run(options, cleanup, interrupted.signal);
    await cleanup.dispose();
    return failures > 0 ? 1 : 0;
  } catch (error) {
    // Ctrl-C reaches everything that runs here, and what that breaks is not what happened.
    tell(interrupted.signal.aborted ? interrupted.signal.reason : error);
    await cleanup.dispose().catch(tell);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** How many turns did not work, and targets were missed. */
async function run(options: Options, cleanup: Cleanup, signal: AbortSignal): Promise<number> {
  const say = (lines: readonly string[]): void => {
    if (!options.json) console.log(lines.join('\n'));
  };
  const machine = machineFacts(gatherFacts().cgroups.layout);
  say([machineLine(machine), `load ${load()}, ${options.rounds} rounds`]);
  let start: StartResults | undefined;
  let manifest: ManifestResults | undefined;
  let groups: GroupResults | undefined;
  let oom: OomResult | undefined;
  let many: ManyResult | undefined;
  const daemon: DaemonResult[] = [];
  const { parts } = options;
  if (parts.includes('manifest')) {
    manifest = await measureManifests(options, cleanup, signal);
    say(['', ...manifestReport(manifest)]);
  }
  const workshop = parts.some((part) => part !== 'manifest') ? openWorkshop(options, cleanup) : undefined;
  if (workshop !== undefined && parts.includes('start')) {
    start = await measureStart(workshop, options, signal);
    say(['', ...startReport(start)]);
  }
  if (workshop !== undefined && parts.includes('groups')) {
    groups = await measureGroups(workshop, options, signal);
    say(['', ...groupReport(groups)]);
  }
  if (workshop !== undefined && parts.includes('daemon')) {
    for (const running of options.levels) daemon.push(await measureDaemon(workshop, running, options, signal));
    say(['', ...daemonReport(daemon)]);
  }
  if (workshop !== undefined && parts.includes('oom')) {
    oom = await measureOom(workshop, options, signal);
    say(['', ...oomReport(oom)]);
  }
  if (workshop !== undefined && parts.includes('many')) {
    many = await measureMany(workshop, options, signal);
    say(['', ...manyReport(many)]);
  }
  const targets = options.check ? targetsOf({ start, daemon, oom, many }) : [];
  if (options.check) say(['', ...targetReport(targets)]);
  const judged = options.check ? { targets: targets.map((target) => ({ ...target, met: isMet(target) })) } : {};
  const figures = { machine, rounds: options.rounds, manifest, start, groups, daemon, oom, many, ...judged };
  if (options.json) console.log(JSON.stringify(figures, null, 2));
  const missed = targets.filter((target) => !isMet(target)).length;
  const results = [...(start === undefined ? [] : [start.quiet, start.loop]), ...daemon.map((level) => level.start)];
  const broken = [...results, ...(oom === undefined ? [] : [oom])];
  return missed + broken.reduce((sum, { failures }) => sum + failures.length, 0);
}

function tell(error: unknown): void {
  const code = error instanceof ThubanError ? `[${error.code}]` : '';
  const hint =
    error instanceof ThubanError ? error.hint : error instanceof UsageError ? 'npm run bench -- --help' : undefined;
  console.error(`error${code}: ${messageOf(error)}${hint === undefined ? '' : `\n  hint: ${hint}`}`);
}
