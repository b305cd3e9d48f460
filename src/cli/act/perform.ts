import { count, formatDuration, type ThubanError } from '../../base/index.ts';
import type { ContainerSummary } from '../../runtime/index.ts';
import type { Context } from '../context.ts';
import { explained, leavable } from '../detach.ts';
import { asPattern } from '../names.ts';
import { asThubanError, printError } from '../print-error.ts';
import { print, printJson, talk } from '../talk.ts';

export interface Action<R extends { id: string }> {
  /** `stop`. */
  verb: string;
  /** `stopped`. */
  past: string;
  run: (name: string) => Promise<R>;
  /** What it is done to. Default: container. */
  noun?: string;
  /** In these states there is nothing left to do, which is success. */
  already: readonly ContainerSummary['state'][];
  /** What it was already, when the daemon says that nothing changed. */
  unchanged?: (result: R) => string | undefined;
  /** One line in the past tense; `took` in milliseconds. */
  line: (result: R, took: number) => string;
  /** What is waited for, for a person who wonders. */
  waitsFor: (names: string[]) => string | Promise<string>;
}

/** How it went with one container. */
type Outcome<R> = { id: string } & ({ done: R; took: number } | { already: string } | { error: ThubanError });

/** Connections at a time; the console takes 64 of all its clients. */
const AT_ONCE = 16;

/** Does it to each container and says how it went; resolves with the exit code. What does not work with one stops no other. */
export async function perform<R extends { id: string }>(
  names: readonly string[],
  action: Action<R>,
  context: Context,
): Promise<number> {
  const began = performance.now();
  const outcomes = new Map<string, Outcome<R>>();
  const asked = new Set<string>();
  const queue = names.values();
  const worker = async (): Promise<void> => {
    for (const name of queue) {
      asked.add(name);
      const outcome = await attempt(name, action);
      outcomes.set(name, outcome);
      report(outcome, action, context);
    }
  };
  const pending = (): string[] => [...asked].filter((name) => !outcomes.has(name));
  const work = Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, worker));
  const explain = context.err.isTTY && !context.quiet && !context.json ? () => action.waitsFor(pending()) : undefined;
  await leavable(explained(work, explain), () =>
    left(
      action.verb,
      pending(),
      names.filter((name) => !asked.has(name)),
    ),
  );
  const inOrder = names.flatMap((name) => outcomes.get(name) ?? []);
  if (context.json) printJson(inOrder.map((outcome) => asJson(outcome, action.verb)));
  const wrong = inOrder.filter((outcome) => 'error' in outcome);
  if (names.length > 1 && !context.json && !context.quiet)
    talk(
      summary(
        names.length,
        wrong.map(({ id }) => id),
        action,
        performance.now() - began,
      ),
    );
  return wrong.length > 0 ? 1 : 0;
}

async function attempt<R extends { id: string }>(name: string, action: Action<R>): Promise<Outcome<R>> {
  const began = performance.now();
  try {
    const done = await action.run(name);
    const already = action.unchanged?.(done);
    if (already !== undefined) return { id: done.id, already };
    return { id: done.id, done, took: performance.now() - began };
  } catch (thrown) {
    const error = asPattern(asThubanError(thrown), name);
    // Without a daemon no other container fares better, and one error says so.
    if (error.code === 'TH6001') throw error;
    const { state } = error.details;
    const id = typeof error.details['id'] === 'string' ? error.details['id'] : name;
    if (error.code === 'TH6005' && action.already.some((known) => known === state))
      return { id, already: String(state) };
    return { id, error };
  }
}

function report<R extends { id: string }>(outcome: Outcome<R>, action: Action<R>, context: Context): void {
  if ('error' in outcome) printError(outcome.error, context);
  else if (context.json || context.quiet) return;
  else if ('already' in outcome) print(`${outcome.id} is ${outcome.already} already`);
  else print(action.line(outcome.done, outcome.took));
}

function asJson<R extends { id: string }>(outcome: Outcome<R>, action: string): Record<string, unknown> {
  if ('error' in outcome) return { id: outcome.id, action, result: 'error', error: outcome.error.toJSON() };
  if ('already' in outcome) return { id: outcome.id, action, result: 'already', state: outcome.already };
  const { id, ...more } = outcome.done;
  return { id, action, result: 'done', duration: Math.round(outcome.took) / 1000, ...more };
}

function summary(
  all: number,
  wrong: string[],
  { past, noun = 'container' }: { past: string; noun?: string },
  took: number,
): string {
  if (wrong.length === 0) return `${past} ${count(all, noun)} in ${formatDuration(took)}`;
  return `${past} ${all - wrong.length} of ${count(all, noun)}; not ${wrong.join(', ')}`;
}

function left(verb: string, pending: string[], unasked: string[]): string {
  const rest = unasked.length === 0 ? '' : `; not asked for: ${unasked.join(', ')}`;
  return `left: the daemon goes on with the ${verb} of ${pending.join(', ')}${rest}   (thuban ps)`;
}
