import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cleanup, messageOf } from '../src/base/index.ts';
import { DaemonProcess } from './daemon-process.ts';
import { EventStream } from './event-stream.ts';
import { GID, idOf, oomManifest, UID } from './manifests.ts';
import type { Options } from './options.ts';
import { summarise, type Summary } from './statistics.ts';
import type { Workshop } from './workshop.ts';

export interface OomResult {
  /** Milliseconds from the touch of the page that was one too many to the event `oom` at a client of the console. */
  told: Summary | undefined;
  /** The same to the event `exited`. */
  exited: Summary | undefined;
  /** Why turns did not work, each reason once. */
  failures: string[];
}

const NAME = 'bench-oom';
const PAUSE_MS = 20;

/** How soon somebody who follows the events hears that a container was killed for want of memory. */
export async function measureOom(shared: Workshop, options: Options, signal: AbortSignal): Promise<OomResult> {
  await using cleanup = new Cleanup();
  const workshop = { ...shared, cleanup };
  const folder = join(workshop.runFolder, 'oom');
  const daemon = new DaemonProcess(workshop.dist, folder, makeRepository(workshop), cleanup);
  await daemon.start();
  const events = await EventStream.open(daemon.socket, idOf(NAME), ['oom', 'exited']);
  cleanup.defer('events', () => {
    events.close();
  });
  const [told, exited]: [number[], number[]] = [[], []];
  const failures = new Set<string>();
  for (let round = 0; round < options.rounds && !signal.aborted; round++) {
    await sleep(PAUSE_MS);
    try {
      events.skip();
      const first = events.next();
      await daemon.client.start(NAME);
      const oom = await first;
      const exit = await events.next();
      if (oom.type !== 'oom' || exit.type !== 'exited')
        throw new Error(`heard of ${oom.type} and then of ${exit.type}`);
      const touched = readFileSync(stampFile(workshop)).readBigUInt64LE();
      told.push(Number(oom.received - touched) / 1e6);
      exited.push(Number(exit.received - touched) / 1e6);
    } catch (error) {
      failures.add(messageOf(error));
    }
  }
  return { told: summarise(told), exited: summarise(exited), failures: [...failures] };
}

function stampFile({ runFolder }: Workshop): string {
  return join(runFolder, 'oom-stamp', 'time');
}

/** The manifest, the program in the root, and the file that it writes to, which is mounted into the container. */
function makeRepository(workshop: Workshop): string {
  const { folder, root, runFolder, programs } = workshop;
  const repository = join(folder, 'oom-repository');
  mkdirSync(repository, { mode: 0o700 });
  const place = join(runFolder, 'oom-stamp');
  mkdirSync(place, { mode: 0o755 });
  chownSync(place, UID, GID);
  writeFileSync(stampFile(workshop), Buffer.alloc(4096));
  chownSync(stampFile(workshop), UID, GID);
  copyFileSync(programs.eat, join(root, 'bin/eat'));
  chmodSync(join(root, 'bin/eat'), 0o755);
  mkdirSync(join(root, 'stamp'), { recursive: true });
  writeFileSync(join(repository, `${NAME}.yaml`), oomManifest(NAME, root, place), { mode: 0o600 });
  return repository;
}
