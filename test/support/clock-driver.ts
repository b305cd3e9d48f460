// Runs schedules on a wall clock that really steps: libfaketime adds to it what stands in a file, and this program writes the file. It
// prints one JSON object. Started by test/unit/runtime/schedule/clock-steps.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/index.ts';
import type { RuntimeEvent } from '../../src/runtime/index.ts';
import { cronAlarm } from '../../src/runtime/schedule/alarm.ts';
import { LastRuns, Scheduler } from '../../src/runtime/schedule/index.ts';

export interface Scenario {
  schedules: { cron: string; time_zone?: string }[];
  gate: 'auto' | 'off';
  /** The clock is set to `at` (RFC 3339) and then left alone for `seconds`. */
  clock: { at: string; seconds: number }[];
  /** No scheduler: only an alarm that is due in two to three seconds, and is cleared by the look before it or not. */
  alarmOnly?: 'until looked' | 'whatever was seen';
}

export interface Report {
  /** `0 run 2027-...Z`, by number of the schedule. */
  told: string[];
  waited: boolean;
  longest: { wall_ms: number; cpu_ms: number };
  rss_growth: number;
}

const { env } = process;
const offsetFile = env['FAKETIME_TIMESTAMP_FILE'] ?? '';
const scenario = JSON.parse(env['SCENARIO'] ?? '') as Scenario;
let offset = 0;

function setClock(at: string): void {
  offset = Date.parse(at) - (Date.now() - offset);
  writeFileSync(offsetFile, `${offset < 0 ? '' : '+'}${(offset / 1000).toFixed(3)}\n`);
  if (Math.abs(Date.now() - Date.parse(at)) > 500) throw new Error(`the clock did not follow to ${at}`);
}

const [first, ...later] = scenario.clock;
if (first === undefined) throw new Error('no time to begin with');
setClock(first.at);
const folder = mkdtempSync(join(tmpdir(), 'clock-driver-'));
const told: string[] = [];
const builtAt = Date.parse('2026-11-01');
const scheduler = new Scheduler({
  gate: { mode: scenario.gate, timeout: 300, builtAt },
  lastRuns: new LastRuns({
    folder,
    passing: join(folder, 'run'),
    builtAt,
    onProblem: (error) => told.push(error.message),
  }),
  log: () => undefined,
  onEvent: (event: RuntimeEvent) => {
    if (event.type === 'scheduled') told.push(`${event.container} run ${event.due}`);
    if (event.type === 'skipped') told.push(`${event.container} ${event.reason} ${event.count}`);
  },
});
const alarm = cronAlarm({
  ring: () => told.push('rung'),
  look: () => {
    told.push('looked');
    if (scenario.alarmOnly === 'until looked') alarm.clear();
  },
  log: () => undefined,
});
if (scenario.alarmOnly !== undefined) alarm.set(Math.ceil(Date.now() / 1000) * 1000 + 2000); // a whole second, as all instants
const scheduled = scenario.schedules.map(({ cron, time_zone = 'UTC' }, at) =>
  scheduler.add(
    String(at),
    { cron, time_zone, overlap: 'forbid', catch_up: 'none', catch_up_window: 0, jitter: 0, max_runtime: 'unlimited' },
    { isBusy: () => false, start: () => undefined, stop: () => Promise.resolve(), startBeside: () => false },
  ),
);
await systemClock.sleep(first.seconds * 1000);
const waited = scheduled.some(({ waiting }) => waiting !== undefined);

// How long the loop was kept from its timers, by the wall, and by what this process itself did meanwhile: other programs count only there.
const longest = { wall_ms: 0, cpu_ms: 0 };
let [before, used] = [performance.now(), process.cpuUsage()];
const rss = process.memoryUsage().rss;
const sampler = setInterval(() => {
  const { user, system } = process.cpuUsage(used);
  longest.wall_ms = Math.max(longest.wall_ms, Math.round(performance.now() - before));
  longest.cpu_ms = Math.max(longest.cpu_ms, Math.round((user + system) / 1000));
  [before, used] = [performance.now(), process.cpuUsage()];
}, 5);
for (const { at, seconds } of later) {
  setClock(at);
  told.push(`clock ${at}`);
  await systemClock.sleep(seconds * 1000);
}
clearInterval(sampler);
scheduler.dispose();
alarm.clear();
rmSync(folder, { recursive: true });
const report: Report = { told, waited, longest, rss_growth: process.memoryUsage().rss - rss };
process.stdout.write(JSON.stringify(report));
