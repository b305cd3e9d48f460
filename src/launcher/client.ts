import { createConnection, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ThubanError } from '../base/index.ts';
import { StepFailure, errnoName, monitorPayload, needProtocol, readListed, refusal, spawnPayload } from './messages.ts';
import type { ListedContainer, MonitorKind, SpawnRequest, Started } from './messages.ts';
import type { TerminalSize } from './enter-steps.ts';
import { Watchers, type ContainerListeners } from './watchers.ts';
import { Frame, FrameSplitter, PROTOCOL, Reader, Writer, frame, type ReceivedFrame } from './wire.ts';

interface Listing {
  found: ListedContainer[];
  resolve: (found: ListedContainer[]) => void;
  reject: (error: Error) => void;
}

/** The answer when the launcher ended before it could give one. */
const NO_ANSWER = -1;

function expectDone(what: string, errno: number): void {
  if (errno === 0) return;
  const why = errno === NO_ANSWER ? 'it ended' : errnoName(errno);
  throw new ThubanError('TH3011', `the launcher did not carry out ${what}: ${why}`);
}

function isReport(type: number): boolean {
  return (type >= Frame.STARTED && type <= Frame.OOM) || type === Frame.PRESSURE || type === Frame.LINGERS;
}

/** A connection to the launcher. One at a time: a second one is refused while this one lives. */
export class LauncherClient {
  readonly pid: number;
  /** The version that both sides understand: an older launcher goes on serving after an upgrade, as long as its containers live. */
  readonly protocol: number;
  readonly build: string;
  readonly bootId: string;
  readonly #socket: Socket;
  readonly #watchers = new Watchers();
  readonly #answers = new Map<bigint, (errno: number) => void>();
  #listing: Listing | undefined;
  #nextToken = 1n;
  /** Resolves when the connection has ended, on whosever side. */
  readonly closed: Promise<void>;
  #lost: ThubanError | undefined;

  private constructor(socket: Socket, hello: Reader, splitter: FrameSplitter, early: ReceivedFrame[]) {
    const [, theirs] = [hello.u32(), hello.u32()];
    this.protocol = Math.min(theirs, PROTOCOL.MAX);
    this.build = hello.string();
    this.pid = hello.u32();
    this.bootId = hello.string();
    this.#socket = socket;
    this.closed = new Promise((resolve) =>
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
    const hello = new Writer().u32(PROTOCOL.MIN).u32(PROTOCOL.MAX).string(build).u32(process.pid).string('').done();
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
        reject(
          new ThubanError('TH3011', 'the launcher closed the connection without a greeting', {
            details: { passing: true },
          }),
        );
      };
      socket.on('data', onData).once('close', onClose);
    });
    if (first?.type === Frame.HELLO) return new LauncherClient(socket, new Reader(first.payload), splitter, early);
    socket.destroy();
    throw refusal(first, runDir);
  }

  /** Resolves when the program has been executed. Rejects with a StepFailure when a step failed; then nothing is left behind. */
  async spawn(request: SpawnRequest, staging: string): Promise<Started> {
    const payload = spawnPayload(request, staging);
    const started = this.#watchers.watch(request.id, request);
    started.catch(() => undefined); // awaited below, unless sending throws first
    try {
      this.#send(Frame.SPAWN, 0n, payload);
      return await started;
    } catch (error) {
      this.#watchers.forget(request.id);
      if (error instanceof StepFailure) await this.release(request.id);
      throw error;
    }
  }

  /**
   * Takes over a container that `list` told of, with all that has happened to it since. Resolves when it has started, at once for one that had.
   */
  adopt(id: bigint, listeners: ContainerListeners): Promise<Started> {
    return this.#watchers.watch(id, listeners);
  }

  /** Sends a signal to the init, which passes all but SIGKILL and SIGSTOP on to the program. False: it has ended. */
  async signal(id: bigint, signal: number): Promise<boolean> {
    return (await this.#ask(Frame.SIGNAL, new Writer().u64(id).u32(signal))) === 0;
  }

  /**
   * Makes a monitor of a container, also before it is spawned; without `file`, arms the one that is there again. Says `OK`, or the name of the
   * kernel's error. Needs protocol 2.
   */
  async monitor(id: bigint, kind: MonitorKind, file?: string, text?: string): Promise<string> {
    const errno = await this.#ask(Frame.MONITOR, monitorPayload(id, kind, file, text));
    if (errno === NO_ANSWER) expectDone('MONITOR', errno);
    return errnoName(errno);
  }

  /** Forgets an ended container and closes its pipes. One that the launcher does not know, or that went with it, is forgotten already. */
  async release(id: bigint): Promise<void> {
    this.#watchers.forget(id);
    const errno = await this.#ask(Frame.RELEASE, new Writer().u64(id));
    if (errno !== constants.errno.ESRCH && this.#lost === undefined) expectDone('RELEASE', errno);
  }

  /** The end of its standard input, once the caller has closed its own end too. False: there is none, or not any more. */
  async closeInput(id: bigint): Promise<boolean> {
    return (await this.#ask(Frame.CLOSE_INPUT, new Writer().u64(id))) === 0;
  }

  /** Of a terminal. False: it has ended. */
  async resize(id: bigint, { rows, columns }: TerminalSize): Promise<boolean> {
    return (await this.#ask(Frame.RESIZE, new Writer().u64(id).u32(rows).u32(columns))) === 0;
  }

  async setBlob(id: bigint, blob: Buffer): Promise<void> {
    expectDone('BLOB', await this.#ask(Frame.BLOB, new Writer().u64(id).block(blob)));
  }

  /** What is removed when the lease ends, beside each container's own groups: empty folders of groups, then files and empty folders. */
  async register(groups: string[], paths: string[]): Promise<void> {
    expectDone('REGISTER', await this.#ask(Frame.REGISTER, new Writer().strings(groups).strings(paths)));
  }

  /**
   * Attaches the program that guards the devices of a v2 group, instead of the one that an earlier call attached. Resolves with the name of the
   * error, if there was one.
   */
  async setDevices(group: string, program: Buffer): Promise<string | undefined> {
    needProtocol(this, 2, 'guard devices on cgroups v2');
    const errno = await this.#ask(Frame.DEVICES, new Writer().string(group).block(program));
    if (errno === NO_ANSWER) expectDone('DEVICES', errno);
    return errno === 0 ? undefined : errnoName(errno);
  }

  list(): Promise<ListedContainer[]> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      this.#listing = { found: [], resolve, reject };
      this.#send(Frame.LIST, 0n, Buffer.alloc(0));
    });
  }

  /** The launcher kills and removes everything and ends. Resolves when it has closed the connection. */
  async shutdown(): Promise<void> {
    if (this.#lost === undefined) this.#socket.write(frame(Frame.SHUTDOWN, 0n, Buffer.alloc(0)));
    await this.closed;
  }

  /** Leaves the launcher and its containers to the lease. */
  close(): void {
    // Nobody is told: the containers go on.
    this.#lost ??= new ThubanError('TH3011', 'the connection to the launcher was closed');
    this.#answerAll(this.#lost);
    this.#socket.destroy();
  }

  /** Whether the connection has ended: then everything fails with TH3011. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  #send(type: number, seq: bigint, payload: Buffer): void {
    if (this.#lost !== undefined) throw this.#lost;
    this.#socket.write(frame(type, seq, payload));
  }

  #ask(type: number, payload: Writer): Promise<number> {
    const token = this.#nextToken++;
    return new Promise((resolve) => {
      if (this.#lost !== undefined) {
        resolve(NO_ANSWER);
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
      if (isReport(received.type)) acknowledge = received.seq;
    }
    if (acknowledge > 0n && this.#lost === undefined) this.#send(Frame.ACK, acknowledge, Buffer.alloc(0));
  }

  #handle(type: number, seq: bigint, r: Reader): void {
    if (this.#watchers.receive(type, r)) return;
    switch (type) {
      case Frame.LISTED: {
        const listed = readListed(r);
        this.#listing?.found.push(listed);
        this.#watchers.listed(listed);
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
    this.#watchers.lose(error);
    this.#answerAll(error);
  }

  #answerAll(error: ThubanError): void {
    for (const answer of this.#answers.values()) answer(NO_ANSWER);
    this.#answers.clear();
    this.#listing?.reject(error); // not knowing is not the same as nothing being there
    this.#listing = undefined;
  }
}
