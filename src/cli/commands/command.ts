import type { Option } from 'commander';
import type { Context } from '../context.ts';

/** Under which heading of the list a command stands. */
export type Group = 'Look:' | 'Act:' | 'Serve:' | 'Declare:' | 'Package:';

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
  /** Name and arguments, for example `start <name...>`. A name of two words is a command of a family: `key generate <name>`. */
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

/** The words of the name: one, or two for a command of a family. */
export function nameOf({ usage }: CommandEntry): string {
  return usage.replace(/ [<[].*$/s, '');
}

/** The first word of the name. */
export function familyOf(entry: CommandEntry): string {
  return nameOf(entry).split(' ')[0] ?? '';
}
