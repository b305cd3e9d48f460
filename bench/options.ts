import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const HELP = `Measures Thuban beside the kernel's floor and other runtimes. Needs root.

usage: npm run bench -- [OPTION...]

  --only PART           one of the parts: start (starts beside all others), daemon (with 0, 10 and 100 containers),
                        oom (how soon a client hears of it), many (1,000 starts in turn, 100 at once), groups (making, limiting and removing them; statistics of 100) or manifest (reading one
                        of 60 lines, and a folder of 1,000; needs no root)
  --rounds N            starts of each contestant with pauses (60); half as many bursts of ten in loops
  --quick               10 rounds, 0 and 10 containers: to see that it works
  --check               says for each target whether it is met, and fails when one is not
  --json                everything as JSON on standard output
  --dist FOLDER         the build to measure (dist)
  --programs FOLDER     take stamp, floor, floor_init, command, eat and groups from there instead of compiling them
  --help                this text

Without --check nothing is judged. Exit: 0 everything was measured, 1 something did not work or a target was missed,
2 usage.`;

export interface Options {
  parts: readonly Part[];
  rounds: number;
  /** Milliseconds before each start that is made with pauses. */
  pause: number;
  /** Numbers of containers that stay beside the measured one. */
  levels: readonly number[];
  /** Starts of a daemon at each level. */
  boots: number;
  json: boolean;
  check: boolean;
  /** Starts one after the other, and at the same moment. */
  many: { inTurn: number; atOnce: number };
  /** Folder of the build to measure. */
  dist: string;
  /** Folder with the native programs of the benchmark, for machines without a compiler. */
  programs: string | undefined;
}

const PARTS = ['start', 'daemon', 'oom', 'many', 'groups', 'manifest'] as const;
type Part = (typeof PARTS)[number];

/** What is wrong with the command line. */
export class UsageError extends Error {}

/** Reads the arguments; `help` when that is asked for. Throws a UsageError for what it does not know. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parse(argv);
  if (values.help === true) return 'help';
  const part = PARTS.find((each) => each === values.only);
  if (values.only !== undefined && part === undefined) throw new UsageError(`--only takes ${PARTS.join(', ')}`);
  const quick = values.quick === true;
  const rounds = values.rounds === undefined ? (quick ? 10 : 60) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('--rounds takes a whole number from 1 on');
  return {
    parts: part === undefined ? PARTS : [part],
    rounds,
    pause: 100,
    levels: quick ? [0, 10] : [0, 10, 100],
    boots: quick ? 2 : 5,
    json: values.json === true,
    check: values.check === true,
    many: quick ? { inTurn: 50, atOnce: 10 } : { inTurn: 1000, atOnce: 100 },
    dist: resolve(values.dist ?? join(import.meta.dirname, '../dist')),
    programs: values.programs,
  };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        only: text,
        rounds: text,
        programs: text,
        dist: text,
        quick: flag,
        json: flag,
        check: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
