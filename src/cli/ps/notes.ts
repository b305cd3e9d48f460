import { basename } from 'node:path';
import { isAboutText, nextStep, visible, type Diagnostic } from '../../base/index.ts';
import type { ContainerSummary } from '../../runtime/index.ts';
import { marks } from '../states.ts';
import type { Terminal } from '../terminal.ts';
import { wrapWords } from '../text-width.ts';
import { fromNow, runTime } from '../times.ts';

const MOST_LINES = 3;

export interface NoteOptions {
  now: number;
  /** The table has a column that tells when a container starts again. */
  nextShown: boolean;
}

/** What a person should know and the table has no room for, one sentence each, in the table's order. */
function sentences(containers: readonly ContainerSummary[], terminal: Terminal, options: NoteOptions): string[] {
  const { condition, privileged } = marks(terminal);
  const roots = containers.filter((container) => container.privileged === true).map(({ name }) => name);
  // First, so that it is never what does not fit.
  const all = roots.length === 0 ? [] : [`${privileged} privileged: ${[...new Set(roots)].join(', ')}`];
  for (const container of containers) {
    for (const { type, message } of container.conditions)
      all.push(`${condition} ${container.name}: ${type}, ${message}`);
    if (container.next_start !== undefined && !options.nextShown)
      all.push(`${container.name}: next start ${fromNow(container.next_start, options.now)}`);
    if (container.next_run !== undefined && !options.nextShown)
      all.push(`${container.name}: next run ${runTime(container.next_run, options.now)}`);
    const [error] = container.errors ?? [];
    if (error !== undefined) all.push(errorNote(container.file, error));
  }
  return all.map(visible);
}

function errorNote(file: string, error: Diagnostic): string {
  const place = isAboutText(error) ? `${basename(file)}:${error.line}:${error.column}` : `${basename(file)}:`;
  const step = nextStep(error, file);
  // The file stands in front already.
  return `${place} ${error.message} (${step === `thuban validate ${file}` ? 'thuban validate' : step})`;
}

/** At most three lines below the table. What does not fit is counted. */
export function notesOf(containers: readonly ContainerSummary[], terminal: Terminal, options: NoteOptions): string[] {
  const all = sentences(containers, terminal, options);
  const separator = terminal.ascii ? ' - ' : ' · ';
  // What is piped has no width.
  if (!terminal.isTTY) return all.length === 0 ? [] : [all.join(separator)];
  const wrapped = (shown: number): string[] => {
    const more = shown < all.length ? [`${all.length - shown} more (thuban inspect NAME)`] : [];
    return wrapWords([...all.slice(0, shown), ...more].join(separator), terminal.columns);
  };
  let shown = all.length;
  while (shown > 1 && wrapped(shown).length > MOST_LINES) shown--;
  const lines = wrapped(shown);
  if (lines.length <= MOST_LINES) return lines;
  // One sentence alone may be longer than that.
  return lines.slice(0, MOST_LINES);
}
