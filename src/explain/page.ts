import type { Code } from '../base/index.ts';

type Lines = readonly [string, ...string[]];

/** What makes a code appear, and the same without it. All but a session is carried out by a test. */
export type Example =
  /** Lines of a manifest. The mandatory keys that they leave out are added, unless they are the `whole` file. */
  | { type: 'manifest'; bad: Lines; good: Lines; whole?: true }
  /** Files of one folder, by name, each as above. */
  | { type: 'folder'; bad: Files; good: Files }
  /** Commands beside a sound `camera.yaml`: what spoils it, and what mends it. */
  | { type: 'commands'; bad: Lines; good: Lines }
  /** What a terminal or a log shows. */
  | { type: 'session'; text: Lines };

export type Files = Readonly<Record<string, Lines>>;

/** What there is to say about a code or a word beyond its summary. Sentences are whole, and name what can be typed in backticks. */
export interface Page {
  /** Why it happens, the usual cause first. */
  causes: Lines;
  example?: Example;
  /** What to do, the usual cause first. */
  fixes: Lines;
}

/** The codes that begin with these digits. */
type CodesOf<Digits extends string> = Extract<Code, `TH${Digits}${string}`>;

/** A page with an example for every code that begins with these digits: one that is missing does not compile. */
export type Pages<Digits extends string> = Readonly<Record<CodesOf<Digits>, Page & { example: Example }>>;
