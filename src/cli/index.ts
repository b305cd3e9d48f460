import { CommanderError } from 'commander';
import { ThubanError } from '../base/index.ts';
import { contextOf } from './context.ts';
import { nodeTooOld } from './node-version.ts';
import { printError } from './print-error.ts';
import { buildProgram } from './program.ts';
import { exitQuietlyOnClosedPipe } from './terminal.ts';
import { usageError } from './usage-error.ts';
import { readHelp, readWords } from './words.ts';

/** Carries a command line out and resolves with the exit code of the process. */
export async function main(argv: string[]): Promise<number> {
  exitQuietlyOnClosedPipe();
  const tooOld = nodeTooOld(process.versions.node);
  if (tooOld !== undefined) {
    printError(tooOld, contextOf({ json: argv.includes('--json') }));
    return 1;
  }
  let code = 0;
  const { words, passed } = readWords(argv);
  const program = buildProgram(passed, (result) => {
    code = result;
  });
  if (argv.length === 0) {
    process.stderr.write(program.helpInformation());
    return 2;
  }
  try {
    await program.parseAsync(readHelp(words), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof ThubanError && error.code === 'TH6011') {
      printError(error, contextOf({ json: words.includes('--json') }));
      return 2;
    }
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2; // a family alone: what it has was printed
    printError(usageError(error, words), contextOf({ json: words.includes('--json') }));
    return 2;
  }
}
