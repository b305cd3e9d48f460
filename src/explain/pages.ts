import { codes, type Code, type CodeFacts } from '../base/index.ts';
import { across } from './across.ts';
import { environment } from './environment.ts';
import { features } from './features.ts';
import { kernel } from './kernel.ts';
import { live } from './live.ts';
import { packaging } from './packaging.ts';
import type { Example, Page } from './page.ts';
import { reading } from './reading.ts';
import { running } from './running.ts';
import { speaking } from './speaking.ts';
import { starting } from './starting.ts';
import { values } from './values.ts';
import { words, type Word, type WordKind } from './words.ts';

/** The page of every code. */
export const pages: Readonly<Record<Code, Page & { example: Example }>> = {
  ...reading,
  ...values,
  ...across,
  ...kernel,
  ...features,
  ...live,
  ...starting,
  ...running,
  ...packaging,
  ...speaking,
  ...environment,
};

/** A code or a word with all that there is to say about it, as `--json` prints it. */
export type Explanation = {
  name: string;
  summary: string;
  causes: readonly string[];
  example?: Example;
  fixes: readonly string[];
} & (
  | { kind: 'code'; code: Code; severity: 'error' | 'warning' }
  | { kind: 'word'; is: readonly WordKind[]; also?: readonly string[] }
);

/** All codes by their number, then all words. */
export function explanations(): Explanation[] {
  return [...(Object.keys(codes).sort() as Code[]).map(ofCode), ...(Object.keys(words) as Word[]).map(ofWord)];
}

function ofCode(code: Code): Explanation {
  const { name, summary, severity }: CodeFacts = codes[code];
  return { kind: 'code', code, name, severity: severity ?? 'error', summary, ...pages[code] };
}

function ofWord(name: Word): Explanation {
  const { kinds, ...page } = words[name];
  return { kind: 'word', name, is: kinds, ...page };
}
