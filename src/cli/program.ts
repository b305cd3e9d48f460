import { Command, Option } from 'commander';
import { ThubanError, version } from '../base/index.ts';
import { commands, type CommandEntry } from './commands/index.ts';
import { contextOf, type CommonFlags } from './context.ts';
import { ownCall } from './own-call.ts';
import { printError } from './print-error.ts';
import { wrapWords } from './text-width.ts';

const HELP_WIDTH = 80;

/** Errors that are about the command line itself. */
const USAGE_CODES: ReadonlySet<string> = new Set(['TH6009', 'TH6011']);

function exitCodeOf(error: unknown): number {
  if (!(error instanceof ThubanError)) return 1;
  if (USAGE_CODES.has(error.code)) return 2;
  return error.code === 'TH6015' ? 124 : 1;
}

/** Adds a command with what every command has: common flags, two examples, its exit codes. */
function define(
  program: Command,
  entry: CommandEntry,
  passed: string[] | undefined,
  done: (code: number) => void,
): void {
  const command = program
    .command(entry.usage)
    .aliases(entry.aliases ?? [])
    .summary(entry.summary)
    .description(`${entry.summary}.`)
    .helpGroup(entry.group);
  for (const option of entry.options ?? []) command.addOption(option);
  command
    .option('--ascii', 'draw with ASCII characters only (also THUBAN_ASCII=1)')
    .option('--json', 'print JSON for programs instead of text')
    .option('-q, --quiet', 'print nothing but what was asked for')
    .addOption(new Option('--color <when>', 'colour the text').choices(['auto', 'always', 'never']).default('auto'))
    .addHelpText(
      'after',
      `\nExamples:\n${entry.examples.map((line) => `  ${line}`).join('\n')}\n\n${wrapWords(`Exit codes: ${entry.exitCodes}.`, HELP_WIDTH).join('\n')}`,
    )
    .action(async (...given: unknown[]) => {
      const flags = command.opts<CommonFlags & Record<string, unknown>>();
      const context = contextOf(flags);
      const args = given
        .slice(0, command.registeredArguments.length)
        .flat()
        .filter((word) => typeof word === 'string');
      try {
        done(await entry.run({ args, flags, context, passed }));
      } catch (error) {
        printError(error, context);
        done(exitCodeOf(error));
      }
    });
}

/** `ps|ls`, `start [name...]`: every command has options, so that needs no word in the list. */
function termOf(command: Command): string {
  const [alias] = command.aliases();
  const words = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '');
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [alias === undefined ? command.name() : `${command.name()}|${alias}`, ...words].join(' ');
}

/** The whole grammar. `passed`: the words after `--`, cut off already where the command hands them on. */
export function buildProgram(passed: string[] | undefined, done: (code: number) => void): Command {
  const program = new Command('thuban')
    .description('A declarative container runtime for embedded Linux boards.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ subcommandTerm: termOf })
    .addHelpCommand(new Command('help').argument('[command]').description('Explain a command').helpGroup('Look:'))
    .addHelpText('after', () => {
      const { thuban, examples } = ownCall();
      return `\nFirst steps: sudo ${thuban} run ${examples}/01-hello.yaml   (docs/guide/)`;
    });
  for (const entry of commands) define(program, entry, passed, done);
  for (const command of program.commands) command.exitOverride().configureOutput({ outputError: () => undefined });
  return program;
}
