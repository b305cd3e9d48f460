import type { CommanderError } from 'commander';
import { ThubanError } from '../base/index.ts';
import { commands, familyOf, nameOf } from './commands/index.ts';
import { unknownCommand } from './unknown-command.ts';
import { commandOf } from './words.ts';

interface Said {
  message: string;
  hint?: string;
}

/** commander's sentences that are not in our words, and what we say instead. */
const rewritten: readonly [pattern: RegExp, say: (...found: string[]) => Said][] = [
  [
    /^option '(.+)' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s,
    (option = '', value = '', choices = '') => ({
      message: `\`${value}\` is not a value of \`${option.split(' ')[0] ?? option}\``,
      hint: `one of ${choices}`,
    }),
  ],
  [
    /^too many arguments(?: for '(.+)')?\. Expected (\d+) arguments? but got (\d+)/,
    (command = 'thuban', expected = '', got = '') => ({
      message: `too many arguments for \`${command}\`: ${got} instead of ${expected === '0' ? 'none' : expected}`,
    }),
  ],
];

/** commander's "error: unknown command 'rum'\n(Did you mean run?)" in our own words. */
export function usageError(error: CommanderError, words: readonly string[]): ThubanError {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const { message, hint } = inOurWords(first);
  const suggestion = rest
    .join(' ')
    .replaceAll(/[()]/g, '')
    .replace(/^Did you mean /, 'did you mean ')
    .trim();
  const [word, second] = words.filter((one) => !one.startsWith('-'));
  const entry = commandOf(word, second);
  if (error.code === 'commander.unknownCommand') {
    const isFamily = commands.some((one) => familyOf(one) === word);
    return isFamily ? unknownCommand(second ?? '', word) : unknownCommand(word ?? '');
  }
  const command = entry === undefined ? word : nameOf(entry);
  const help = command === undefined ? 'thuban --help' : `thuban ${command} --help`;
  const advice = hint ?? (suggestion === '' ? undefined : suggestion);
  return new ThubanError('TH6011', message, { hint: advice === undefined ? help : `${advice}   (${help})` });
}

function inOurWords(sentence: string): Said {
  for (const [pattern, say] of rewritten) {
    const found = pattern.exec(sentence);
    if (found !== null) return say(...found.slice(1));
  }
  return { message: sentence.replaceAll("'", '`') };
}
