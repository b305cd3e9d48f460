import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContainerDetail, Exit } from '../../../src/runtime/index.ts';
import { again, begin, following, thuban, withConsole, type Bench } from './support.ts';

function container({ control }: Bench, name: string): ContainerDetail {
  const found = control.containers.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

describe('events -f', () => {
  test('goes on where it was when a new daemon answers, and says so', () =>
    withConsole({}, async (bench) => {
      const { control, server } = bench;
      for (let at = 0; at < 12; at++) control.emit('started', 'camera:2.1.0', { pid: at });
      using cli = begin(bench, ['events', '-f']);
      await cli.saw('pid 11');
      control.emit('started', 'camera:2.1.0', { pid: 12 });
      await cli.saw('pid 12');
      await server.close();
      await cli.saw('- connection to the daemon lost, trying again until it answers (Ctrl-C ends) -');
      control.emit('started', 'camera:2.1.0', { pid: 13 });
      await using _ = await again(bench);
      await cli.saw('- connected again, after event 13 -');
      await cli.saw('pid 13');
      cli.signal('SIGINT');
      const { code, stdout } = await cli.ended;
      assert.equal(code, 130);
      const pids = [...stdout.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
      assert.deepEqual(pids, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]); // the last ten of the history, and what came
      assert.deepEqual(control.calls.at(-1)?.options, { follow: true, since: 13, epoch: '0f3a' });
    }));

  test('is one line of JSON for each event', () =>
    withConsole({}, async (bench) => {
      using cli = begin(bench, ['events', '-f', '--json']);
      await following(bench);
      bench.control.emit('started', 'camera:2.1.0', { pid: 1 });
      await cli.saw('"pid":1');
      bench.control.emit('oom', 'oom:1.0.0');
      await cli.saw('"oom"');
      cli.signal('SIGINT');
      const { stdout } = await cli.ended;
      const types = stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type);
      assert.deepEqual(types, ['started', 'oom']);
    }));
});

describe('logs -f', () => {
  test('of several containers are in the order of time, with what is there already, until Ctrl-C', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      const at = (second: number): string => `2026-01-31T10:44:0${second}.000Z`;
      control.write('gateway:1.4.2', 'two', 'stdout', at(2));
      control.write('gateway:1.4.2', 'four', 'stdout', at(4));
      control.write('camera:2.1.0', 'one', 'stdout', at(1));
      control.write('camera:2.1.0', 'three', 'stdout', at(3));
      using cli = begin(bench, ['logs', '-f', 'camera', 'gateway']);
      await cli.saw('four');
      control.write('camera:2.1.0', 'five');
      await cli.saw('five');
      cli.signal('SIGINT');
      const { code, stdout } = await cli.ended;
      assert.deepEqual([code, stdout], [130, 'one\ntwo\nthree\nfour\nfive\n']);
    }));

  test('ends when the container is taken out of the repository', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      const ends = new AbortController();
      const logs = control.logs.bind(control);
      control.logs = (name, query) => logs(name, query, ends.signal);
      using cli = begin(bench, ['logs', '-f', 'camera']);
      await following(bench);
      control.containers = control.containers.filter(({ name }) => name !== 'camera');
      ends.abort();
      const { code, stderr } = await cli.ended;
      assert.deepEqual([code, stderr], [0, '- camera:2.1.0 was taken out of the repository -\n']);
    }));

  test('ends with an error when the daemon goes', () =>
    withConsole({}, async (bench) => {
      bench.control.write('camera:2.1.0', 'here');
      using cli = begin(bench, ['logs', '-f', '--json', 'camera']);
      await cli.saw('here');
      await bench.server.close();
      const { code, stdout, stderr } = await cli.ended;
      assert.equal(code, 1);
      assert.match(stderr, /^\{"error":\{"code":"TH6001"/);
      assert.equal((JSON.parse(stdout) as { line: string }).line, 'here');
    }));
});

describe('thuban wait', () => {
  const time = '2026-01-31T10:44:08.000Z';
  const ended = (more: Partial<Exit>): Exit => ({ reason: 'exited', time, duration: 1, ...more });

  test('ends at once with the code of a container that has ended', () =>
    withConsole({}, async (bench) => {
      const report = container(bench, 'report');
      const cases: [Exit | undefined, number, RegExp][] = [
        [ended({ code: 0 }), 0, /^$/],
        [ended({ code: 42 }), 42, /^$/],
        [ended({ reason: 'signalled', signal: 'SIGSEGV' }), 139, /^report:1\.0\.0 ended: killed by SIGSEGV \(11\)\n$/],
        [ended({ reason: 'oom_killed', signal: 'SIGKILL' }), 137, /^report:1\.0\.0 ended: OOM\n$/],
        [ended({ reason: 'start_failed', error: { code: 'TH3001', message: 'no' } }), 127, /start failed: no/],
        [ended({ reason: 'start_failed', error: { code: 'TH3003', message: 'no' } }), 126, /start failed/],
        [ended({ reason: 'start_failed', error: { code: 'TH3004', message: 'no' } }), 125, /start failed/],
        [ended({ reason: 'start_failed' }), 125, /start failed/],
        [undefined, 0, /^report:1\.0\.0 is stopped and has not run\n$/],
      ];
      for (const [exit, expected, talk] of cases) {
        if (exit === undefined) delete report.last_exit;
        else report.last_exit = exit;
        const { code, stdout, stderr } = await thuban(bench, 'wait', 'report');
        assert.deepEqual([code, stdout], [expected, ''], JSON.stringify(exit));
        assert.match(stderr, talk);
      }
    }));

  test('waits for the end of one that runs, through restarts', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      const camera = container(bench, 'camera');
      camera.history = [control.emit('state', camera.id, { state: 'running', previous: 'starting' })];
      using cli = begin(bench, ['wait', 'camera', '--json']);
      await following(bench);
      camera.state = 'backoff';
      control.emit('state', camera.id, { state: 'backoff', previous: 'running' });
      // It was stopped for a moment only: the container itself says that it runs again.
      camera.state = 'running';
      control.emit('state', camera.id, { state: 'stopped', previous: 'running' });
      camera.state = 'stopped';
      camera.last_exit = ended({ code: 3 });
      control.emit('state', camera.id, { state: 'stopped', previous: 'running' });
      const { code, stdout } = await cli.ended;
      assert.equal(code, 3);
      const result = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual(Object.keys(result), ['id', 'state', 'code', 'exit']);
      const asked = control.calls.find(({ action }) => action === 'events')?.options;
      assert.deepEqual(asked, {
        follow: true,
        since: 1,
        epoch: '0f3a',
        types: ['state', 'gap', 'adopted'],
        containers: [camera.id],
      });
    }));

  test('gives up after its time-out with 124, and with 130 at Ctrl-C', () =>
    withConsole({}, async (bench) => {
      const { code, stderr } = await thuban(bench, 'wait', '--timeout', '200ms', 'camera');
      assert.equal(code, 124);
      assert.match(stderr, /^error\[TH6015\]: `camera:2\.1\.0` did not end within 200 ms\n/);
      using cli = begin(bench, ['wait', 'camera']);
      await following(bench);
      cli.signal('SIGINT');
      const left = await cli.ended;
      assert.deepEqual([left.code, left.stderr], [130, 'left: camera:2.1.0 runs on   (thuban wait camera:2.1.0)\n']);
    }));

  test('refuses a manifest that was rejected', () =>
    withConsole({}, async (bench) => {
      const { code, stderr } = await thuban(bench, 'wait', 'sensors.yaml');
      assert.equal(code, 1);
      assert.match(stderr, /^error\[TH6005\]: `sensors\.yaml` is rejected/);
    }));
});
