import { commands, nameOf, type CommandEntry } from './commands/index.ts';

/** Common flags that take a value, which is no command. */
const WITH_VALUE: ReadonlySet<string> = new Set(['--socket', '--color']);

/** The command that a word means, by its name or another name of it. */
export function commandOf(word: string | undefined): CommandEntry | undefined {
  return commands.find(
    (entry) =>
      word !== undefined &&
      (nameOf(entry) === word ||
        entry.aliases?.includes(word) === true ||
        entry.hiddenAliases?.includes(word) === true),
  );
}

/** Flags may stand anywhere, so those before the command are put behind it: `--json ps` is `ps --json`. */
function commandFirst(argv: readonly string[]): string[] {
  let at = 0;
  while (argv[at]?.startsWith('-') === true && argv[at] !== '--') at += WITH_VALUE.has(argv[at] ?? '') ? 2 : 1;
  const entry = commandOf(argv[at]);
  if (at === 0 || entry === undefined) return [...argv];
  return [nameOf(entry), ...argv.slice(0, at), ...argv.slice(at + 1)];
}

/** The command line as the grammar reads it, and the words after `--` where the command hands them on. */
export function readWords(argv: readonly string[]): { words: string[]; passed: string[] | undefined } {
  const [first = '', ...rest] = commandFirst(argv);
  const entry = commandOf(first);
  const words = [entry?.hiddenAliases?.includes(first) === true ? nameOf(entry) : first, ...rest];
  const end = words.indexOf('--');
  if (entry?.passesArguments !== true || end === -1) return { words, passed: undefined };
  return { words: words.slice(0, end), passed: words.slice(end + 1) };
}
