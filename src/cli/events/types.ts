import { ThubanError, suggest } from '../../base/index.ts';

/** What the console takes as a type of event, in the order of its description. */
export const eventTypes = [
  ...['started', 'exited', 'oom', 'pressure', 'state', 'paused', 'resumed', 'restarting', 'health'],
  ...['manifest_loaded', 'manifest_rejected', 'manifest_removed'],
  ...['installed', 'uninstalled', 'updated', 'rolled_back', 'adopted', 'leftover', 'scheduled', 'skipped'],
  ...['gap', 'shutdown'],
] as const;

/** TH6011 for a word that is no type. */
export function checkTypes(words: readonly string[]): void {
  const unknown = words.find((word) => !eventTypes.some((type) => type === word));
  if (unknown === undefined) return;
  const meant = suggest(unknown, eventTypes);
  throw new ThubanError('TH6011', `\`${unknown}\` is not a type of event`, {
    hint: meant === undefined ? `types are ${eventTypes.join(', ')}` : `did you mean \`${meant}\`?`,
  });
}

/** Cells of the column, so that no type breaks the table. `asked`: no other will come. */
export function typeWidth(asked: readonly string[] = eventTypes): number {
  return Math.max(...asked.map(({ length }) => length));
}
