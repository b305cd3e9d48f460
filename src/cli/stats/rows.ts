import { formatBytes, formatPercent, formatRate } from '../../base/index.ts';
import type { ContainerStats } from '../../runtime/index.ts';
import { table, type Column } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { pad, wrapWords } from '../text-width.ts';
import { quotaOf, type Rates } from './rates.ts';

/** One container as it was at a sample, and what happened since the one before. */
export interface Row {
  stats: ContainerStats;
  rates: Rates | undefined;
}

interface StatsColumn extends Column {
  /** Cells that most values fit into, so that columns stand still when rows are printed again and again. */
  usual: number;
  cell: (row: Row) => string;
}

const UNKNOWN = '?';
const NOT_APPLICABLE = '-';

/** On a terminal one blank parts the columns: numbers stand to the right, and all of it fits into 80 cells. */
const columns: readonly StatsColumn[] = [
  { title: 'CPU', usual: 4, cell: ({ rates }) => percent(rates?.cpu_percent) },
  { title: 'QUOTA', usual: 5, priority: 4, cell: ({ stats }) => quota(stats) },
  { title: 'THROTTLED', usual: 9, priority: 3, cell: throttled },
  { title: 'WSET', usual: 7, cell: ({ stats }) => bytes(stats.memory?.working_set) },
  { title: 'USE', usual: 7, priority: 1, cell: ({ stats }) => bytes(stats.memory?.usage) },
  { title: 'LIMIT', usual: 7, cell: ({ stats }) => limit(stats.memory) },
  { title: 'PIDS', usual: 4, priority: 5, cell: ({ stats }) => orUnknown(stats.pids?.current, String) },
  { title: 'READ', usual: 7, priority: 6, cell: ({ rates }) => orUnknown(rates?.read_bytes_per_second, formatRate) },
  { title: 'WRITE', usual: 7, priority: 7, cell: ({ rates }) => orUnknown(rates?.write_bytes_per_second, formatRate) },
  { title: 'PSI', usual: 4, priority: 2, cell: ({ stats }) => pressure(stats) },
];

export interface TableOptions {
  wide: boolean;
  /** Columns stand where they stood before. */
  steady?: boolean;
  /** A column in front of all others, for rows that are printed again and again. */
  time?: string;
}

/** The table of `stats`, header first. On a terminal it fits; elsewhere nothing is shortened. */
export function statsTable(rows: readonly Row[], terminal: Terminal, { wide, steady, time }: TableOptions): string[] {
  const fits = terminal.isTTY && !wide;
  const names = labels(rows.map(({ stats }) => stats));
  const front: Column[] = [...(time === undefined ? [] : [{ title: 'TIME' }]), { title: 'NAME', shortensTo: 8 }];
  const shown = columns.map(({ usual: _usual, cell: _cell, ...column }): Column => ({
    ...column,
    align: 'right',
    ...(fits ? { tight: true } : {}),
  }));
  const cells = rows.map((row, at) => [
    ...(time === undefined ? [] : [time]),
    steady === true ? pad(names[at] ?? '', 16) : (names[at] ?? ''),
    ...columns.map(({ cell, usual }) => (steady === true ? pad(cell(row), usual, 'left') : cell(row))),
  ]);
  return table([...front, ...shown], cells, {
    ...(fits ? { width: terminal.columns } : {}),
    ascii: terminal.ascii,
    style: (style, text) => terminal.style(style, text),
  });
}

/** The base of every percentage, and why something is missing. */
export function legend(rows: readonly Row[], columnsWide: number): string[] {
  const all = rows.map(({ stats }) => stats);
  const psi = all.some((stats) => stats.psi !== null);
  const why = all.some(({ cgroups }) => cgroups === 'v2')
    ? 'off on this kernel (boot with psi=1)'
    : 'not on cgroups v1';
  const sentences = [
    'CPU, QUOTA: percent of one CPU',
    'THROTTLED: part of periods',
    'WSET: use without inactive page cache',
    `PSI: ${psi || all.length === 0 ? 'memory, some, percent of the last 10 s' : why}`,
    ...(all.some(({ io }) => io === null) ? ['READ, WRITE: `?` without an I/O group (v1: set a blkio limit)'] : []),
  ];
  return wrapWords(sentences.join('; '), columnsWide - 2).map((line) => `  ${line}`);
}

/** The name alone where it says enough. */
function labels(all: readonly ContainerStats[]): string[] {
  const times = new Map<string, number>();
  for (const { name } of all) times.set(name, (times.get(name) ?? 0) + 1);
  return all.map(({ id, name }) => (times.get(name) === 1 ? name : id));
}

function orUnknown<T>(value: T | null | undefined, format: (value: T) => string): string {
  return value === null || value === undefined ? UNKNOWN : format(value);
}

function percent(value: number | null | undefined): string {
  return orUnknown(value, (known) => formatPercent(known / 100));
}

function bytes(value: number | string | null | undefined): string {
  return orUnknown(value, (known) => formatBytes(Number(known)));
}

function quota({ cpu }: ContainerStats): string {
  const value = quotaOf(cpu);
  if (value !== undefined) return `${Math.round(value)}%`;
  return hasNoQuota(cpu) ? NOT_APPLICABLE : UNKNOWN;
}

/** On v1 a container without one has no group of the cpu controller. */
function hasNoQuota(cpu: ContainerStats['cpu']): boolean {
  return cpu !== null && (cpu.unlimited === true || (cpu.shares === null && cpu.weight === null));
}

function throttled({ stats, rates }: Row): string {
  if (hasNoQuota(stats.cpu)) return NOT_APPLICABLE;
  return percent(rates?.throttled_percent);
}

function limit(memory: ContainerStats['memory']): string {
  return memory?.unlimited === true ? NOT_APPLICABLE : bytes(memory?.limit);
}

/** Memory, some, over 10 s. */
function pressure({ psi }: ContainerStats): string {
  if (psi === null) return NOT_APPLICABLE;
  return orUnknown(psi.memory?.some?.avg10, (value) => value.toFixed(1));
}
