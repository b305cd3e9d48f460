import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../src/base/index.ts';
import {
  startLauncher,
  type LauncherClient,
  type ProgramExit,
  type SpawnRequest,
  type Started,
  type Step,
} from '../../src/launcher/index.ts';
import { Frame, FrameSplitter, PROTOCOL, Writer, frame, type ReceivedFrame } from '../../src/launcher/wire.ts';
import type { Manifest } from '../../src/manifest/index.ts';
import { gatherFacts, plan } from '../../src/runtime/index.ts';
import { nativeBinary } from '../../src/runtime/binaries.ts';
import { shell } from './containers.ts';
import { until } from './processes.ts';

export interface Bench {
  runDir: string;
  client: LauncherClient;
}

/**
 * A launcher of its own with a lease, and a client. At the end it is ended, whoever is connected by then. `before` is what a shell does before it
 * becomes the launcher.
 */
export async function withLauncher(
  lease: number,
  body: (bench: Bench) => Promise<void>,
  before?: string,
): Promise<void> {
  const runDir = mkdtempSync(join(tmpdir(), 'thuban-test-'));
  try {
    mkdirSync(join(runDir, 'root'));
    const binaries = { launcher: nativeBinary('thuban-launcher'), init: nativeBinary('thuban-init') };
    if (before !== undefined) {
      const script = join(runDir, 'launcher.sh');
      writeFileSync(script, `#!/bin/sh\n${before}\nexec ${binaries.launcher} "$@"\n`, { mode: 0o755 });
      binaries.launcher = script;
    }
    const client = await startLauncher({ ...binaries, runDir, lease, build: version });
    try {
      await body({ runDir, client });
    } finally {
      client.close();
      if (!isGone(client.pid)) process.kill(client.pid, 'SIGTERM'); // our child, so the number is still its own
      await until('the launcher has ended', () => isGone(client.pid));
    }
  } finally {
    rmSync(runDir, { recursive: true, force: true });
  }
}

export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

export interface Spawned {
  started: Started;
  exited: Promise<ProgramExit>;
}

/** A shell script below the launcher, in no groups unless they are given. `without`: a kind of step that is left out of the plan. */
export async function spawnShell(
  bench: Bench,
  id: bigint,
  script: string,
  more: Partial<SpawnRequest> & { sections?: Partial<Manifest>; without?: Step['op'] } = {},
): Promise<Spawned> {
  const { sections, without, ...request } = more;
  const { manifest } = shell(script, sections);
  const { steps } = plan(manifest, gatherFacts(manifest), { runDir: bench.runDir }).launch;
  let onExit!: (exit: ProgramExit) => void;
  const exited = new Promise<ProgramExit>((resolve) => {
    onExit = resolve;
  });
  const started = await bench.client.spawn(
    {
      id,
      steps: steps.filter(({ op }) => op !== without),
      stdout: 'pipe',
      stderr: 'pipe',
      uid: 1000,
      gid: 1000,
      joins: { tasks: [] },
      groups: [],
      blob: Buffer.from('blob'),
      onOom: () => undefined,
      onExit,
      ...request,
    },
    join(bench.runDir, 'root'),
  );
  return { started, exited };
}

/** Frames as bytes: what a client would never send, and reports that nobody acknowledges. */
export class RawController {
  readonly closed: Promise<void>;
  readonly socket: Socket;
  readonly received: ReceivedFrame[] = [];

  constructor(runDir: string) {
    const splitter = new FrameSplitter();
    this.socket = createConnection(join(runDir, 'launcher.sock'));
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk: Buffer) => {
      this.received.push(...splitter.push(chunk));
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        resolve();
      });
    });
  }

  send(type: number, payload: Writer = new Writer(), seq = 0n): void {
    this.socket.write(frame(type, seq, payload.done()));
  }

  hello(min: number = PROTOCOL.MIN, max: number = PROTOCOL.MAX): void {
    this.send(Frame.HELLO, new Writer().u32(min).u32(max).string('test').u32(process.pid).string(''));
  }

  /** The first frame of that type. */
  async saw(type: number): Promise<ReceivedFrame> {
    let found: ReceivedFrame | undefined;
    await until(`a frame of type ${type}`, () => (found = this.received.find((entry) => entry.type === type)));
    assert.ok(found !== undefined);
    return found;
  }
}
