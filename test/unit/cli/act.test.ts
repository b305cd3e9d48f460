import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { begin, thuban, withConsole, type Bench } from './support.ts';

/** What the daemon was asked to do, without what was only looked up. */
function done({ control }: Bench): unknown[] {
  return control.calls
    .filter(({ action }) => !['list', 'inspect', 'version'].includes(action))
    .map(({ action, name, options }) => [action, name, options]);
}

describe('an action', () => {
  test('says what was done to which container, and how long it took', () =>
    withConsole({}, async (bench) => {
      const line = async (...args: string[]): Promise<string> => {
        const { code, stdout, stderr } = await thuban(bench, ...args);
        assert.deepEqual([code, stderr], [0, '']);
        return stdout.replace(/in \d+ ms/, 'in 5 ms');
      };
      assert.equal(await line('start', 'report'), 'started report:1.0.0 in 5 ms, pid 5000\n');
      assert.equal(await line('restart', 'report'), 'restarted report:1.0.0 in 5 ms, pid 5001\n');
      assert.equal(await line('kill', '--signal', 'hup', 'report'), 'sent SIGHUP to report:1.0.0\n');
      assert.equal(await line('stop', '--timeout', '2s', 'report'), 'stopped report:1.0.0 in 5 ms, ended by SIGTERM\n');
      assert.equal(await line('kill', 'camera'), 'killed camera:2.1.0 in 5 ms\n');
      assert.deepEqual(done(bench), [
        ['start', 'report', {}],
        ['restart', 'report', {}],
        ['kill', 'report', { signal: 'SIGHUP' }],
        ['stop', 'report', { timeout: 2 }],
        ['kill', 'camera', { signal: 'SIGKILL' }],
      ]);
    }));

  test('is success when there is nothing left to do, but a signal that reaches nobody is not', () =>
    withConsole({}, async (bench) => {
      for (const [verb, name, line] of [
        ['start', 'camera', 'camera:2.1.0 is running already\n'],
        ['stop', 'oom', 'oom:1.0.0 is failed already\n'],
        ['kill', 'report', 'report:1.0.0 is stopped already\n'],
      ] as const) {
        const { code, stdout } = await thuban(bench, verb, name);
        assert.deepEqual([code, stdout], [0, line]);
      }
      for (const args of [
        ['kill', '--signal', 'HUP', 'report'],
        ['start', 'sensors.yaml'],
        ['stop', 'sensors.yaml'],
      ]) {
        const { code, stdout, stderr } = await thuban(bench, ...args);
        assert.deepEqual([code, stdout], [1, ''], args.join(' '));
        assert.match(stderr, /^error\[TH6005\]: /);
      }
    }));

  test('on several tries all of them, and counts', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'stop', 'nobody', 'm*', 'gateway:1.4.2', 'modem:0.9.0');
      assert.equal(code, 1);
      assert.match(stdout, /^stopped modem:0\.9\.0 in /m);
      assert.match(stdout, /^stopped gateway:1\.4\.2 in /m);
      assert.match(stderr, /^error\[TH6003\]: no container `nobody`/);
      assert.match(stderr, /\nstopped 2 of 3 containers; not nobody\n$/);
      const all = await thuban(bench, 'start', 'modem', 'gateway');
      assert.match(all.stderr, /^started 2 containers in /);
      assert.equal(all.code, 0);
    }));

  test('is tried on the others when a name or a pattern means nobody', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'stop', 'x*', 'camera');
      assert.equal(code, 1);
      assert.match(stderr, /^error\[TH6003\]: no container matches `x\*`\n/);
      assert.match(stderr, /\nstopped 1 of 2 containers; not x\*\n$/);
      assert.match(stdout, /^stopped camera:2\.1\.0 /);
      const removed = await thuban(bench, 'uninstall', 'cam*', 'nope*');
      assert.equal(removed.code, 1);
      assert.match(removed.stdout, /^uninstalled camera:2\.1\.0 from /);
      assert.match(removed.stderr, /^error\[TH6003\]: no container matches `nope\*`\n/);
      const alone = await thuban(bench, 'stop', 'x*');
      assert.deepEqual([alone.code, alone.stdout], [1, '']);
      assert.match(alone.stderr, /^error\[TH6003\]: no container matches `x\*`\n {2}hint: thuban ps\n$/);
    }));

  test('or a look is taken at those that there are, and the end is not good', () =>
    withConsole({}, async (bench) => {
      bench.control.write('camera:2.1.0', 'frame 1200 ok');
      for (const [verb, shown] of [
        ['logs', /frame 1200 ok/],
        ['inspect', /^report:1\.0\.0[^]*^camera:2\.1\.0/m],
      ] as const) {
        const { code, stdout, stderr } = await thuban(bench, verb, 'report', 'nope', 'camera', 'x*');
        assert.equal(code, 1);
        assert.match(stdout, shown);
        assert.match(stderr, /no container `nope`\n[^]*no container matches `x\*`\n/);
      }
      const json = await thuban(bench, 'inspect', '--json', 'nope', 'camera');
      assert.deepEqual(
        [json.code, (JSON.parse(json.stdout) as { id: string }[]).map(({ id }) => id)],
        [1, ['camera:2.1.0']],
      );
      assert.deepEqual(
        [(await thuban(bench, 'logs', 'nope')).code, (await thuban(bench, 'inspect', 'x*')).code],
        [1, 1],
      );
    }));

  test('is a list of results as JSON, the errors on stderr too', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'start', '--json', 'report', 'camera', 'nobody');
      assert.equal(code, 1);
      const results = JSON.parse(stdout) as Record<string, unknown>[];
      assert.deepEqual(
        results.map((result) => [Object.keys(result), result['id'], result['result']]),
        [
          [['id', 'action', 'result', 'duration', 'pid'], 'report:1.0.0', 'done'],
          [['id', 'action', 'result', 'state'], 'camera:2.1.0', 'already'],
          [['id', 'action', 'result', 'error'], 'nobody', 'error'],
        ],
      );
      assert.equal((JSON.parse(stderr) as { error: { code: string } }).error.code, 'TH6003');
    }));

  test('looks at the container, not at a rejected file that means the same and is listed before it', () =>
    withConsole({}, async (bench) => {
      const { containers } = bench.control;
      const [rejected] = containers.filter(({ state }) => state === 'rejected');
      assert.ok(rejected !== undefined);
      containers.unshift({ ...rejected, id: 'a.yaml', name: 'camera' });
      bench.control.write('camera:2.1.0', 'frame 1200 ok');
      await thuban(bench, 'logs', 'camera');
      assert.deepEqual(done(bench), [['logs', 'camera:2.1.0', {}]]);
    }));

  test('is silent with --quiet', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'start', '-q', 'report', 'modem');
      assert.deepEqual([code, stdout, stderr], [0, '', '']);
    }));
});

describe('thuban start', () => {
  test('hands another program, arguments and variables on', () =>
    withConsole({}, async (bench) => {
      const given = [
        'report',
        '--env',
        'A=1',
        '--env',
        'B=x=y',
        '--env',
        'C=',
        '--init',
        '/bin/sh',
        '--',
        '-c',
        '--json',
      ];
      assert.equal((await thuban(bench, 'start', ...given)).code, 0);
      const overrides = { args: ['-c', '--json'], env: { A: '1', B: 'x=y', C: '' }, init: '/bin/sh' };
      assert.deepEqual(done(bench), [['start', 'report', overrides]]);
    }));

  test('is no success when what is asked for could not be applied to what runs', () =>
    withConsole({}, async (bench) => {
      const { code, stderr } = await thuban(bench, 'start', 'camera', '--env', 'A=1');
      assert.equal(code, 1);
      assert.match(stderr, /^error\[TH6005\]: `camera:2\.1\.0` is running/);
    }));

  test('of what has no program is left out by --all and by patterns', () =>
    withConsole({}, async (bench) => {
      for (const one of bench.control.containers) if (one.name === 'report') one.resource = true;
      assert.equal((await thuban(bench, 'start', '--all')).code, 0);
      assert.equal((await thuban(bench, 'restart', 'oo*', 'r*p*', 'modem')).code, 1);
      assert.equal((await thuban(bench, 'restart', 'o*', '*t')).code, 1);
      assert.equal((await thuban(bench, 'start', '*:1.0.0')).code, 0);
      assert.equal(
        done(bench).some((call) => JSON.stringify(call).includes('report')),
        false,
      );
      assert.deepEqual(done(bench)[0], ['start', 'oom:1.0.0', {}]);
    }));

  test('can take all arguments away', () =>
    withConsole({}, async (bench) => {
      await thuban(bench, 'start', 'report', '--');
      assert.deepEqual(done(bench), [['start', 'report', { args: [] }]]);
    }));

  test('--all starts what does not run, without a question', () =>
    withConsole({}, async (bench) => {
      assert.equal((await thuban(bench, 'start', '--all')).code, 0);
      assert.deepEqual(done(bench), [
        ['start', 'oom:1.0.0', {}],
        ['start', 'report:1.0.0', {}],
      ]);
    }));
});

describe('--all of what runs', () => {
  test('is not done without a terminal to ask at, and says what it would do', () =>
    withConsole({}, async (bench) => {
      const running = '3 running containers: camera:2.1.0, gateway:1.4.2, modem:0.9.0';
      for (const [args, loss] of [
        [['stop', '--all'], `stop ${running}`],
        [['restart', '--all'], `restart ${running}`],
        [['kill', '--all'], `kill ${running}`],
        [['kill', '--all', '--signal', '1'], `send SIGHUP to ${running}`],
      ] as const) {
        const { code, stdout, stderr } = await thuban(bench, ...args);
        assert.deepEqual([code, stdout], [2, '']);
        assert.equal(stderr, `error[TH6009]: this would ${loss}; not asked without a terminal\n  hint: --yes\n`);
      }
      assert.deepEqual(done(bench), []);
    }));

  test('is done with --yes', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'stop', '--all', '-y');
      assert.equal(code, 0);
      assert.equal(stdout.match(/^stopped \S+ in /gm)?.length, 3);
      assert.match(stderr, /^stopped 3 containers in /);
    }));

  test('is nothing when nothing runs', () =>
    withConsole({}, async (bench) => {
      bench.control.containers = bench.control.containers.filter(({ name }) => name === 'report');
      const { code, stdout, stderr } = await thuban(bench, 'stop', '--all');
      assert.deepEqual([code, stdout, stderr], [0, '', 'no container is running\n']);
      assert.equal((await thuban(bench, 'kill', '--all', '--json')).stdout, '[]\n');
    }));
});

test('Ctrl-C leaves an action to the daemon, and says so', () =>
  withConsole({}, async (bench) => {
    bench.control.stop = () => new Promise(() => undefined);
    const stopping = new Promise<void>((resolve) => {
      const stop = bench.control.stop.bind(bench.control);
      bench.control.stop = (name, options) => {
        resolve();
        return stop(name, options);
      };
    });
    using cli = begin(bench, ['stop', 'camera']);
    await stopping;
    cli.signal('SIGINT');
    const { code, stdout, stderr } = await cli.ended;
    assert.deepEqual([code, stdout], [130, '']);
    assert.equal(stderr, 'left: the daemon goes on with the stop of camera   (thuban ps)\n');
  }));

describe('thuban shutdown', () => {
  /** The daemon goes away a little after it was asked to. */
  function endsSoon({ control, server }: Bench): void {
    const shutdown = control.shutdown.bind(control);
    control.shutdown = (options) => {
      shutdown(options);
      setTimeout(() => void server.close(), 150);
    };
  }

  test('asks when containers run, and says when the daemon is gone', () =>
    withConsole({}, async (bench) => {
      const refused = await thuban(bench, 'shutdown');
      assert.equal(refused.code, 2);
      assert.match(
        refused.stderr,
        /^error\[TH6009\]: this would end the daemon and stop 3 running containers: camera:2/,
      );
      assert.deepEqual(done(bench), []);
      endsSoon(bench);
      const { code, stdout } = await thuban(bench, 'shutdown', '--yes');
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^the daemon \(pid \d+\) ended in \d+ ms, stopped 3 containers: camera:2\.1\.0, gateway:1\.4\.2, modem:0\.9\.0\n$/,
      );
      assert.deepEqual(done(bench), [['shutdown', undefined, {}]]);
    }));

  test('--keep asks nothing, because the next daemon goes on with the containers', () =>
    withConsole({}, async (bench) => {
      endsSoon(bench);
      const { code, stdout } = await thuban(bench, 'shutdown', '--keep', '--json');
      const result = JSON.parse(stdout) as Record<string, unknown>;
      assert.deepEqual(
        [code, Object.keys(result), result['keep']],
        [0, ['pid', 'keep', 'duration', 'containers'], true],
      );
      assert.deepEqual(done(bench), [['shutdown', undefined, { keep: true }]]);
    }));

  test('gives up after its time-out, while the daemon goes on', () =>
    withConsole({}, async (bench) => {
      const { code, stderr } = await thuban(bench, 'shutdown', '-y', '--timeout', '300ms');
      assert.equal(code, 124);
      assert.match(stderr, /^error\[TH6015\]: the daemon \(pid \d+\) did not end within 300 ms\n/);
    }));
});
