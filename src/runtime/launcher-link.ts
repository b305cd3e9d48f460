import { readFileSync } from 'node:fs';
import { ThubanError, hasErrno, systemClock, version } from '../base/index.ts';
import { LauncherClient, startLauncher } from '../launcher/index.ts';
import { nativeBinary } from './binaries.ts';
import { ownIds } from './rootless.ts';
import { makeLauncherFolder, type RunDir } from './run-dir.ts';

export interface LinkOptions {
  runDir: RunDir;
  /** Seconds that containers outlive the daemon. */
  lease: number;
  withoutMountSetattr?: boolean;
}

/** A launcher that is tearing down takes at most this long until it is gone. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 50;

/** Connects to the launcher that an earlier daemon left, or starts one. TH7004 when another daemon has it. */
export async function connectOrStart(options: LinkOptions): Promise<{ launcher: LauncherClient; isNew: boolean }> {
  const deadline = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt(options);
    } catch (error) {
      if (!isPassing(error) || systemClock.monotonic() > deadline) throw withWho(error, options.runDir.path);
      await systemClock.sleep(PAUSE_MS);
    }
  }
}

async function attempt(options: LinkOptions): Promise<{ launcher: LauncherClient; isNew: boolean }> {
  const { runDir, lease, withoutMountSetattr = false } = options;
  try {
    return { launcher: await LauncherClient.connect(runDir.launcher, version), isNew: false };
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ECONNREFUSED')) throw error;
  }
  makeLauncherFolder(runDir);
  const launcher = await startLauncher({
    launcher: nativeBinary('thuban-launcher'),
    init: nativeBinary('thuban-init'),
    runDir: runDir.launcher,
    lease,
    ids: ownIds(),
    build: version,
    withoutMountSetattr,
  });
  return { launcher, isNew: true };
}

/** The end of a launcher is under way, or another daemon starts one at the same moment: a moment later it is clear who is who. */
function isPassing(error: unknown): boolean {
  if (hasErrno(error, 'ECONNRESET', 'EPIPE')) return true;
  if (!(error instanceof ThubanError)) return false;
  return error.details['passing'] === true;
}

function withWho(error: unknown, runDir: string): unknown {
  if (!(error instanceof ThubanError) || error.code !== 'TH7004') return error;
  const pid = Number(error.details['pid']);
  const since = startOf(pid);
  const when = since === undefined ? '' : `, since ${since.toLocaleTimeString('en-GB')}`;
  return new ThubanError('TH7004', `a Thuban daemon already runs on ${runDir} (pid ${pid}${when})`, {
    hint: 'talk to it with `thuban ps`, or pass another --run-dir',
    details: { pid, run_dir: runDir, ...(since === undefined ? {} : { since: since.toISOString() }) },
    cause: error,
  });
}

/** proc(5): field 22 of stat in ticks since boot, of which there are 100 a second for every user program; btime of /proc/stat. */
function startOf(pid: number): Date | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const boot = Number(/^btime (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    const date = new Date((boot + ticks / 100) * 1000);
    return Number.isNaN(date.getTime()) ? undefined : date;
  } catch {
    return undefined; // it has ended meanwhile
  }
}
