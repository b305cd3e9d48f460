import type { YAMLParseError } from 'yaml';

/** The part of an error of the YAML library that is used. */
export type SyntaxError = Pick<YAMLParseError, 'code' | 'message' | 'pos'>;

interface Advice {
  code: SyntaxError['code'];
  /** Of the message of the library, where the code alone does not tell. */
  text?: RegExp;
  reason: string;
  hint: string;
}

/** What the YAML library has found, and what to do about it. `char`: what stands at the place. */
export function explain(error: SyntaxError, char: string): { reason: string; hint: string } {
  const advice = ADVICE.find(
    ({ code, text }) => error.code === code && (text === undefined || text.test(error.message)),
  );
  if (advice !== undefined) return { reason: advice.reason.replace('{char}', char), hint: advice.hint };
  return {
    reason: error.message.charAt(0).toLowerCase() + error.message.slice(1, 120).replace(/[.:]$/, ''),
    hint: 'check quotes, brackets and the indentation of this line',
  };
}

const QUOTE = 'put the value in quotes';

/** The faults that people make most, in their words. */
const ADVICE: readonly Advice[] = [
  { code: 'BAD_SCALAR_START', reason: 'a value cannot begin with `{char}`', hint: QUOTE },
  {
    code: 'BLOCK_AS_IMPLICIT_KEY',
    reason: 'a second key begins inside of this value',
    hint: 'quote the value if the `:` belongs to it, else begin a new line',
  },
  { code: 'MISSING_CHAR', text: /quote/, reason: 'a quote is still open here', hint: 'close the quote' },
  { code: 'MISSING_CHAR', text: /map values/, reason: 'this key has no `:`', hint: 'write `key: value`' },
  { code: 'MISSING_CHAR', text: /end with/, reason: 'a bracket is still open here', hint: 'close the bracket' },
  {
    code: 'MISSING_CHAR',
    text: /^Missing ,/,
    reason: 'a `,` is missing before this item',
    hint: 'separate the items by `, `',
  },
  {
    code: 'MISSING_CHAR',
    text: /^Comments/,
    reason: 'a comment begins without a blank before it',
    hint: 'write ` #`, or quote the value if the `#` belongs to it',
  },
  {
    code: 'MISSING_CHAR',
    text: /^Sequence item/,
    reason: 'this item of a list has no `-`',
    hint: 'write `- ` before each item',
  },
  {
    code: 'MISSING_CHAR',
    text: /directives-end/,
    reason: 'the document begins on the line of its marker, or without one',
    hint: 'write `---` on a line of its own, or leave it out',
  },
  {
    code: 'BAD_INDENT',
    text: /^Flow/,
    reason: 'a bracket is still open here',
    hint: 'close the bracket before this line',
  },
  {
    code: 'BAD_INDENT',
    text: /same column/,
    reason: 'this line begins at another column than the lines it belongs to',
    hint: 'indent all keys of a map and all items of a list alike',
  },
  { code: 'BAD_DQ_ESCAPE', reason: 'the escape after `\\` is not known', hint: 'write `\\\\`, or use single quotes' },
  {
    code: 'KEY_OVER_1024_CHARS',
    reason: 'a key is longer than 1024 characters',
    hint: 'shorten the key, or put the text behind a key',
  },
  {
    code: 'BLOCK_IN_FLOW',
    reason: 'lists and maps of lines cannot stand inside of brackets',
    hint: 'write `[a, b]` and `{a: b}` inside of brackets, with a `,` after each item',
  },
  { code: 'MULTIPLE_ANCHORS', reason: 'the value has two anchors', hint: 'keep one `&name`' },
  { code: 'MULTIPLE_TAGS', reason: 'the value has two tags', hint: 'keep one `!tag`' },
  { code: 'ALIAS_PROPS', reason: 'an alias cannot have an anchor or a tag', hint: 'keep the `*name` alone' },
  { code: 'BAD_ALIAS', reason: '`{char}` begins the name of an anchor, and there is none', hint: QUOTE },
  {
    code: 'MULTILINE_IMPLICIT_KEY',
    reason: 'this line and the one above are neither items of one list nor keys of one map',
    hint: 'write `key: value`, and do not mix keys with items of a list',
  },
  {
    code: 'UNEXPECTED_TOKEN',
    text: /^Unexpected block-seq-ind on same line/,
    reason: 'a list of lines cannot begin on the line of its key',
    hint: 'begin a new line with each `- `, or write `[a, b]`',
  },
  {
    code: 'UNEXPECTED_TOKEN',
    text: /^Unexpected flow-(seq|map)-end/,
    reason: '`{char}` closes a bracket that is not open',
    hint: 'remove it, or quote the value if it belongs to it',
  },
  {
    code: 'UNEXPECTED_TOKEN',
    text: /^Not a YAML token/,
    reason: 'text stands behind `|` or `>`',
    hint: 'begin the text on the next line, or quote the value if the sign belongs to it',
  },
  {
    code: 'UNEXPECTED_TOKEN',
    text: /at node end$/,
    reason: 'the value has ended before this',
    hint: 'quote the whole value, and do not mix keys with items of a list',
  },
  { code: 'UNEXPECTED_TOKEN', text: /^Unexpected ,/, reason: 'nothing stands before this `,`', hint: 'remove the `,`' },
];
