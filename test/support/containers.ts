import assert from 'node:assert/strict';
import { loadManifest, type LoadedManifest, type Manifest } from '../../src/manifest/index.ts';
import { Session, Supervised, type Exit, type RuntimeEvent, type SupervisedOptions } from '../../src/runtime/index.ts';
import type { OutputSink } from '../../src/runtime/index.ts';

/** A manifest of a shell script on the host's programs, with /proc and /dev. */
export function shell(script: string, sections: Partial<Manifest> = {}): LoadedManifest {
  const { mounts, ...rest } = sections;
  const manifest = {
    name: 'test',
    version: '1.0.0',
    uid: 1000,
    gid: 1000,
    rootfs: { type: 'host' },
    init: '/bin/sh',
    args: ['-c', script],
    mounts: { '/proc': { type: 'proc' }, '/dev': { type: 'dev' }, ...mounts },
    ...rest,
  };
  return fromObject(manifest);
}

/**
 * Bytes, for what waits for memory but is not killed: with less, a fast board finds nothing to take back now and then (GFP_NOFS). An emulated
 * one takes minutes to read more.
 */
export const SCARCE = (process.env['THUBAN_EMULATED'] === undefined ? 48 : 16) * 1024 * 1024;

/**
 * Reads more than SCARCE, over and over. Should the kernel kill all the same, it is what is largest: dd, of which the shell makes another one.
 */
export const READS_TOO_MUCH =
  'while :; do cat /usr/bin/* /usr/lib/*/* 2> /dev/null | dd of=/dev/null bs=2M iflag=fullblock 2> /dev/null; done';

/** Through the reader, as a file would be: what it refuses cannot be tested here. */
export function fromObject(manifest: unknown): LoadedManifest {
  const result = loadManifest(JSON.stringify(manifest, null, 2), 'test.yaml');
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.diagnostics, null, 2));
  return result.manifest;
}

/** Keeps the program's output as text. */
export class Captured implements OutputSink {
  readonly text = { stdout: '', stderr: '' };

  write(stream: 'stdout' | 'stderr', chunk: Buffer): boolean {
    this.text[stream] += chunk.toString('utf8');
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }
}

/** Output that can be waited for: `await conversation.saw('ready')`. */
export class Conversation extends Captured {
  readonly #waiting = new Map<() => void, string>();

  override write(stream: 'stdout' | 'stderr', chunk: Buffer): boolean {
    super.write(stream, chunk);
    for (const [resolve, text] of this.#waiting) if (this.#has(text)) resolve();
    return true;
  }

  saw(text: string): Promise<void> {
    if (this.#has(text)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(resolve, text);
    });
  }

  #has(text: string): boolean {
    return this.text.stdout.includes(text) || this.text.stderr.includes(text);
  }
}

export interface Result {
  exit: Exit;
  stdout: string;
  stderr: string;
  events: RuntimeEvent[];
  supervised: Supervised;
}

export interface TrialOptions extends Partial<Omit<SupervisedOptions, 'board' | 'loaded'>> {
  /** Called as soon as the program runs. */
  whenRunning?: (supervised: Supervised) => void | Promise<void>;
}

/** Runs a container to its end on a session of its own. */
export async function runToEnd(loaded: LoadedManifest, options: TrialOptions = {}): Promise<Result> {
  await using session = await Session.open({ prefix: 'thuban-test-' });
  return await runIn(session, loaded, options);
}

export async function runIn(session: Session, loaded: LoadedManifest, options: TrialOptions = {}): Promise<Result> {
  const { whenRunning, ...rest } = options;
  const output = new Captured();
  const events: RuntimeEvent[] = [];
  let hook: Promise<void> | undefined;
  const supervised: Supervised = new Supervised({
    board: session.board,
    loaded,
    planOptions: session.planOptions,
    output,
    ...rest,
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'started') hook ??= Promise.resolve(whenRunning?.(supervised));
    },
  });
  const exit = await supervised.start();
  await hook;
  return { exit, ...output.text, events, supervised };
}
