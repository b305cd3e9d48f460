import type { DaemonResult } from './measure-daemon.ts';
import type { ManyResult } from './measure-many.ts';
import type { OomResult } from './measure-oom.ts';
import type { StartResult, StartResults } from './measure-start.ts';
import { layOut } from './start-table.ts';
import { ratio } from './statistics.ts';

/** One target. `value` undefined: it was not measured, which is as bad as missing it. */
export interface Target {
  what: string;
  unit: 'times' | 'ms' | 'KiB' | 'failed';
  value: number | undefined;
  /** At most; `least`: at least. */
  most?: number;
  least?: number;
}

export interface Measured {
  start: StartResults | undefined;
  daemon: readonly DaemonResult[];
  oom: OomResult | undefined;
  many: ManyResult | undefined;
}

/** What was promised. Only targets of parts that were asked for are judged. */
export function targetsOf({ start, daemon, oom, many }: Measured): Target[] {
  return [
    ...(start === undefined ? [] : startTargets(start.quiet)),
    ...(daemon.length === 0 ? [] : daemonTargets(daemon)),
    ...(oom === undefined ? [] : oomTargets(oom)),
    ...(many === undefined ? [] : manyTargets(many)),
  ];
}

function startTargets({ rows }: StartResult): Target[] {
  const row = (name: string) => rows.find((each) => each.name.startsWith(name));
  const call = row('thuban daemon, start call');
  const request = rows.find(({ name }) => name === 'thuban daemon');
  const host = row('thuban daemon, host network');
  const ahead = (peer: string): number | undefined => ratio(row(peer)?.first?.p50, request?.first?.p50 ?? 0);
  return [
    { what: 'start call to first instruction / floor', unit: 'times', value: call?.first?.of_floor, most: 2 },
    { what: 'request to first instruction / floor', unit: 'times', value: request?.first?.of_floor, most: 2.6 },
    { what: 'the same in the host network', unit: 'times', value: host?.first?.of_floor, most: 2.6 },
    { what: 'first instruction to all gone / floor', unit: 'times', value: request?.end?.of_floor, most: 3 },
    { what: 'crun / request to first instruction', unit: 'times', value: ahead('crun'), least: 5 },
    { what: 'runc / request to first instruction', unit: 'times', value: ahead('runc'), least: 5 },
    { what: 'bwrap / request to first instruction', unit: 'times', value: ahead('bwrap'), least: 1 },
  ];
}

/** Containers on it. */
const USUAL_BOARD = 10;

function daemonTargets(results: readonly DaemonResult[]): Target[] {
  const most = results.reduce((largest, each) => (each.running > largest.running ? each : largest));
  const usual = results.find(({ running }) => running === USUAL_BOARD);
  return [
    {
      // What it holds of each container, its record for a next daemon, comes on top: the report says how much.
      what: `private memory of the launcher, ${USUAL_BOARD} running`,
      unit: 'KiB',
      value: usual?.launcher.anonymous,
      most: 256,
    },
    {
      what: 'private memory of one init',
      unit: 'KiB',
      value: ratio(most.inits.anonymous, most.running),
      most: 64,
    },
  ];
}

function oomTargets({ told, failures }: OomResult): Target[] {
  return [
    { what: 'out of memory to the event at a client', unit: 'ms', value: told?.p50, most: 3 },
    { what: 'kills not told before the exit', unit: 'failed', value: failures.length, most: 0 },
  ];
}

function manyTargets({ in_turn, at_once, descriptors, left }: ManyResult): Target[] {
  return [
    { what: `of ${in_turn.starts} starts in turn`, unit: 'failed', value: in_turn.failed, most: 0 },
    { what: `of ${at_once.starts} starts at once`, unit: 'failed', value: at_once.failed, most: 0 },
    {
      what: 'descriptors and processes left',
      unit: 'failed',
      value: Math.max(0, descriptors.after - descriptors.before) + left,
      most: 0,
    },
  ];
}

export function isMet({ value, most = Infinity, least = -Infinity }: Target): boolean {
  return value !== undefined && value <= most && value >= least;
}

export function targetReport(targets: readonly Target[]): string[] {
  return layOut([
    ['target', 'measured', 'wanted', ''],
    ...targets.map((target) => {
      const { what, unit, value, most, least } = target;
      const bound = most === undefined ? `>= ${least ?? ''}` : `<= ${most}`;
      const measured = value === undefined ? 'not measured' : value.toFixed(unit === 'failed' ? 0 : 2);
      return [what, measured, `${bound} ${unit}`, isMet(target) ? 'met' : 'MISSED'];
    }),
  ]);
}
