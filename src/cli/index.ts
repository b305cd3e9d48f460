import { Command, CommanderError, Option } from 'commander';
import { ThubanError, version } from '../base/index.ts';
import { contextOf, type CommonFlags, type Context } from './context.ts';
import { demo } from './demo/index.ts';
import { planCommand } from './plan.ts';
import { printError } from './print-error.ts';
import { run } from './run.ts';
import { exitQuietlyOnClosedPipe } from './terminal.ts';
import { validate } from './validate.ts';
import { versionCommand } from './version.ts';

interface Entry {
  usage: string;
  group: string;
  summary: string;
  examples: string[];
  exitCodes: string;
  options?: Option[];
}

const CONTAINER_CODES =
  'the container’s code; 128+n when signal n ended it; 125 it could not be started, 126 not executable, 127 not found';

/** Adds a command with what every command has: common flags, two examples, its exit codes. */
function define(
  program: Command,
  entry: Entry,
  action: (args: string[], flags: Record<string, unknown>, context: Context) => number | Promise<number>,
  done: (code: number) => void,
): void {
  const command = program
    .command(entry.usage)
    .summary(entry.summary)
    .description(`${entry.summary}.`)
    .helpGroup(entry.group);
  for (const option of entry.options ?? []) command.addOption(option);
  command
    .option('--json', 'print JSON for programs instead of text', false)
    .option('-q, --quiet', 'print nothing but what was asked for', false)
    .addOption(new Option('--color <when>', 'colour the text').choices(['auto', 'always', 'never']).default('auto'))
    .addHelpText(
      'after',
      `\nExamples:\n${entry.examples.map((line) => `  ${line}`).join('\n')}\n\nExit codes: ${entry.exitCodes}.`,
    )
    .action(async (...given: unknown[]) => {
      const flags = command.opts<CommonFlags & Record<string, unknown>>();
      const context = contextOf(flags);
      const args = given.slice(0, command.registeredArguments.length).flat() as string[];
      try {
        done(await action(args, flags, context));
      } catch (error) {
        printError(error, context);
        done(1);
      }
    });
}

function build(done: (code: number) => void): Command {
  const program = new Command('thuban')
    .description('A declarative container runtime for embedded Linux boards.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', '\nFirst steps: sudo npx thuban run examples/manifests/01-hello.yaml   (docs/guide/)');
  const parent = new Option('--cgroup-parent <path>', 'put containers below this cgroup').default('self');
  define(
    program,
    {
      usage: 'validate <file...>',
      group: 'Declare:',
      summary: 'Check manifests and show everything that is wrong with them',
      examples: ['thuban validate camera.yaml', 'thuban validate --json /var/lib/thuban/repository'],
      exitCodes: '0 no errors, 1 errors (with --strict also warnings), 2 usage',
      options: [new Option('--strict', 'count warnings as errors')],
    },
    (files, flags, context) => validate(files, flags, context),
    done,
  );
  define(
    program,
    {
      usage: 'plan <file>',
      group: 'Declare:',
      summary: 'Show every cgroup write and every step of a start, and do nothing',
      examples: ['thuban plan camera.yaml', 'thuban plan --cgroups v1 camera.yaml'],
      exitCodes: '0 it can be started, 1 it cannot, 2 usage',
      options: [
        new Option('--cgroups <version>', 'plan for a plain machine of this cgroup version').choices(['v1', 'v2']),
        new Option('--facts <file>', 'plan for the board that these facts were taken from (see plan --json)'),
        parent,
      ],
    },
    ([file = ''], flags, context) => planCommand(file, flags, context),
    done,
  );
  define(
    program,
    {
      usage: 'run <file>',
      group: 'Act:',
      summary: 'Run one container in the foreground, without a daemon',
      examples: [
        'sudo thuban run examples/manifests/01-hello.yaml',
        'sudo thuban run --once examples/manifests/05-restart.yaml',
      ],
      exitCodes: CONTAINER_CODES,
      options: [new Option('--once', 'run once, whatever the restart policy says'), parent],
    },
    ([file = ''], flags, context) => run(file, flags, context),
    done,
  );
  define(
    program,
    {
      usage: 'demo',
      group: 'Look:',
      summary: 'Show what Thuban does, on real processes, in about 10 seconds',
      examples: ['sudo npm run demo', 'sudo npx thuban demo --json'],
      exitCodes: '0 everything shown was checked and right, 1 something was not',
    },
    (_args, _flags, context) => demo(context),
    done,
  );
  define(
    program,
    {
      usage: 'version',
      group: 'Look:',
      summary: 'Print the version of Thuban, Node.js and the kernel',
      examples: ['thuban version', 'thuban version --json'],
      exitCodes: '0',
    },
    (_args, _flags, context) => versionCommand(context),
    done,
  );
  return program;
}

/** Carries a command line out and resolves with the exit code of the process. */
export async function main(argv: string[]): Promise<number> {
  exitQuietlyOnClosedPipe();
  let code = 0;
  const program = build((result) => {
    code = result;
  });
  for (const command of program.commands) command.exitOverride().configureOutput({ outputError: () => undefined });
  if (argv.length === 0) {
    process.stderr.write(program.helpInformation());
    return 2;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    printError(usageError(error, argv), contextOf({ json: argv.includes('--json') }));
    return 2;
  }
}

/** commander's "error: unknown command 'rum'\n(Did you mean run?)" in our own words. */
function usageError(error: CommanderError, argv: string[]): ThubanError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = rest
    .join(' ')
    .replaceAll(/[()]/g, '')
    .replace(/^Did you mean /, 'did you mean ')
    .trim();
  const command = argv.find((word) => !word.startsWith('-'));
  const help = `thuban ${error.code === 'commander.unknownCommand' ? '' : `${command ?? ''} `}--help`.replace(
    '  ',
    ' ',
  );
  return new ThubanError('TH6011', first.replaceAll("'", '`'), {
    hint: suggestion === '' ? help : `${suggestion}   (${help})`,
  });
}
