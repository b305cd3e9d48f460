import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { failpoints, type Failpoint } from '../../../src/base/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { processesWith, until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

/** Seconds of a sleep that is nobody else's. */
const MARK = String(88_400_000 + process.pid);

const starting: Failpoint[] = [
  'start.saved',
  'start.planned',
  'start.groups',
  'start.sent',
  'start.started',
  'start.running',
];
const ending: Failpoint[] = ['exit.reported', 'exit.output', 'exit.saved', 'exit.released', 'exit.removed'];
const stopping: Failpoint[] = ['stop.saved', 'stop.signalled', ...ending];
const backingOff: Failpoint[] = ['backoff.saved', 'backoff.over'];

/** A program that notes each of its runs and stays; the first run ends with code 3 once `end` is there. */
const SCRIPT = `echo run >> /mnt/runs; [ $(wc -l < /mnt/runs) -gt 1 ] || while [ -e /mnt/end ]; do exit 3; done; exec sleep ${MARK}`;

const emulated = process.env['THUBAN_EMULATED'];
let ways = 0;

/** A death and a new daemon take half a minute in an emulated machine: there each architecture has a tenth of them, and not the same. */
function inTurn(): { skip: string | false } {
  const turn = ways++ % 10;
  const isOurs = emulated === undefined || turn === (emulated === 'arm64' ? 1 : 0);
  return { skip: isOurs ? false : 'every tenth in an emulated machine; npm test has them all' };
}

class Trial {
  readonly daemon = new TestDaemon();
  readonly runs = join(this.daemon.shared, 'runs');

  readonly file: string;

  constructor() {
    chmodSync(this.daemon.shared, 0o777);
    this.file = this.write(SCRIPT);
  }

  write(script: string, version = '1.0.0'): string {
    return this.daemon.add('a', script, {
      version,
      mounts: { '/mnt': { type: 'bind', host: this.daemon.shared, options: 'rw' } },
      restart: { policy: 'on_failure', initial_delay: 0.05, max_delay: 0.05, jitter: 0, max_restarts: 5 },
    });
  }

  /** The daemon dies there, in the middle of what it is asked. */
  async dies(failpoint: string, during: () => Promise<unknown>): Promise<void> {
    await Promise.all([during().catch(() => undefined), this.daemon.end()]);
    assert.equal((await this.daemon.end()).signal, 'SIGKILL', `it came to ${failpoint}\n${this.daemon.log}`);
  }

  get count(): number {
    return readFileSync(this.runs, 'utf8').split('\n').length - 1;
  }

  /** The one copy runs, and the daemon knows it. */
  async isWhole(): Promise<void> {
    const { pid } = await this.daemon.reached('a', 'running');
    await until('it sleeps', () => processesWith(MARK).length === 1);
    assert.deepEqual(processesWith(MARK), [pid]);
  }
}

async function trial(body: (trial: Trial) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    const one = new Trial();
    await using daemon = one.daemon;
    assert.ok(daemon);
    await body(one);
  });
}

describe('a daemon that dies while it starts a container', needsRoot(), () => {
  for (const failpoint of starting)
    test(`at ${failpoint} is followed by one that has it running, once`, inTurn(), async () => {
      await trial(async (one) => {
        await one.daemon.start({ failpoint });
        await one.dies(failpoint, () => one.daemon.client.start('a'));
        await one.daemon.start();
        await one.isWhole();
        assert.equal(one.count, 1);
      });
    });
});

describe('a daemon that dies while it stops a container', needsRoot(), () => {
  for (const failpoint of stopping)
    test(`at ${failpoint} is followed by one that has stopped it`, inTurn(), async () => {
      await trial(async (one) => {
        await one.daemon.start({ failpoint });
        await one.daemon.client.start('a');
        await one.isWhole();
        await one.dies(failpoint, () => one.daemon.client.stop('a'));
        await one.daemon.start();
        const { last_exit: exit } = await one.daemon.reached('a', 'stopped');
        assert.equal(exit?.signal, 'SIGTERM');
        assert.deepEqual(processesWith(MARK), []);
        assert.equal(one.count, 1);
      });
    });
});

describe('a daemon that dies at the end of a container', needsRoot(), () => {
  for (const failpoint of [...ending, ...backingOff])
    test(`at ${failpoint} is followed by one that restarts it, once`, inTurn(), async () => {
      await trial(async (one) => {
        writeFileSync(join(one.daemon.shared, 'end'), '');
        await one.daemon.start({ failpoint });
        await one.dies(failpoint, () => one.daemon.client.start('a'));
        await one.daemon.start();
        await one.isWhole();
        assert.equal(one.count, 2);
        const { restarts, last_exit: exit } = await one.daemon.container('a');
        assert.deepEqual([restarts, exit?.code], [1, 3]);
      });
    });
});

describe('a daemon that dies while it restarts a container', needsRoot(), () => {
  for (const failpoint of [...stopping, 'restart.stopped', ...starting.map((name) => `${name}:2`)])
    test(`at ${failpoint} is followed by one that has restarted it, once`, inTurn(), async () => {
      await trial(async (one) => {
        await one.daemon.start({ failpoint });
        const { pid } = await one.daemon.client.start('a');
        await one.isWhole();
        await one.dies(failpoint, () => one.daemon.client.restart('a'));
        await one.daemon.start();
        await until('the other one runs', () => processesWith(MARK).some((found) => found !== pid));
        await one.isWhole();
        assert.equal(one.count, 2);
      });
    });
});

const second = starting.map((name) => `${name}:2`);

describe('a daemon that dies while it replaces a container', needsRoot(), () => {
  for (const failpoint of [...stopping, 'restart.stopped', 'replace.taken', ...second])
    test(`at ${failpoint} is followed by one that has replaced it, once`, inTurn(), async () => {
      await trial(async (one) => {
        await one.daemon.start({ failpoint });
        await one.daemon.client.start('a');
        await one.isWhole();
        one.write(`: new; ${SCRIPT}`);
        await one.dies(failpoint, () => one.daemon.client.apply());
        await one.daemon.start();
        await until('the new one runs', () => processesWith(MARK).length === 1 && one.count === 2);
        await one.isWhole();
        assert.equal(one.count, 2);
        assert.match((await one.daemon.client.container('a')).command?.at(-1) ?? '', /^: new/);
      });
    });
});

describe('a daemon that dies while another version takes the place of a container', needsRoot(), () => {
  for (const failpoint of [...stopping, 'succeed.stopped', 'succeed.added', 'remove.stopped', ...second])
    test(`at ${failpoint} is followed by one in which it has`, inTurn(), async () => {
      await trial(async (one) => {
        await one.daemon.start({ failpoint });
        await one.daemon.client.start('a');
        await one.isWhole();
        one.write(SCRIPT, '1.1.0');
        await one.dies(failpoint, () => one.daemon.client.apply());
        await one.daemon.start();
        await one.daemon.client.apply();
        await until('the new one runs', () => processesWith(MARK).length === 1 && one.count === 2);
        await one.isWhole();
        const all = await one.daemon.client.containers();
        assert.deepEqual(
          all.map(({ id, state }) => [id, state]),
          [['a:1.1.0', 'running']],
        );
      });
    });
});

describe('a daemon that dies while it removes a container', needsRoot(), () => {
  for (const failpoint of [...stopping, 'remove.stopped'])
    test(`at ${failpoint} is followed by one without it`, inTurn(), async () => {
      await trial(async (one) => {
        await one.daemon.start({ failpoint });
        await one.daemon.client.start('a');
        await one.isWhole();
        rmSync(one.file);
        await one.dies(failpoint, () => one.daemon.client.apply());
        await one.daemon.start();
        await one.daemon.client.apply();
        assert.deepEqual(processesWith(MARK), []);
        assert.deepEqual(await one.daemon.client.containers(), []);
        assert.deepEqual(readdirSync(join(one.daemon.runDir, 'state')), []);
      });
    });
});

test('every place to die at is tried', () => {
  const board = ['replace.taken', 'succeed.stopped', 'succeed.added', 'remove.stopped'];
  // Those of an update are in update.test.ts, those of groups that a manifest names in named-parent.test.ts, that of a console in console.test.ts.
  const updating = ['update.noted', 'update.written', 'update.recorded', 'update.saved'];
  const named = ['start.noted', 'start.level', 'start.console'];
  const tried = new Set<string>([
    ...starting,
    ...stopping,
    ...backingOff,
    'restart.stopped',
    ...board,
    ...updating,
    ...named,
  ]);
  assert.deepEqual(
    failpoints.filter((name) => !tried.has(name)),
    [],
  );
});
