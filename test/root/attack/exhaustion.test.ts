import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Supervised, gatherFacts, type Exit, type Session } from '../../../src/runtime/index.ts';
import { inSession } from '../../support/attacker.ts';
import { Conversation, runIn, shell } from '../../support/containers.ts';
import { descriptorsOf } from '../../support/identity.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;
const needs = hasPrlimit ? needsRoot() : { skip: 'needs prlimit: apt-get install util-linux' };

/** Starts are dear on an emulated board. */
const isEmulated = process.env['THUBAN_EMULATED'] !== undefined;
const STEP = isEmulated ? 6 : 1;
const STARTS = isEmulated ? 10 : 100;

/** More than fit into what malloc has to spare. */
const MOST_HELD = 300;

interface Bench {
  session: Session;
  launcher: number;
  /** One start, to its end. */
  start: () => Promise<Exit>;
}

/** A launcher with a container that has to outlive what `body` does to it, and that can start others when it is over. */
async function besideOne(body: (bench: Bench) => Promise<void>): Promise<void> {
  await inSession(async (session) => {
    const script = 'trap "echo told; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
    const output = new Conversation();
    const lives = new Supervised({
      board: session.board,
      loaded: shell(script, { name: 'lives' }),
      planOptions: session.planOptions,
      output,
    });
    const ended = lives.start();
    await output.saw('ready');
    const launcher = lives.container?.launcher.pid ?? 0;
    const start = async (): Promise<Exit> => (await runIn(session, shell('exit 7', { name: 'other' }))).exit;
    try {
      assert.equal((await start()).code, 7);
      const before = await settled(launcher);
      await body({ session, launcher, start });
      assert.equal((await start()).code, 7, 'as before');
      await until('its descriptors are closed', () => open(launcher).length <= before.length);
      assert.equal(lives.state, 'running');
    } finally {
      await lives.stop();
    }
    const exit = await ended;
    assert.deepEqual([exit.code, output.text.stdout], [3, 'ready\ntold\n'], JSON.stringify(exit));
  });
}

const open = (pid: number): string[] => Object.keys(descriptorsOf(pid));

/** What the last start had open is closed a moment after its end. */
async function settled(pid: number): Promise<string[]> {
  for (let last = open(pid); ;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = open(pid);
    if (now.length === last.length) return now;
    last = now;
  }
}

function refused(exit: Exit, how: RegExp): void {
  assert.equal(exit.reason, 'start_failed', JSON.stringify(exit));
  assert.match(JSON.stringify(exit.error), how);
}

describe('a launcher', needs, () => {
  test('without a descriptor to spare refuses a start at whatever it lacks, and keeps none', async () => {
    await besideOne(async ({ launcher, start }) => {
      const limit = (soft: number): void => {
        const { status, stderr } = spawnSync('prlimit', ['--pid', String(launcher), `--nofile=${soft}:`]);
        assert.equal(status, 0, String(stderr));
      };
      const [, usual = '1024'] =
        /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${launcher}/limits`, 'utf8')) ?? [];
      const used = await settled(launcher);
      const [last, places] = [Math.max(...used.map(Number)) + 1, 128];
      let failed = 0;
      try {
        // Descriptor after descriptor, so that each call that makes one is the first to be refused once.
        for (const first of [last, places])
          for (let soft = first; soft < first + 24; soft += STEP) {
            limit(soft);
            const exit = await start();
            if (exit.reason === 'exited') {
              assert.equal(exit.code, 7);
              if (first === places) break;
              continue;
            }
            refused(exit, /EMFILE|EINVAL|too many open files/i);
            failed++;
            assert.deepEqual(await settled(launcher), used, `of a start with ${soft} descriptors`);
          }
        assert.ok(failed >= 10 / STEP, `${failed} starts failed`);
      } finally {
        limit(Number(usual));
      }
    });
  });

  test('without memory to spare refuses a start, and keeps what runs', async () => {
    await besideOne(async ({ session, launcher }) => {
      const limit = (bytes: number | 'unlimited'): void => {
        const { status, stderr } = spawnSync('prlimit', ['--pid', String(launcher), `--data=${bytes}:`]);
        assert.equal(status, 0, String(stderr));
      };
      const status = readFileSync(`/proc/${launcher}/status`, 'utf8');
      limit(Number(/^VmData:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024);
      const held: Supervised[] = [];
      const ends: Promise<Exit>[] = [];
      const startOne = async (): Promise<Exit | undefined> => {
        // The program would have the launcher's limit.
        const rlimits = { data: { soft: null, hard: null } };
        const loaded = shell('exec sleep 1000', { name: `held-${held.length}`, rlimits });
        const one = new Supervised({ board: session.board, loaded, planOptions: session.planOptions });
        const end = one.start();
        await until('it runs or not', () => one.state === 'running' || one.state === 'failed');
        if (one.state === 'failed') return await end;
        held.push(one);
        ends.push(end);
        return undefined;
      };
      try {
        let exit: Exit | undefined;
        while (exit === undefined && held.length < MOST_HELD) exit = await startOne();
        assert.ok(exit !== undefined, `${held.length} containers, and memory for more`);
        refused(exit, /ENOMEM/);
        assert.ok(held.length > 0 && held.every(({ state }) => state === 'running'));
        limit('unlimited');
        assert.equal(await startOne(), undefined);
      } finally {
        limit('unlimited');
        await Promise.all(held.map((one) => one.kill()));
        await Promise.all(ends);
      }
    });
  });

  const { pids } = gatherFacts().cgroups.controllers;
  const skip =
    pids?.version !== 1 && 'needs the pids controller of cgroup v1, where one hierarchy can be changed alone';
  test('without a process to spare refuses a start, of the init as of the program', { skip }, async () => {
    await besideOne(async ({ launcher, start }) => {
      const top = pids?.mountpoint ?? '';
      const own = /^\d+:pids:(.*)$/m.exec(readFileSync(`/proc/${launcher}/cgroup`, 'utf8'))?.[1] ?? '';
      const group = join(top, `thuban-test-few-${process.pid}`);
      mkdirSync(group);
      try {
        writeFileSync(join(group, 'cgroup.procs'), String(launcher));
        for (const most of [1, 2]) {
          writeFileSync(join(group, 'pids.max'), String(most));
          for (let i = 0; i < 10; i++) refused(await start(), /EAGAIN/);
          assert.deepEqual(
            readFileSync(join(group, 'cgroup.procs'), 'utf8').trim(),
            String(launcher),
            'and leaves none',
          );
        }
        writeFileSync(join(group, 'pids.max'), '3');
        assert.equal((await start()).code, 7);
      } finally {
        writeFileSync(join(top, own, 'cgroup.procs'), String(launcher));
        await until('it is empty', () => readFileSync(join(group, 'cgroup.procs'), 'utf8') === '');
        rmdirSync(group);
      }
    });
  });

  test(`that has been asked for ${STARTS} starts that cannot be, has grown by nothing`, async () => {
    await besideOne(async ({ session, launcher }) => {
      const used = await settled(launcher);
      const children = (): string =>
        readdirSync(`/proc/${launcher}/task/${launcher}/`).includes('children')
          ? readFileSync(`/proc/${launcher}/task/${launcher}/children`, 'utf8')
          : '';
      const before = children();
      for (let i = 0; i < STARTS; i++) {
        const { manifest, ...rest } = shell('exit 7', { name: 'other' });
        const { exit } = await runIn(session, { ...rest, manifest: { ...manifest, init: '/nosuch' } });
        assert.equal(exit.reason, 'start_failed');
      }
      assert.deepEqual(await settled(launcher), used);
      assert.equal(children(), before);
    });
  });
});
