import { createConnection, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { ThubanError } from '../base/index.ts';
import { encodeSteps, type Step } from './steps.ts';
import { Frame, FrameSplitter, PROTOCOL, Reader, Refused, Writer, frame, type ReceivedFrame } from './wire.ts';

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
  /** What the program joins: `tasks` files of v1 groups, or the one folder of a v2 group. */
  joins: { version: 1 | 2; paths: string[] };
  /** A v1 memory group whose OOM events are to be reported. */
  oomGroup?: string;
  /** Folders of groups, removed by the launcher when the lease ends. */
  groups: string[];
  /** Kept by the launcher and given back by LIST. At most 64 KiB. */
  blob: Buffer;
  onOom: () => void;
  onExit: (exit: ProgramExit) => void;
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
}

export interface ListedContainer extends Started {
  id: bigint;
  state: 'starting' | 'running' | 'ended';
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
function errnoName(errno: number): string {
  if (errno === 0) return 'OK';
  const name = getSystemErrorName(-errno);
  if (name.startsWith('E')) return name;
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
}

interface Watched {
  onOom: () => void;
  onExit: (exit: ProgramExit) => void;
  started: { resolve: (started: Started) => void; reject: (error: Error) => void };
}

/** A connection to the launcher. One at a time: a second one is refused while this one lives. */
export class LauncherClient {
  readonly pid: number;
  readonly build: string;
  readonly bootId: string;
  readonly #socket: Socket;
  readonly #containers = new Map<bigint, Watched>();
  readonly #answers = new Map<bigint, (errno: number) => void>();
  #listing: { found: ListedContainer[]; resolve: (found: ListedContainer[]) => void } | undefined;
  #nextToken = 1n;
  readonly #closed: Promise<void>;
  #lost: ThubanError | undefined;

  private constructor(socket: Socket, hello: Reader, splitter: FrameSplitter, early: ReceivedFrame[]) {
    hello.u32();
    hello.u32();
    this.build = hello.string();
    this.pid = hello.u32();
    this.bootId = hello.string();
    this.#socket = socket;
    this.#closed = new Promise((resolve) =>
      socket.once('close', () => {
        resolve();
      }),
    );
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#receive(splitter.push(chunk));
      } catch (error) {
        this.#fail(new ThubanError('TH3011', 'the launcher broke the protocol', { cause: error }));
      }
    });
    socket.on('error', (error) => {
      this.#fail(new ThubanError('TH3011', `the connection to the launcher broke: ${error.message}`));
    });
    socket.on('close', () => {
      this.#fail(new ThubanError('TH3011', 'the launcher ended'));
    });
    this.#receive(early);
  }

  static async connect(runDir: string, build: string): Promise<LauncherClient> {
    const socket = createConnection(join(runDir, 'launcher.sock'));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const hello = new Writer().u32(PROTOCOL).u32(PROTOCOL).string(build).u32(process.pid).string('').done();
    socket.write(frame(Frame.HELLO, 0n, hello));
    const splitter = new FrameSplitter();
    const [first, ...early] = await new Promise<ReceivedFrame[]>((resolve, reject) => {
      const onData = (chunk: Buffer): void => {
        const frames = splitter.push(chunk);
        if (frames.length === 0) return;
        socket.off('data', onData).off('close', onClose);
        resolve(frames);
      };
      const onClose = (): void => {
        reject(new ThubanError('TH3011', 'the launcher closed the connection without a greeting'));
      };
      socket.on('data', onData).once('close', onClose);
    });
    if (first?.type === Frame.HELLO) return new LauncherClient(socket, new Reader(first.payload), splitter, early);
    socket.destroy();
    throw refusal(first, runDir);
  }

  /** Resolves when the program has been executed. Rejects with a StepFailure when a step failed; then nothing is left behind. */
  async spawn(request: SpawnRequest, staging: string): Promise<Started> {
    const steps = encodeSteps(request.steps, staging);
    const payload = new Writer()
      .u64(request.id)
      .u32(OUTPUT[request.stdout])
      .u32(OUTPUT[request.stderr])
      .u32(request.uid)
      .u32(request.gid)
      .u32(request.steps.length)
      .block(steps)
      .u32(request.joins.version)
      .strings(request.joins.paths)
      .string(request.oomGroup ?? '')
      .strings(request.groups)
      .block(request.blob)
      .done();
    const started = new Promise<Started>((resolve, reject) => {
      this.#containers.set(request.id, { onOom: request.onOom, onExit: request.onExit, started: { resolve, reject } });
    });
    this.#send(Frame.SPAWN, 0n, payload);
    try {
      return await started;
    } catch (error) {
      this.#containers.delete(request.id);
      if (error instanceof StepFailure) await this.release(request.id);
      throw error;
    }
  }

  /** Sends a signal to the init, which passes all but SIGKILL and SIGSTOP on to the program. False: it has ended. */
  async signal(id: bigint, signal: number): Promise<boolean> {
    return (await this.#ask(Frame.SIGNAL, new Writer().u64(id).u32(signal))) === 0;
  }

  /** Forgets an ended container and closes its pipes. */
  async release(id: bigint): Promise<void> {
    this.#containers.delete(id);
    await this.#ask(Frame.RELEASE, new Writer().u64(id));
  }

  async setBlob(id: bigint, blob: Buffer): Promise<void> {
    await this.#ask(Frame.BLOB, new Writer().u64(id).block(blob));
  }

  /** What is removed when the lease ends, beside each container's own groups: empty folders of groups, then files and empty folders. */
  async register(groups: string[], paths: string[]): Promise<void> {
    await this.#ask(Frame.REGISTER, new Writer().strings(groups).strings(paths));
  }

  list(): Promise<ListedContainer[]> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      this.#listing = { found: [], resolve };
      this.#send(Frame.LIST, 0n, Buffer.alloc(0));
    });
  }

  /** The launcher kills and removes everything and ends. Resolves when it has closed the connection. */
  async shutdown(): Promise<void> {
    if (this.#lost === undefined) this.#socket.write(frame(Frame.SHUTDOWN, 0n, Buffer.alloc(0)));
    await this.#closed;
  }

  /** Leaves the launcher and its containers to the lease. */
  close(): void {
    this.#socket.destroy();
  }

  #send(type: number, seq: bigint, payload: Buffer): void {
    if (this.#lost !== undefined) throw this.#lost;
    this.#socket.write(frame(type, seq, payload));
  }

  #ask(type: number, payload: Writer): Promise<number> {
    const token = this.#nextToken++;
    return new Promise((resolve) => {
      if (this.#lost !== undefined) {
        resolve(-1);
        return;
      }
      this.#answers.set(token, resolve);
      this.#send(type, token, payload.done());
    });
  }

  #receive(frames: ReceivedFrame[]): void {
    let acknowledge = 0n;
    for (const received of frames) {
      this.#handle(received.type, received.seq, new Reader(received.payload));
      const isReport = received.type >= Frame.STARTED && received.type <= Frame.OOM;
      if (isReport) acknowledge = received.seq;
    }
    if (acknowledge > 0n && this.#lost === undefined) this.#send(Frame.ACK, acknowledge, Buffer.alloc(0));
  }

  #handle(type: number, seq: bigint, r: Reader): void {
    switch (type) {
      case Frame.STARTED: {
        const id = r.u64();
        this.#containers.get(id)?.started.resolve(readStarted(r));
        return;
      }
      case Frame.FAILED: {
        const id = r.u64();
        this.#containers.get(id)?.started.reject(new StepFailure(r.i32(), r.u32(), r.i32()));
        return;
      }
      case Frame.EXITED: {
        const id = r.u64();
        const exit = { status: r.i32(), fromProgram: r.u32() === 0, time: r.u64() };
        this.#containers.get(id)?.onExit(exit);
        return;
      }
      case Frame.OOM:
        this.#containers.get(r.u64())?.onOom();
        return;
      case Frame.LISTED: {
        const id = r.u64();
        const started = readStarted(r);
        const state = (['starting', 'running', 'ended'] as const)[r.u32()] ?? 'ended';
        this.#listing?.found.push({ id, ...started, state, blob: Buffer.from(r.block(r.u32())) });
        return;
      }
      case Frame.LIST_END:
        this.#listing?.resolve(this.#listing.found);
        this.#listing = undefined;
        return;
      case Frame.DONE:
        this.#answers.get(seq)?.(r.i32());
        this.#answers.delete(seq);
        return;
      default:
        throw new RangeError(`unknown frame ${type}`);
    }
  }

  /** Everything that waits learns that nothing will come any more. */
  #fail(error: ThubanError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#socket.destroy();
    for (const watched of this.#containers.values()) {
      watched.started.reject(error);
      watched.onExit({ status: null, fromProgram: false, time: BigInt(Date.now()) * 1_000_000n });
    }
    this.#containers.clear();
    for (const answer of this.#answers.values()) answer(-1);
    this.#answers.clear();
    this.#listing?.resolve([]);
  }
}

function readStarted(r: Reader): Started {
  const [init, program, startTime, time] = [r.u32(), r.u32(), r.u64(), r.u64()];
  return { init, program, startTime, time, stdout: readPipe(r), stderr: readPipe(r) };
}

function readPipe(r: Reader): PipeEnd | undefined {
  const fd = r.i32();
  const inode = r.u64();
  return fd < 0 ? undefined : { fd, inode };
}

function refusal(received: ReceivedFrame | undefined, runDir: string): ThubanError {
  if (received?.type !== Frame.REFUSED)
    return new ThubanError('TH3011', 'the launcher answered with an unknown greeting');
  const r = new Reader(received.payload);
  const [reason, pid] = [r.u32(), r.u32()];
  if (reason === Refused.BUSY)
    return new ThubanError('TH7004', `a Thuban already runs on ${runDir} (pid ${pid})`, {
      hint: 'pass another --run-dir',
    });
  if (reason === Refused.PROTOCOL)
    return new ThubanError('TH3011', `the launcher (pid ${pid}) speaks another protocol version than this build`);
  return new ThubanError('TH3011', 'the launcher belongs to another user');
}
