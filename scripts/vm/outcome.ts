import type { Architecture } from './machines.ts';
import type { TestReport } from './report.ts';

export interface Outcome {
  /** The summary of one machine, in one line. */
  line: string;
  /** 0 or 1. */
  code: number;
}

/** What was to be run, and how long it took. */
export interface Run {
  tests: boolean;
  release: boolean;
  seconds: number;
}

/**
 * What a run came to. `facts` is what the machine said about itself. It has passed when tests and release, as far as they were to be run,
 * ended with 0 and tests did run: an empty run proves nothing.
 */
export function outcome(
  arch: Architecture,
  facts: ReadonlyMap<string, string>,
  report: TestReport,
  { tests, release, seconds }: Run,
): Outcome {
  const ran = report.count('pass') + report.count('fail');
  const ended = (name: string): boolean => facts.get(name) === '0';
  const isGood = ended('tests') && ran > 0 && report.count('fail') === 0;
  const passed = ended('exit') && (!tests || isGood) && (!release || ended('release'));
  const ofTests = !tests ? 'tests left out' : ran === 0 ? 'NO TEST RAN' : report.summary;
  const ofRelease = !release ? 'left out' : ended('release') ? 'ok' : `FAILED (${facts.get('release') ?? 'not run'})`;
  const words = [
    `Linux ${facts.get('kernel') ?? '?'}, cgroups ${facts.get('cgroups') ?? '?'}`,
    ofTests,
    `release ${ofRelease}`,
    `${passed ? 'passed' : 'FAILED'} in ${seconds} s`,
  ];
  return { line: `vm ${arch}: ${words.join('; ')}`, code: passed ? 0 : 1 };
}
