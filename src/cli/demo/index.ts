import { existsSync, readdirSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { ThubanError, count, formatBytes, formatDuration, version } from '../../base/index.ts';
import { readManifestFile, type LoadedManifest } from '../../manifest/index.ts';
import { Session, gatherFacts, type Supervised } from '../../runtime/index.ts';
import type { Context } from '../context.ts';
import { ownCall } from '../own-call.ts';
import { findLeaks, leakCount } from './leaks.ts';
import { Screen } from './screen.ts';
import { statusTable } from './status-table.ts';
import { Tour } from './tour.ts';

/** The examples: beside the bundle's folder, or beside src/. */
function examplesDirectory(): string {
  const candidates = ['../examples/manifests', '../../../examples/manifests'].map((path) =>
    join(import.meta.dirname, path),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined)
    throw new ThubanError('TH1008', `the examples are missing (looked in ${candidates[0] ?? ''})`);
  return found;
}

function loadRepository(directory: string): { accepted: Map<string, LoadedManifest>; rejected: string[] } {
  const accepted = new Map<string, LoadedManifest>();
  const rejected: string[] = [];
  for (const file of readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .sort()) {
    const result = readManifestFile(join(directory, file));
    if (result.ok) accepted.set(file, result.manifest);
    else rejected.push(file);
  }
  return { accepted, rejected };
}

/** The tour: four containers on real processes. Everything it claims is checked; it leaves nothing behind and proves it. */
export async function demo(context: Context): Promise<number> {
  const call = ownCall();
  if (process.getuid?.() !== 0)
    throw new ThubanError('TH7001', 'the demo needs root, because it creates cgroups and namespaces', {
      hint: `sudo ${call.demo}      without root: ${call.thuban} run ${call.examples}/01-hello.yaml`,
    });
  const began = performance.now();
  const screen = new Screen(context);
  const examples = examplesDirectory();
  const { accepted, rejected } = loadRepository(examples);
  const facts = gatherFacts();
  const interrupt = new AbortController();
  let guests: readonly Supervised[] = [];
  const onSignal = (): void => {
    interrupt.abort(new Error('interrupted'));
    for (const guest of guests) void guest.stop('on Ctrl-C');
  };
  // From before there is anything to clean up.
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const session = await Session.open({ prefix: 'thuban-demo-' });
  screen.line(`Thuban ${version} demo: four containers on real processes, about 10 s`);
  screen.line(
    `  kernel ${release()} ${facts.arch}, cgroups ${facts.cgroups.layout}, ${cpus().length} CPUs, ${formatBytes(totalmem())} RAM, Node ${process.version.slice(1)}`,
  );
  screen.line(
    `  ready in ${formatDuration(performance.now() - began)}: pid ${process.pid}, ${formatBytes(process.memoryUsage.rss())}, launcher pid ${session.launcherPid}, run directory ${session.runDir}`,
  );
  screen.line(`  repository examples/manifests: ${accepted.size} manifests accepted, ${rejected.length} rejected`);
  const tour = new Tour(session, screen, interrupt.signal);
  guests = tour.guests;
  try {
    const shown = await showAll(tour, screen, accepted, interrupt.signal);
    await shutDown(tour, session, screen);
    const leaks = findLeaks(tour.groups, session.runDir);
    const left = leakCount(leaks);
    const { cgroups, mounts, processes, sockets } = leaks;
    if (left > 0) screen.check(false, 'nothing is left', 'nothing', JSON.stringify(leaks));
    const passed = shown === 4 && screen.failures === 0 && !interrupt.signal.aborted;
    const seconds = Math.round(performance.now() - began) / 1000;
    if (context.json) process.stdout.write(`${JSON.stringify({ passed, seconds, checks: screen.checks, leaks })}\n`);
    const verdict = passed ? 'passed' : interrupt.signal.aborted ? 'interrupted' : `${shown} of 4 shown`;
    screen.last(
      `clean: ${cgroups.length} cgroups, ${mounts.length} mounts, ${processes.length} processes, ${sockets.length} sockets left; ` +
        `${verdict} in ${formatDuration(seconds * 1000)}`,
    );
    return passed ? 0 : interrupt.signal.aborted ? 130 : 1;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** How many of the four steps were shown and right. */
async function showAll(
  tour: Tour,
  screen: Screen,
  repository: Map<string, LoadedManifest>,
  stop: AbortSignal,
): Promise<number> {
  const steps = [
    { title: 'hello runs, sees only its own world', file: '01-hello.yaml', show: tour.hello.bind(tour) },
    {
      title: 'cpu-quota wants all CPUs, its manifest grants 20 % of one',
      file: '02-cpu-quota.yaml',
      show: tour.quota.bind(tour),
    },
    { title: 'oom eats memory until its 32 MiB limit stops it', file: '03-oom.yaml', show: tour.oom.bind(tour) },
    { title: 'crash ends with code 42 and is not restarted', file: '04-crash.yaml', show: tour.crash.bind(tour) },
  ];
  let shown = 0;
  for (const [index, { title, file, show }] of steps.entries()) {
    if (stop.aborted) break;
    screen.step(index + 1, title, file);
    const loaded = repository.get(file);
    const before = screen.failures;
    try {
      if (loaded === undefined)
        screen.check(false, 'manifest accepted', file, 'rejected or missing (thuban validate examples/manifests)');
      else await show(loaded);
    } catch (error) {
      if (!stop.aborted) throw error;
      break;
    }
    if (screen.failures === before) shown++;
  }
  return shown;
}

async function shutDown(tour: Tour, session: Session, screen: Screen): Promise<void> {
  screen.line();
  for (const line of statusTable(tour.guests)) screen.line(`  ${line}`);
  tour.silence();
  const began = performance.now();
  const running = tour.guests.filter((guest) => guest.state === 'running' || guest.state === 'backoff');
  await Promise.all(tour.guests.map((guest) => guest.stop('for shutdown')));
  await session[Symbol.asyncDispose]();
  screen.line();
  const signals = [...new Set(running.map((guest) => guest.loaded.manifest.stop?.signal ?? 'SIGTERM'))].join(', ');
  const stopped =
    running.length === 0 ? 'nothing was running' : `${count(running.length, 'container')} stopped with ${signals}`;
  screen.line(`shutdown in ${formatDuration(performance.now() - began)}: ${stopped}, launcher ended`);
  const { thuban, examples } = ownCall();
  screen.line(`next: sudo ${thuban} run ${examples}/05-restart.yaml   docs/guide/`);
}
