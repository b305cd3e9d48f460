/**
 * The name of every place at which a daemon can be made to die, for the tests of live restore: `THUBAN_FAILPOINT=<name>:<n>` kills this
 * process with SIGKILL when it comes to the place for the n-th time. Compiled out of releases.
 */
export const failpoints = [
  'start.planned',
  'start.saved',
  'start.noted',
  'start.level',
  'start.console',
  'start.groups',
  'start.sent',
  'start.started',
  'start.running',
  'stop.saved',
  'stop.signalled',
  'exit.reported',
  'exit.output',
  'exit.saved',
  'exit.released',
  'exit.removed',
  'backoff.saved',
  'backoff.over',
  'restart.stopped',
  'replace.taken',
  'update.noted',
  'update.written',
  'update.recorded',
  'update.saved',
  'succeed.stopped',
  'succeed.added',
  'remove.stopped',
] as const;

export type Failpoint = (typeof failpoints)[number];

const wanted: { name: string; left: number } | undefined =
  process.env['THUBAN_BUILD_RELEASE'] === undefined ? fromEnvironment() : undefined;

function fromEnvironment(): { name: string; left: number } | undefined {
  const [name, count] = (process.env['THUBAN_FAILPOINT'] ?? '').split(':');
  return name === undefined || name === '' ? undefined : { name, left: Number(count ?? 1) };
}

export function failpoint(name: Failpoint): void {
  if (wanted?.name === name && --wanted.left === 0) process.kill(process.pid, 'SIGKILL');
}
