import { commands, familyOf, nameOf, type CommandEntry } from './commands/index.ts';
import { unknownCommand } from './unknown-command.ts';

/** Common flags that take a value, which is no command. */
const WITH_VALUE: ReadonlySet<string> = new Set(['--socket', '--color']);

/** The command that words mean, by its name or another name of it; of a family the second word counts. */
export function commandOf(word: string | undefined, second?: string): CommandEntry | undefined {
  return commands.find(
    (entry) =>
      word !== undefined &&
      (nameOf(entry) === word ||
        nameOf(entry) === `${word} ${second ?? ''}` ||
        entry.aliases?.includes(word) === true ||
        entry.hiddenAliases?.includes(word) === true),
  );
}

/** Where the next word is that is no flag. */
function nextWord(argv: readonly string[], from: number): number {
  let at = from;
  while (argv[at]?.startsWith('-') === true && argv[at] !== '--') at += WITH_VALUE.has(argv[at] ?? '') ? 2 : 1;
  return at;
}

/** Flags may stand anywhere, so those before the command are put behind it: `--json ps` is `ps --json`. */
function commandFirst(argv: readonly string[]): string[] {
  const at = nextWord(argv, 0);
  const word = argv[at];
  const isFamily = commands.some((entry) => familyOf(entry) === word && nameOf(entry) !== word);
  if (word !== undefined && isFamily) {
    const second = nextWord(argv, at + 1);
    const flags = [...argv.slice(0, at), ...argv.slice(at + 1, second)];
    const isKnown = commandOf(word, argv[second]) !== undefined;
    return isKnown
      ? [word, argv[second] ?? '', ...flags, ...argv.slice(second + 1)]
      : [word, ...flags, ...argv.slice(second)];
  }
  const entry = commandOf(word);
  if (at === 0 || entry === undefined) return [...argv];
  return [nameOf(entry), ...argv.slice(0, at), ...argv.slice(at + 1)];
}

/**
 * `help NAME` as `NAME --help`, so that both find the same. commander answers `help nonsense` and `nonsense --help` with the whole list and
 * success.
 *
 * @throws ThubanError TH6011 when help is asked for what there is not.
 */
export function readHelp(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const before = end === -1 ? words : words.slice(0, end);
  const isHelp = words[0] === 'help';
  if (!isHelp && !before.some((word) => word === '--help' || word === '-h')) return [...words];
  const asked = isHelp ? words.slice(1) : before;
  const [first, second] = asked.filter((word, at) => !word.startsWith('-') && !WITH_VALUE.has(asked[at - 1] ?? ''));
  if (first === undefined || first === 'help') return ['--help'];
  const entry = commandOf(first, second);
  if (entry !== undefined) return [...nameOf(entry).split(' '), '--help'];
  if (!commands.some((one) => familyOf(one) === first)) throw unknownCommand(first);
  if (second !== undefined) throw unknownCommand(second, first);
  return [first, '--help'];
}

/** The command line as the grammar reads it, and the words after `--` where the command hands them on. */
export function readWords(argv: readonly string[]): { words: string[]; passed: string[] | undefined } {
  const [first = '', ...rest] = commandFirst(argv);
  const entry = commandOf(first, rest[0]);
  const words = [entry?.hiddenAliases?.includes(first) === true ? nameOf(entry) : first, ...rest];
  const end = words.indexOf('--');
  if (entry?.passesArguments !== true || end === -1) return { words, passed: undefined };
  return { words: words.slice(0, end), passed: words.slice(end + 1) };
}
