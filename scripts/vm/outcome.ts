import type { Architecture } from './machines.ts';
import type { TestReport } from './report.ts';

export interface Outcome {
  /** The summary of one machine, in one line. */
  line: string;
  /** 0 or 1. */
  code: number;
}

/**
 * What a run of the tests came to. `facts` is what the machine said about itself. It has passed when the tests and the demo ended with 0
 * and tests did run: an empty run proves nothing.
 */
export function outcome(
  arch: Architecture,
  facts: ReadonlyMap<string, string>,
  report: TestReport,
  { seconds, demo }: { seconds: number; demo: boolean },
): Outcome {
  const ran = report.count('pass') + report.count('fail');
  const ended = (name: string): boolean => facts.get(name) === '0';
  const passed = ran > 0 && report.count('fail') === 0 && ended('tests') && ended('exit') && (!demo || ended('demo'));
  const ofDemo = !demo ? 'left out' : ended('demo') ? 'ok' : `FAILED (${facts.get('demo') ?? 'not run'})`;
  const words = [
    `Linux ${facts.get('kernel') ?? '?'}, cgroups ${facts.get('cgroups') ?? '?'}`,
    ran === 0 ? 'NO TEST RAN' : report.summary,
    `demo ${ofDemo}`,
    `${passed ? 'passed' : 'FAILED'} in ${seconds} s`,
  ];
  return { line: `vm ${arch}: ${words.join('; ')}`, code: passed ? 0 : 1 };
}
