import { formatBytes, formatPercent } from '../src/base/index.ts';
import type { DaemonResult } from './measure-daemon.ts';
import type { GroupResults } from './measure-groups.ts';
import type { ManifestResults } from './measure-manifest.ts';
import type { StartResult, StartResults } from './measure-start.ts';
import type { ManyResult } from './measure-many.ts';
import type { OomResult } from './measure-oom.ts';
import type { Memory } from './memory.ts';
import { layOut, number, startTable } from './start-table.ts';
import type { WayRow } from './take-turns.ts';

/** Above this share of all processors the figures say more about the others than about us. */
const NOISY = 0.1;

export function startReport({ quiet, loop, missing, unable }: StartResults): string[] {
  return [
    'One program that ends at once, in the same container. first: from the request to its first instruction;',
    'end: from there, which is also its last, until it is reaped and its groups are removed; gone: from the request',
    'until then. /floor, /peer: times the median of the floor in the same network, and of the fastest peer with groups.',
    ...missing.map((name) => `not installed: ${name}`),
    ...unable.map(({ name, reason }) => `does not work here: ${name}: ${reason}`),
    '',
    `quiet, ${quiet.pace.pause} ms before each start${noise(quiet)}`,
    ...startTable(quiet.rows),
    ...quiet.failures,
    '',
    `in loops, ${loop.pace.burst} starts without a pause, the first not counted${noise(loop)}`,
    ...startTable(loop.rows),
    ...loop.failures,
  ];
}

function noise({ foreign }: StartResult): string {
  const busy = foreign > NOISY ? ': too busy to judge' : '';
  return `; others used ${formatPercent(foreign)} of all processors${busy}`;
}

export function manifestReport({ one, folder, manifests, lines }: ManifestResults): string[] {
  return [
    `Reading a manifest of ${lines} lines in a process that is warm, and ${manifests} of them in a process of its own, ms.`,
    'The floor is the YAML library alone: it checks nothing, and knows no places for messages.',
    '',
    ...wayTable('one manifest', one),
    '',
    ...wayTable(`a folder of ${manifests}`, folder),
  ];
}

function wayTable(title: string, rows: readonly WayRow[]): string[] {
  return layOut([
    [title, 'n', 'p50', 'p95', '/floor'],
    ...rows.map(({ name, count, p50, p95, of_floor: times }) => [
      name,
      String(count ?? 0),
      number(p50),
      number(p95),
      times === undefined ? '-' : `x${times.toFixed(2)}`,
    ]),
  ]);
}

export function groupReport({ cycle, limits, stats, running }: GroupResults): string[] {
  return [
    'The groups of one container: made, limited and removed; and what the kernel counts for many, read. ms.',
    'The floor is a C program that makes the same calls on the same files, and nothing else. Thuban reads back what it',
    'wrote, which the floor does not.',
    '',
    ...wayTable(`${limits} limits`, cycle),
    '',
    ...wayTable(`of ${running} containers`, stats),
  ];
}

/** How soon a kill for want of memory is told. */
export function oomReport({ told, exited, failures }: OomResult): string[] {
  return [
    'From the touch of the page that was one too many until a client of the console hears of it, ms.',
    '',
    ...layOut([
      ['event', 'n', 'p50', 'p95'],
      ['oom', String(told?.count ?? 0), number(told?.p50), number(told?.p95)],
      ['exited', String(exited?.count ?? 0), number(exited?.p50), number(exited?.p95)],
    ]),
    ...failures,
  ];
}

export function manyReport({ in_turn: turn, at_once: once, descriptors, left }: ManyResult): string[] {
  const each = (turn.seconds * 1000) / turn.starts;
  return [
    `${turn.starts} starts in turn: ${number(turn.seconds)} s, ${number(each)} ms each until gone, ${turn.failed} failed`,
    `${once.starts} starts at once: all run after ${number(once.running_ms)} ms, ${once.failed} failed; all stopped and gone ${number(once.gone_ms)} ms later`,
    `descriptors of daemon and launcher: ${descriptors.before} before, ${descriptors.after} after; processes left: ${left}`,
  ];
}

const HEADER = ['running', 'listening', 'adopting', 'start all', 'RSS', 'anonymous', 'after use', 'launcher', 'init'];

export function daemonReport(results: readonly DaemonResult[]): string[] {
  return [
    'The daemon with containers that stay. listening, adopting: ms from before its fork to its first answer, with none',
    'of them running, and with all of them running since an earlier daemon (medians); start all: ms, one after the',
    'other. RSS and anonymous memory of the daemon, its RSS after the starts below; private memory of the launcher, and',
    'of one init.',
    '',
    ...layOut([HEADER, ...results.map((result) => cells(result))]),
    ...growth(results),
    ...results.flatMap(({ running, start }) => [
      '',
      `quiet starts beside ${running} running${noise(start)}`,
      ...startTable(start.rows),
      ...start.failures,
    ]),
  ];
}

function cells(result: DaemonResult): string[] {
  const { running, listening, adopting, start_all, daemon, daemon_after_use, launcher, inits } = result;
  return [
    String(running),
    number(listening?.p50),
    number(adopting?.p50),
    number(start_all),
    size(daemon, 'rss'),
    size(daemon, 'anonymous'),
    size(daemon_after_use, 'rss'),
    size(launcher, 'anonymous'),
    running === 0 ? '-' : formatBytes((inits.anonymous * 1024) / running),
  ];
}

/** What a container costs the daemon. */
function growth(results: readonly DaemonResult[]): string[] {
  const [first, last] = [results[0], results.at(-1)];
  if (first === undefined || last === undefined || last.running === first.running) return [];
  const each = (who: 'daemon' | 'launcher'): string => {
    const grown = (last[who].anonymous - first[who].anonymous) * 1024;
    return formatBytes(Math.max(0, grown) / (last.running - first.running));
  };
  return [
    '',
    `for each container that runs the daemon grows by ${each('daemon')}, with garbage that it did not need to collect yet,`,
    `and the launcher by ${each('launcher')}`,
  ];
}

function size(memory: Memory, field: keyof Memory): string {
  return formatBytes(memory[field] * 1024);
}
