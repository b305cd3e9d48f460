import { Composer, Lexer, Parser, type Document } from 'yaml';
import type { Diagnostic } from '../base/index.ts';
import { convert, MAX_DEPTH, tooDeep, type Converted } from './convert-yaml.ts';
import type { Language } from './language.ts';
import type { Source } from './source.ts';
import { syntaxDiagnostic, textDiagnostic } from './yaml-errors.ts';

/** A hundred times what a large manifest has; a megabyte of them would take seconds, and hundreds of megabytes of memory. */
const MAX_TOKENS = 50_000;

/** Parses YAML 1.2 into a tree. Everything is bounded before the library builds anything from it. */
export function readYaml(source: Source, language: Language): Converted {
  const documents = parse(source, language);
  if ('fatal' in documents) return documents;
  const failed = syntaxDiagnostic(
    source,
    documents.list.flatMap((document) => document.errors),
  );
  if (failed !== undefined) return { fatal: failed };
  const second = documents.list[1];
  if (second !== undefined) {
    const message = `the file holds ${documents.list.length} documents, a ${language.document} is one`;
    const start = source.text.lastIndexOf('---', second.contents?.range?.[0] ?? second.range[0]);
    const span = { offset: start < 0 ? second.range[0] : start, length: 3 };
    return { fatal: textDiagnostic(source, 'TH1004', message, span, { hint: language.oneDocument }) };
  }
  return convert(source, documents.list[0]?.contents ?? null, language.document);
}

/** Feeds the parser token by token: some inputs of a few kilobytes exhaust memory when they are parsed unseen. */
function parse(source: Source, language: Language): { list: Document.Parsed[] } | { fatal: Diagnostic } {
  const parser = new Parser();
  const tokens = [];
  let count = 0;
  let read = 0;
  for (const lexeme of new Lexer().lex(source.text)) {
    tokens.push(...parser.next(lexeme));
    read += lexeme.length;
    if (++count > MAX_TOKENS) {
      const message = `the file holds more than ${MAX_TOKENS} YAML tokens`;
      return {
        fatal: textDiagnostic(source, 'TH1002', message, { offset: read, length: 1 }, { hint: language.tooLarge }),
      };
    }
    // Each level of a collection takes up to two places on the stack.
    if (parser.stack.length > 2 * MAX_DEPTH)
      return { fatal: tooDeep(source, { offset: read - lexeme.length, length: 1 }) };
  }
  tokens.push(...parser.end());
  const composer = new Composer({
    version: '1.2',
    schema: 'failsafe',
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  return { list: [...composer.compose(tokens, false, source.text.length)] };
}
