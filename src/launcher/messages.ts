import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { ThubanError } from '../base/index.ts';
import { encodeSteps, type Step } from './steps.ts';
import { Frame, Monitored, Reader, Refused, Writer, type ReceivedFrame } from './wire.ts';

export type OutputMode = 'discard' | 'pipe' | 'inherit';
const OUTPUT: Record<OutputMode, number> = { discard: 0, pipe: 1, inherit: 2 };

export interface SpawnRequest {
  id: bigint;
  steps: readonly Step[];
  stdout: OutputMode;
  stderr: OutputMode;
  /** Owner of the output pipes: the program's own ids, so that it may open /dev/stdout again. */
  uid: number;
  gid: number;
  /** What the program joins: the folder of a v2 group, `tasks` files of v1 groups, or both on a hybrid board. */
  joins: { unified?: string; tasks: string[] };
  /** A v1 memory group whose OOM events are to be reported. */
  oomGroup?: string;
  /** Folders of groups, removed by the launcher when the lease ends. */
  groups: string[];
  /** Kept by the launcher and given back by LIST. At most 64 KiB. */
  blob: Buffer;
  onOom: () => void;
  onExit: (exit: ProgramExit) => void;
  onLingers?: (exit: ProgramExit) => void;
  onPressure?: (report: PressureReport) => void;
  /** Before it has started: the write end of its standard input, where the step `enter` asked for one. */
  onInput?: (pipe: PipeEnd) => void;
}

/** A pipe of the launcher: descriptor number and inode, because numbers are reused. */
export interface PipeEnd {
  fd: number;
  inode: bigint;
}

export interface Started {
  init: number;
  /** The program's pid, as seen from here. */
  program: number;
  /** Clock ticks since boot (proc(5), field 22). */
  startTime: bigint;
  /** Nanoseconds since 1970. */
  time: bigint;
  /** Nanoseconds on CLOCK_MONOTONIC, which is also that of `process.hrtime`. */
  mono: bigint;
  stdout: PipeEnd | undefined;
  stderr: PipeEnd | undefined;
}

export interface ProgramExit {
  /** Raw wait status (waitpid(2)); null when the launcher itself ended, which kills its containers without a report. */
  status: number | null;
  /** False: the init was killed before it could say how the program ended, and `status` is the init's own. */
  fromProgram: boolean;
  /** Nanoseconds since 1970. */
  time: bigint;
  /** Nanoseconds on CLOCK_MONOTONIC. */
  mono: bigint;
}

/** `some` and `full` are PSI triggers of cgroup v2, `level` is a level of v1. */
export type MonitorKind = 'some' | 'full' | 'level';
const MONITORED: Record<MonitorKind, number> = { some: Monitored.SOME, full: Monitored.FULL, level: Monitored.LEVEL };

/** `count`: how often the kernel has told it since the report before. */
export interface PressureReport {
  kind: MonitorKind;
  count: number;
}

/** A container as the launcher holds it, until it is released. */
export interface ListedContainer extends Started {
  id: bigint;
  state: 'starting' | 'running' | 'ended';
  /** How it ended: the program's exit, or the step that its start failed at. Absent while it has not. */
  end?: ProgramExit | StepFailure;
  /** How its program ended, while its init has not. */
  lingers?: ProgramExit;
  blob: Buffer;
}

/** The step of a start that failed. Everything of the attempt is gone when this is thrown. */
export class StepFailure extends Error {
  readonly step: number;
  readonly op: number;
  readonly errno: string;

  constructor(step: number, op: number, errno: number) {
    super(`step ${step} failed: ${errnoName(errno)}`);
    this.step = step;
    this.op = op;
    this.errno = errnoName(errno);
  }
}

/** libuv does not know all of the kernel's errors (ENOEXEC); where a number has two names, it knows the usual one. */
export function errnoName(errno: number): string {
  if (errno === 0) return 'OK';
  const name = getSystemErrorName(-errno);
  if (name.startsWith('E')) return name;
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
}

export function readStarted(r: Reader): Started {
  const [init, program, startTime, time, mono] = [r.u32(), r.u32(), r.u64(), r.u64(), r.u64()];
  return { init, program, startTime, time, mono, stdout: readPipe(r), stderr: readPipe(r) };
}

export function readExit(r: Reader): ProgramExit {
  return { status: r.i32(), fromProgram: r.u32() === 0, time: r.u64(), mono: r.u64() };
}

export function readFailure(r: Reader): StepFailure {
  return new StepFailure(r.i32(), r.u32(), r.i32());
}

export function readPressure(r: Reader): PressureReport {
  const number = r.u32();
  const kind = (Object.keys(MONITORED) as MonitorKind[]).find((name) => MONITORED[name] === number);
  if (kind === undefined) throw new RangeError(`unknown monitor ${number}`);
  return { kind, count: r.u32() };
}

/** The payload of MONITOR; monitor.c describes it. Without a file the monitor that was made before is armed again. */
export function monitorPayload(id: bigint, kind: MonitorKind, file = '', text = ''): Writer {
  return new Writer().u64(id).u32(MONITORED[kind]).string(file).string(text);
}

export function readListed(r: Reader): ListedContainer {
  const id = r.u64();
  const started = readStarted(r);
  const state = (['starting', 'running', 'ended'] as const)[r.u32()] ?? 'ended';
  const failed = r.u32() !== 0;
  const exit = readExit(r);
  const failure = readFailure(r);
  const end = state !== 'ended' ? {} : { end: failed ? failure : exit };
  const lingers = state === 'running' && exit.fromProgram && exit.mono > 0n ? { lingers: exit } : {};
  return { id, ...started, state, ...end, ...lingers, blob: Buffer.from(r.block(r.u32())) };
}

export function readPipe(r: Reader): PipeEnd | undefined {
  const fd = r.i32();
  const inode = r.u64();
  return fd < 0 ? undefined : { fd, inode };
}

/** Why the launcher did not accept us as its controller. */
export function refusal(received: ReceivedFrame | undefined, runDir: string): ThubanError {
  if (received?.type !== Frame.REFUSED)
    return new ThubanError('TH3011', 'the launcher answered with an unknown greeting');
  const r = new Reader(received.payload);
  const [reason, pid] = [r.u32(), r.u32()];
  if (reason === Refused.BUSY)
    return new ThubanError('TH7004', `another process (pid ${pid}) controls the launcher in ${runDir}`, {
      hint: 'pass another --run-dir',
      details: { pid },
    });
  if (reason === Refused.PROTOCOL)
    return new ThubanError('TH3011', `the launcher (pid ${pid}) speaks another protocol version than this build`);
  return new ThubanError('TH3011', 'the launcher belongs to another user');
}

/** The payload of SPAWN; spawn.c describes it. */
export function spawnPayload(request: SpawnRequest, staging: string): Buffer {
  return new Writer()
    .u64(request.id)
    .u32(OUTPUT[request.stdout])
    .u32(OUTPUT[request.stderr])
    .u32(request.uid)
    .u32(request.gid)
    .u32(request.steps.length)
    .block(encodeSteps(request.steps, staging))
    .string(request.joins.unified ?? '')
    .strings(request.joins.tasks)
    .string(request.oomGroup ?? '')
    .strings(request.groups)
    .block(request.blob)
    .done();
}

/** A launcher goes on for as long as its containers live, also when Thuban was replaced by a newer one meanwhile. */
export function needProtocol(
  launcher: { protocol: number; build: string; pid: number },
  version: number,
  what: string,
): void {
  if (launcher.protocol >= version) return;
  throw new ThubanError(
    'TH3011',
    `the launcher of ${launcher.build} (pid ${launcher.pid}), which still runs, is too old to ${what}`,
    {
      hint: '`thuban shutdown` ends it with all containers; the next start of the daemon brings the new one',
      details: { protocol: launcher.protocol, needed: version },
    },
  );
}
