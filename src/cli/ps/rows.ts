import { count, formatPercent, formatShare, formatBytes, formatShortDuration } from '../../base/index.ts';
import type { ContainerSummary, Usage } from '../../runtime/index.ts';
import { lastExit } from '../last-exit.ts';
import { conditionWords, lookOf, marks } from '../states.ts';
import { table, type Cell, type Column } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { fromNow, runTime } from '../times.ts';
import type { Measured } from './measure.ts';

interface Row extends Measured {
  terminal: Terminal;
  now: number;
}

interface PsColumn extends Column {
  /** Stands only where there is room for everything: from 120 columns on, or with --wide. */
  wide?: true;
  cell: (row: Row) => Cell;
}

const UNKNOWN = '?';
const NOT_APPLICABLE = '-';

const columns: readonly PsColumn[] = [
  { title: 'NAME', shortensTo: 8, cell: ({ container }) => container.id },
  { title: 'STATE', cell: stateCell },
  { title: 'HEALTH', wide: true, priority: 5, cell: ({ container }) => healthOf(container) },
  { title: 'PID', wide: true, priority: 4, cell: ({ container }) => String(container.pid ?? NOT_APPLICABLE) },
  { title: 'UP', priority: 15, cell: ({ container, now }) => uptime(container, now) },
  {
    title: 'CPU',
    priority: 14,
    cell: ({ cpu }) => (cpu === undefined ? NOT_APPLICABLE : orUnknown(cpu, formatPercent)),
  },
  { title: 'QUOTA', wide: true, priority: 2, cell: ({ container }) => quota(container.usage) },
  { title: 'MEM/LIMIT', priority: 13, cell: ({ container }) => memory(container) },
  { title: '%', align: 'right', priority: 12, cell: ({ container }) => ofLimit(container.usage) },
  { title: 'PIDS', wide: true, align: 'right', priority: 1, cell: ({ container }) => pids(container) },
  { title: 'RST', align: 'right', priority: 11, cell: ({ container }) => counter(container, container.restarts) },
  {
    title: 'OOM',
    wide: true,
    align: 'right',
    priority: 3,
    cell: ({ container }) => counter(container, container.oom_kills),
  },
  {
    title: 'LAST EXIT',
    priority: 10,
    shrinksTo: 9,
    keepsTail: true,
    cell: ({ container, now }) => ending(container, now),
  },
  { title: 'NEXT', wide: true, priority: 6, cell: ({ container, now }) => next(container, now) },
];

const symbol: PsColumn = {
  title: ' ', // as wide as a symbol, also without rows
  tight: true,
  cell: ({ container, terminal }) => {
    const look = lookOf(container.state, terminal);
    return { text: look.symbol, style: look.style };
  },
};

export const WIDE_FROM = 120;

export interface PsOptions {
  wide: boolean;
  now: number;
}

/** The table of `ps`, header first. On a terminal it fits; elsewhere nothing is shortened and words stand for symbols. */
export function psTable(measured: readonly Measured[], terminal: Terminal, { wide, now }: PsOptions): string[] {
  const all = wide || (terminal.isTTY && terminal.columns >= WIDE_FROM);
  const chosen = columns.filter((column) => all || column.wide !== true);
  const shown = terminal.isTTY ? [symbol, ...chosen] : chosen;
  const rows = measured.map((entry) => shown.map(({ cell }) => cell({ ...entry, terminal, now })));
  // What is a percentage of the limit stands beside it; only where there is room it has a header of its own.
  const titled = shown.map((column) => (column.title === '%' && !all ? { ...column, title: '' } : column));
  return table(titled, rows, {
    ...(terminal.isTTY && !wide ? { width: terminal.columns } : {}),
    ascii: terminal.ascii,
    style: (style, text) => terminal.style(style, text),
  });
}

function stateCell({ container, terminal }: Row): Cell {
  const conditions = conditionWords(container).filter((word) => word !== 'healthy');
  const mark = marks(terminal);
  const beside = terminal.isTTY
    ? [conditions.length > 0 ? mark.condition : '', container.privileged === true ? mark.privileged : '']
    : [...conditions, container.privileged === true ? 'privileged' : ''];
  const text = [container.state, ...beside].filter((word) => word !== '').join(' ');
  return { text, style: lookOf(container.state, terminal).style };
}

function healthOf(container: ContainerSummary): string {
  return conditionWords(container).find((word) => word === 'healthy' || word === 'unhealthy') ?? NOT_APPLICABLE;
}

function orUnknown<T>(value: T | null, format: (value: T) => string): string {
  return value === null ? UNKNOWN : format(value);
}

function isRunning({ state }: ContainerSummary): boolean {
  return state === 'running' || state === 'stopping';
}

function uptime(container: ContainerSummary, now: number): string {
  if (!isRunning(container) || container.started_at === undefined) return NOT_APPLICABLE;
  // A clock that was set back since the start makes it 0, never a negative time.
  const ms = Math.max(0, now - Date.parse(container.started_at));
  return ms < 1000 ? '0s' : formatShortDuration(ms);
}

function quota(usage: Usage | undefined): string {
  return usage?.cpu_quota_percent === undefined ? NOT_APPLICABLE : `${Math.round(usage.cpu_quota_percent)}%`;
}

function memory({ usage }: ContainerSummary): string {
  if (usage === undefined) return NOT_APPLICABLE;
  if (usage.memory_limit !== undefined) return formatShare(usage.memory, usage.memory_limit);
  return orUnknown(usage.memory, formatBytes);
}

function ofLimit(usage: Usage | undefined): string {
  if (usage?.memory_limit === undefined || usage.memory_limit === 0) return NOT_APPLICABLE;
  const limit = usage.memory_limit;
  return orUnknown(usage.memory, (used) => `${Math.round((used / limit) * 100)}%`);
}

function pids({ usage }: ContainerSummary): string {
  return usage === undefined ? NOT_APPLICABLE : orUnknown(usage.pids, String);
}

/** A manifest that was rejected has no history. */
function counter(container: ContainerSummary, value: number): string {
  return container.state === 'rejected' ? NOT_APPLICABLE : String(value);
}

function ending(container: ContainerSummary, now: number): string {
  if (container.state === 'rejected') return count(container.errors?.length ?? 0, 'error');
  return lastExit(container.last_exit, now);
}

function next({ next_start, next_run }: ContainerSummary, now: number): string {
  if (next_start !== undefined) return fromNow(next_start, now);
  return next_run === undefined ? NOT_APPLICABLE : runTime(next_run, now);
}
