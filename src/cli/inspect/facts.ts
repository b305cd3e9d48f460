import { formatBytes, formatDuration, formatPercent, isAboutText } from '../../base/index.ts';
import { exitSentence, oomSentence, type ContainerDetail, type Exit } from '../../runtime/index.ts';
import { describeEvent } from '../events/describe.ts';
import { jsonLine } from '../json-line.ts';
import { changeText } from '../repository/change-lines.ts';
import type { Terminal } from '../terminal.ts';
import { ago, clockTime, runTime } from '../times.ts';

/** One line of `inspect`: a label, and what there is to say in parts. */
export interface Fact {
  label: string;
  parts: string[];
}

/** `:14`, where a key stands in the manifest, after what it causes. */
function place(container: ContainerDetail, ...keys: string[]): string {
  const line = keys.map((key) => container.lines?.[key]).find((found) => found !== undefined);
  return line === undefined ? '' : ` :${line}`;
}

/** What is set or has happened, in the order in which a person asks; nothing about what is not. */
export function factsOf(container: ContainerDetail, terminal: Terminal, now: number): Fact[] {
  const facts: [label: string, ...parts: (string | undefined)[]][] = [
    ['why', container.message],
    ...container.conditions.map((condition): [string, string] => [
      condition.type,
      `${condition.message}${condition.code === undefined ? '' : ` (${condition.code})`}`,
    ]),
    [
      'rights',
      container.privileged === true
        ? `privileged, root on the board${place(container, 'process.privileged')}`
        : undefined,
    ],
    ['program', container.pid === undefined ? undefined : `pid ${container.pid}`, upSince(container, terminal, now)],
    ['schedule', schedule(container)],
    ['next run', container.next_run === undefined ? undefined : runTime(container.next_run, now)],
    ['last run', container.last_run === undefined ? undefined : runTime(container.last_run, now)],
    ['next start', container.next_start === undefined ? undefined : clockTime(container.next_start, terminal, { now })],
    [
      'last exit',
      container.last_exit === undefined
        ? undefined
        : `${exited(container.last_exit)}, ${ago(container.last_exit.time, now)}`,
    ],
    ['manifest', manifestFile(container, terminal, now)],
    ...(container.errors ?? []).map((error): [string, string] => [
      error.severity,
      `${isAboutText(error) ? `${error.line}:${error.column} ` : ''}${error.code} ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`,
    ]),
    ['package', packageDigest(container)],
    ['command', command(container), user(container)],
    ['mounted by', container.mounted_by?.join(', ')],
    ['restart', restart(container)],
    ['autostart', container.autostart],
    ['counters', counters(container)],
    ['limits', changedLimits(container)],
    ['memory', ...memory(container)],
    ['cpu', ...cpu(container)],
    ...(container.groups ?? []).map((group): [string, string] => [
      'cgroup',
      `v${group.version} ${group.path}${group.version === 1 ? ` (${group.controllers.join(', ')})` : ''}${group.removed === true ? ' (removed)' : ''}`,
    ]),
    ['mounts', mounts(container)],
    ...(container.sockets ?? []).map(({ name, type, path }): [string, string] => [
      'socket',
      `${name} ${type} ${path}${place(container, `sockets.${name}`)}`,
    ]),
    ['console', consoleOf(container)],
    ['custom', customOf(container)],
    ['history', history(container, terminal, now)],
  ];
  return facts
    .map(([label, ...parts]) => ({
      label,
      parts: parts.filter((part) => part !== undefined && part !== '') as string[],
    }))
    .filter(({ parts }) => parts.length > 0);
}

function upSince({ started_at, pid }: ContainerDetail, terminal: Terminal, now: number): string | undefined {
  if (started_at === undefined || pid === undefined) return undefined;
  return `up ${formatDuration(Math.max(0, now - Date.parse(started_at)))}, since ${clockTime(started_at, terminal, { now })}`;
}

function exited(exit: Exit): string {
  const after = `after ${formatDuration(exit.duration * 1000)}`;
  if (exit.reason !== 'oom_killed') return `${exitSentence(exit)}, ${after}`;
  return exit.oom === undefined
    ? `oom_killed, ${after}`
    : `oom_killed, ${oomSentence(exit.oom)}, ${after}, oom_kill +${exit.oom.kills}`;
}

function manifestFile(container: ContainerDetail, terminal: Terminal, now: number): string {
  const read = `read ${clockTime(container.loaded_at, terminal, { now })}`;
  return `${container.file}  (${read}${container.outdated === true ? '; the file has another text by now' : ''})`;
}

/** Of a manifest the file itself is at hand. */
function packageDigest({ file, digest }: ContainerDetail): string | undefined {
  return digest === undefined || !file.endsWith('.tar') ? undefined : `sha256 ${digest}`;
}

function command(container: ContainerDetail): string | undefined {
  const { manifest } = container;
  const words =
    container.command ?? (manifest?.init === undefined ? undefined : [manifest.init, ...(manifest.args ?? [])]);
  // As it could be typed; an argument with a blank stays one argument.
  const quoted = words?.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  if (quoted === undefined && container.resource === true) return 'none: its files are for others to mount';
  return quoted === undefined ? undefined : `${quoted.join(' ')}${place(container, 'init')}`;
}

function user({ manifest }: ContainerDetail): string | undefined {
  return manifest === undefined ? undefined : `uid ${manifest.uid} gid ${manifest.gid}`;
}

function restart(container: ContainerDetail): string | undefined {
  const policy = container.restart;
  if (policy === undefined) return undefined;
  const used = container.restart_history ?? 0;
  const of = policy.max_restarts === 'unlimited' ? `${used} used` : `${used} of ${policy.max_restarts} used`;
  return `${policy.policy}${policy.policy === 'never' ? '' : `, ${of}`}${place(container, 'restart.policy', 'restart')}`;
}

/** The expression, and of the rest what is not as usual. */
function schedule(container: ContainerDetail): string | undefined {
  const set = container.manifest?.schedule;
  if (set === undefined) return undefined;
  const duration = (seconds: number): string => formatDuration(seconds * 1000);
  const parts = [
    `${set.cron} ${set.time_zone}`,
    `overlap ${set.overlap}`,
    set.catch_up === 'once' ? `catch_up within ${duration(set.catch_up_window)}` : '',
    set.jitter > 0 ? `jitter ${duration(set.jitter)}` : '',
    set.max_runtime === 'unlimited' ? '' : `max_runtime ${duration(set.max_runtime)}`,
  ];
  return `${parts.filter((part) => part !== '').join(', ')}${place(container, 'schedule.cron', 'schedule')}`;
}

function counters({ restarts, oom_kills }: ContainerDetail): string | undefined {
  const all = [restarts > 0 ? `restarts ${restarts}` : '', oom_kills > 0 ? `oom_kills ${oom_kills}` : ''];
  return all.filter((text) => text !== '').join('  ');
}

/** Where the kernel has other limits than the manifest says. */
function changedLimits({ limits }: ContainerDetail): string | undefined {
  if (limits === undefined) return undefined;
  return `changed by hand, not those of the manifest: ${limits.changed.map(changeText).join(', ')}`;
}

function memory(container: ContainerDetail): (string | undefined)[] {
  const { memory: measured } = container;
  if (measured === undefined) return [];
  const amount = (label: string, bytes: number | null): string =>
    `${label} ${bytes === null ? '?' : formatBytes(bytes)}`;
  return [
    measured.limit === null
      ? 'no limit'
      : amount('limit', measured.limit) + place(container, 'cgroups.memory.memory_hard_limit', 'cgroups.memory'),
    measured.usage === null ? undefined : amount('use', measured.usage),
    amount('peak', measured.peak),
    memoryEvents(measured.events),
  ];
}

/** What the kernel had to do to keep within the limits; nothing of what did not happen. */
function memoryEvents(events: NonNullable<ContainerDetail['memory']>['events']): string | undefined {
  const { low, high, max, oom_kill } = events ?? {};
  const happened = Object.entries({ low, high, max, oom_kill }).filter(([, count]) => Number(count ?? 0) > 0);
  return happened.length === 0 ? undefined : happened.map(([name, count]) => `${name} ${count ?? ''}`).join(' ');
}

function cpu(container: ContainerDetail): (string | undefined)[] {
  const { cpu: measured, manifest } = container;
  if (measured === undefined) return [];
  const { quota, period = 100_000 } = (container.limits?.cgroups ?? manifest?.cgroups)?.cpu ?? {};
  const { nr_periods: periods, nr_throttled: throttled } = measured;
  return [
    typeof quota === 'number' && quota > 0
      ? `quota ${formatPercent(quota / period)} of one CPU${place(container, 'cgroups.cpu.quota', 'cgroups.cpu')}`
      : 'no quota',
    `used ${formatDuration(measured.usage_us / 1000)}`,
    periods === null || throttled === null || periods === 0
      ? undefined
      : `throttled in ${formatPercent(throttled / periods)} of periods`,
  ];
}

function mounts({ mounts: all }: ContainerDetail): string | undefined {
  return all
    ?.map(
      ({ target, type, source }) =>
        `${target} ${source === undefined ? type : type === 'bind' ? `from ${source}` : `${type} ${source}`}`,
    )
    .join(', ');
}

function consoleOf(container: ContainerDetail): string | undefined {
  const permissions = container.manifest?.console?.permissions;
  if (permissions === undefined) return undefined;
  const may = permissions === 'full' ? 'everything' : permissions.join(', ') || 'nothing';
  return `may ${may}${place(container, 'console.permissions', 'console')}`;
}

function customOf(container: ContainerDetail): string | undefined {
  const custom = container.manifest?.custom;
  return custom === undefined ? undefined : `${jsonLine(custom)}${place(container, 'custom')}`;
}

const SHOWN_HISTORY = 3;

function history({ history: events }: ContainerDetail, terminal: Terminal, now: number): string | undefined {
  const shown = events.slice(0, SHOWN_HISTORY).map((event) => {
    const what = event.type === 'state' && typeof event['state'] === 'string' ? event['state'] : event.type;
    const more = event.type === 'exited' ? ` ${describeEvent(event)}` : '';
    return `${clockTime(event.time, terminal, { now })} ${what}${more}`;
  });
  if (events.length > SHOWN_HISTORY) shown.push(`+${events.length - SHOWN_HISTORY}`);
  return shown.join(terminal.ascii || !terminal.isTTY ? ', ' : ' · ');
}
