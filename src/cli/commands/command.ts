import type { Option } from 'commander';
import type { Context } from '../context.ts';

/** Under which heading of the list a command stands. */
export type Group = 'Look:' | 'Act:' | 'Serve:' | 'Declare:';

/** What a command is given. */
export interface Invocation {
  args: string[];
  flags: Record<string, unknown>;
  context: Context;
  /** The words after `--`, for commands that hand them on; absent without a `--`. */
  passed: string[] | undefined;
}

/**
 * One command of the grammar. Help and docs/reference/cli.md are made of it. `run` imports the command's module when it is called, so that
 * no command pays for the modules of another.
 */
export interface CommandEntry {
  /** Name and arguments, for example `start <name...>`. */
  usage: string;
  aliases?: readonly string[];
  /** Words that mean this command too and stand in no list. */
  hiddenAliases?: readonly string[];
  group: Group;
  /** One sentence without its full stop. */
  summary: string;
  examples: readonly [string, string, ...string[]];
  exitCodes: string;
  options?: readonly Option[];
  /** Hand the words after `--` on in `passed`; otherwise they are arguments that may begin with a hyphen. */
  passesArguments?: true;
  /** Resolves with the exit code. */
  run: (invocation: Invocation) => number | Promise<number>;
}

export function nameOf(entry: CommandEntry): string {
  return entry.usage.split(' ')[0] ?? entry.usage;
}
