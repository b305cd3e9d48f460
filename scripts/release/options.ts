import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ReleaseError } from './error.ts';
import { TARGET_NAMES, type TargetName } from './targets.ts';

export const HELP = `Makes one tarball for each architecture, and SHA256SUMS beside them.

usage: npm run release -- [OPTION...]

  --arch ${TARGET_NAMES.join('|')}  one architecture; without it all
  --out FOLDER                 where to (dist/release)
  --help                       this text

The same checkout gives the same bytes, with the same compilers and the same Node.js. Times in the tarball are that of the
newest commit, or SOURCE_DATE_EPOCH. Exit: 0 made, 1 not made, 2 usage.`;

export interface Options {
  targets: readonly TargetName[];
  out: string;
}

export class UsageError extends ReleaseError {}

/** Reads the arguments; `help` when that is asked for. Throws a UsageError for what it does not know. */
export function readOptions(argv: readonly string[], root: string): Options | 'help' {
  const values = parse(argv);
  if (values.help === true) return 'help';
  const target = TARGET_NAMES.find((name) => name === values.arch);
  if (values.arch !== undefined && target === undefined)
    throw new UsageError(`--arch takes ${TARGET_NAMES.join(', ')}, not \`${values.arch}\``);
  return {
    targets: target === undefined ? TARGET_NAMES : [target],
    out: values.out === undefined ? resolve(root, 'dist/release') : resolve(values.out),
  };
}

function parse(args: readonly string[]): { arch?: string; out?: string; help?: boolean } {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ args: [...args], options: { arch: text, out: text, help: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), 'npm run release -- --help');
  }
}
