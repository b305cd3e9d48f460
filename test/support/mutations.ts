import fc, { type Arbitrary } from 'fast-check';

/** One change of a text, the way people and broken disks change them. Numbers say where, modulo what is there. */
type Mutation = (text: string) => string;

const HOSTILE = [
  ...['\0', '\t', '\r', '\u001b[2J', '\u202e', '\ud800', '\ufeff', '  ', '\n', ': ', '- ', '? ', '---\n', '...\n', '#'],
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '!fifo ',
    '!!binary ',
    '<<: ',
    '~',
    'null',
    'yes',
    '0777',
  ],
  ...[
    '-1',
    '1e400',
    '.inf',
    '0x10',
    '18446744073709551616',
    '64 Megs',
    '-0',
    '..',
    '/',
    '/a/../b',
    '__proto__',
    'unlimited',
  ],
];

const number = fc.nat({ max: 1_000_000 });

/** Changes that keep lines: what a person does in an editor. */
const lines: Arbitrary<Mutation> = fc
  .tuple(fc.constantFrom('drop', 'double', 'swap', 'indent', 'dedent', 'steal'), number, number)
  .map(([how, at, other]) => (text) => {
    const all = text.split('\n');
    const [i, j] = [at % all.length, other % all.length];
    const [line, second] = [all[i] ?? '', all[j] ?? ''];
    if (how === 'drop') all.splice(i, 1);
    else if (how === 'double') all.splice(j, 0, line);
    else if (how === 'swap') [all[i], all[j]] = [second, line];
    else if (how === 'indent') all[i] = `  ${line}`;
    else if (how === 'dedent') all[i] = line.replace(/^ {1,2}/, '');
    else all[i] = `${/^[^:]*:?/.exec(line)?.[0] ?? ''} ${second.replace(/^[^:]*:/, '')}`; // the value of another line
    return all.join('\n');
  });

/** Changes inside of a line: typing errors, and what an attacker would put there. */
const words: Arbitrary<Mutation> = fc
  .tuple(fc.constantFrom('insert', 'replace', 'delete', 'letter'), number, fc.constantFrom(...HOSTILE))
  .map(([how, where, hostile]) => (text) => {
    const at = where % (text.length + 1);
    if (how === 'insert') return text.slice(0, at) + hostile + text.slice(at);
    if (how === 'delete') return text.slice(0, at) + text.slice(at + 1);
    if (how === 'letter') return `${text.slice(0, at)}${String.fromCharCode(97 + (where % 26))}${text.slice(at + 1)}`;
    const found = Array.from(text.matchAll(/[A-Za-z0-9_./]+/g));
    const word = found[where % Math.max(found.length, 1)];
    return word === undefined ? text : text.slice(0, word.index) + hostile + text.slice(word.index + word[0].length);
  });

const cut: Arbitrary<Mutation> = number.map((where) => (text) => text.slice(0, where % (text.length + 1)));

/** One of the texts, changed a few times; sometimes continued with the rest of another one. */
export function mutated(texts: readonly string[]): Arbitrary<string> {
  const text = fc.constantFrom(...texts);
  const splice = fc.tuple(text, number).map(
    ([other, where]): Mutation =>
      (first) =>
        first + other.slice(where % (other.length + 1)),
  );
  const mutation = fc.oneof(
    { weight: 5, arbitrary: lines },
    { weight: 6, arbitrary: words },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: splice },
  );
  return fc
    .tuple(text, fc.array(mutation, { minLength: 1, maxLength: 6 }))
    .map(([begin, all]) => all.reduce((now, change) => change(now), begin));
}
