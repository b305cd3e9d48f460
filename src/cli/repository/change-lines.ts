import { basename } from 'node:path';
import { count, formatBytes, isAboutText, visible } from '../../base/index.ts';
import type { Applied, Change, Difference } from '../../runtime/index.ts';
import type { Style, Terminal } from '../terminal.ts';
import { cutEnd, pad, widthOf } from '../text-width.ts';

type Rejected = Applied['rejected'][number];

const looks: Readonly<Record<Change['action'], { symbol: string; style: Style }>> = {
  add: { symbol: '+', style: 'green' },
  start: { symbol: '+', style: 'green' },
  update: { symbol: '~', style: 'cyan' },
  live: { symbol: '~', style: 'cyan' },
  replace: { symbol: '~', style: 'yellow' },
  remove: { symbol: '-', style: 'red' },
};

/** What becomes of a container, in few words. */
export function effectOf(change: Change): string {
  const { action, restart, start, stop, replaces, changed } = change;
  switch (action) {
    case 'add':
      return start ? 'start' : 'add, not started';
    case 'start':
      return 'start';
    case 'update':
      if (changed.length === 0) return start ? 'start, same meaning' : 'another text with the same meaning, no restart';
      return start ? 'start with it' : 'no restart, it does not run';
    case 'live':
      return 'live, no restart';
    case 'replace':
      if (replaces === undefined) return 'restart';
      return `${restart ? 'restart' : start ? 'start' : 'not started'}, takes the place of ${replaces}`;
    case 'remove':
      return `${stop ? 'stop and remove' : 'remove'} (manifest gone)`;
    default: // an action that only a newer daemon knows
      return action;
  }
}

/** Each container with what becomes of it, and below it the keys that differ; then what is rejected, and what runs on in spite of it. */
export function changeLines(applied: Applied, terminal: Terminal, wide: boolean): string[] {
  const { changes, rejected, unsettled, failed = [] } = applied;
  const names = [...changes.map(({ id }) => id), ...failed, ...rejected.map(({ file }) => basename(file))].map(visible);
  const width = Math.min(40, Math.max(0, ...names.map(widthOf)));
  const keys = changes.flatMap(({ changed }) => changed.map(valuesOf));
  const keyWidth = Math.min(36, Math.max(0, ...keys.map(({ key }) => widthOf(key))));
  const valueWidth = Math.min(40, Math.max(0, ...keys.map(({ values }) => widthOf(values))));
  const fit = (line: string): string =>
    terminal.isTTY && !wide ? cutEnd(line, terminal.columns, terminal.ascii) : line;
  const head = (symbol: string, style: Style, name: string, effect: string): string => {
    const line = fit(`${symbol} ${pad(visible(name), width)}   ${visible(effect)}`);
    return terminal.style(style, line.slice(0, 1)) + line.slice(1);
  };
  return [
    ...changes.flatMap((change) => {
      const look = (looks as Partial<typeof looks>)[change.action] ?? looks.update;
      return [
        head(look.symbol, look.style, change.id, effectOf(change)),
        ...change.changed.map((difference) => {
          const { key, values, line } = valuesOf(difference);
          return fit(
            `    ${pad(key, keyWidth)}   ${line === '' ? values : pad(values, valueWidth)}   ${line}`.trimEnd(),
          );
        }),
      ];
    }),
    ...rejected.map((one) => head('!', 'red', basename(one.file), rejection(one))),
    ...failed.map((id) => head('!', 'red', id, `has failed (thuban inspect ${id})`)),
    ...unsettled.map((file) => head('!', 'yellow', basename(file), 'is being written, read when it holds still')),
  ];
}

function rejection({ errors, keeps }: Rejected): string {
  const [first] = errors;
  const place = first === undefined || !isAboutText(first) ? '' : `${first.line}:${first.column} `;
  const why =
    errors.length === 1 && first !== undefined ? `, ${place}${first.message}` : `, ${count(errors.length, 'error')}`;
  return `rejected${why}${keeps.length === 0 ? '' : `; ${keeps.join(', ')} ${keeps.length === 1 ? 'goes' : 'go'} on`}`;
}

function valuesOf({ key, from, to, line }: Difference): { key: string; values: string; line: string } {
  const [before, after] = [shown(key, from), shown(key, to)];
  // Rounded they may look the same.
  const values = before === after ? `${JSON.stringify(from)} -> ${JSON.stringify(to)}` : `${before} -> ${after}`;
  return { key: visible(key), values: visible(values), line: line === undefined ? '' : `:${line}` };
}

/** `cgroups.pids.limit 32 -> 64`. */
export function changeText(difference: Difference): string {
  const { key, values } = valuesOf(difference);
  return `${key} ${values}`;
}

/** Keys whose values are bytes. */
const BYTES = /^cgroups\.memory\.\w*limit$|^cgroups\.hugetlb\[\d+\]\.limit$|^mounts\..*\.size$/;

function shown(key: string, value: unknown): string {
  if (value === null || value === undefined) return '(not set)';
  return typeof value === 'number' && BYTES.test(key) ? formatBytes(value) : JSON.stringify(value);
}

/** `1 restart, 1 new, 1 removed, 1 rejected`; undefined: there is nothing to do, and nothing is wrong. */
export function summaryOf({ changes, rejected, unsettled, failed = [] }: Applied): string | undefined {
  const groups: [number, string][] = [
    [changes.filter(({ action }) => action === 'live').length, 'live'],
    [changes.filter(({ restart }) => restart).length, 'restart'],
    [changes.filter(({ action }) => action === 'add').length, 'new'],
    [changes.filter(({ action }) => action === 'start').length, 'started'],
    [
      changes.filter(({ action, restart }) => !restart && (action === 'update' || action === 'replace')).length,
      'updated',
    ],
    [changes.filter(({ action }) => action === 'remove').length, 'removed'],
    [rejected.length, 'rejected'],
    [failed.length, 'failed'],
    [unsettled.length, 'being written'],
  ];
  const told = groups.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`);
  return told.length === 0 ? undefined : told.join(', ');
}
