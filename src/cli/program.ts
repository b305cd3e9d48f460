import { Command, Help, Option } from 'commander';
import { ThubanError, version } from '../base/index.ts';
import { commands, familyOf, nameOf, type CommandEntry } from './commands/index.ts';
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
  const name = nameOf(entry);
  const family = familyOf(entry);
  const command = (family === name ? program : familyIn(program, family))
    .command(entry.usage.slice(family === name ? 0 : family.length + 1))
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

/** The command that stands for a family, made with its first member. Alone it is no command, and shows what it has. */
function familyIn(program: Command, name: string): Command {
  const present = program.commands.find((command) => command.name() === name);
  if (present !== undefined) return present;
  const members = commands.filter((entry) => familyOf(entry) === name);
  return program
    .command(name)
    .usage('COMMAND [flags]')
    .description(members.map((entry) => `${entry.summary}.`).join(' '))
    .helpCommand(false)
    .addHelpText('after', `\nExamples:\n${members.map(({ examples: [first] }) => `  ${first}`).join('\n')}`)
    .configureHelp({ subcommandTerm: termOf });
}

/** What a list of commands shows: of a family its members. */
function visibleCommands(this: Help, command: Command): Command[] {
  return Help.prototype.visibleCommands
    .call(this, command)
    .flatMap((one) => (one.commands.length > 0 ? Help.prototype.visibleCommands.call(this, one) : [one]));
}

/** `ps|ls`, `start [name...]`: every command has options, so that needs no word in the list. */
function termOf(command: Command): string {
  const [alias] = command.aliases();
  const words = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? '...' : '');
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const family = command.parent?.parent === null || command.parent === null ? [] : [command.parent.name()];
  return [...family, alias === undefined ? command.name() : `${command.name()}|${alias}`, ...words].join(' ');
}

/** The whole grammar. `passed`: the words after `--`, cut off already where the command hands them on. */
export function buildProgram(passed: string[] | undefined, done: (code: number) => void): Command {
  const program = new Command('thuban')
    .description('A declarative container runtime for embedded Linux boards.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ subcommandTerm: termOf, visibleCommands })
    .addHelpCommand(new Command('help').argument('[command]').description('Explain a command').helpGroup('Look:'))
    .addHelpText('after', () => {
      const { thuban, examples } = ownCall();
      return `\nFirst steps: sudo ${thuban} run ${examples}/01-hello.yaml   (docs/guide/)`;
    });
  for (const entry of commands) define(program, entry, passed, done);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands]))
    command.exitOverride().configureOutput({ outputError: () => undefined });
  return program;
}
