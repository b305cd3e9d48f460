import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { thuban, withConsole } from './support.ts';

const parse = (text: string): unknown => JSON.parse(text);
const keys = (value: unknown): string[] => Object.keys(value as object);

describe('thuban ps', () => {
  test('prints a table in a pipe, and its notes beside it', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'ps');
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^NAME +STATE +UP +CPU +MEM\/LIMIT +RST +LAST EXIT\ncamera:2\.1\.0 +running +\d+d(\d+h)? +0% +88\/96 MiB +92% /,
      );
      assert.match(stdout, /^gateway:1\.4\.2 +running degraded privileged /m);
      assert.match(stdout, /^sensors\.yaml +rejected .* 1 error$/m);
      assert.match(stderr, /^# privileged: gateway · ▲ gateway: degraded, no swap accounting/);
      const asked = bench.control.calls.filter(({ action }) => action === 'list');
      assert.deepEqual(
        asked.map(({ options }) => options),
        [{ usage: true }, { usage: true }],
      );
    }));

  test('asks once where no CPU is to be shown', () =>
    withConsole({}, async (bench) => {
      assert.equal(
        (await thuban(bench, 'ls', '-q')).stdout,
        'camera:2.1.0\ngateway:1.4.2\nmodem:0.9.0\noom:1.0.0\nreport:1.0.0\nsensors.yaml\n',
      );
      assert.equal(
        (await thuban(bench, 'ps', '-q', '--filter', 'state=failed', '--filter', 'state=backoff')).stdout,
        'modem:0.9.0\noom:1.0.0\n',
      );
      assert.equal(bench.control.calls.length, 2);
    }));

  test('gives the keys of the contract as JSON, and sorts', () =>
    withConsole({}, async (bench) => {
      const all = parse((await thuban(bench, 'list', '--json', '--sort', 'restarts')).stdout) as Record<
        string,
        unknown
      >[];
      const [modem, oom, gateway] = all;
      const camera = all.find(({ name }) => name === 'camera');
      const common = ['id', 'name', 'version', 'state', 'since', 'conditions', 'restarts', 'oom_kills', 'file'];
      assert.deepEqual(keys(modem), [...common, 'next_start', 'last_exit']);
      assert.deepEqual(keys(oom), [...common, 'last_exit']);
      assert.deepEqual(keys(gateway), [...common, 'pid', 'started_at', 'privileged', 'last_exit', 'usage']);
      assert.deepEqual(keys(camera), [...common, 'pid', 'started_at', 'autostart', 'usage']);
      assert.deepEqual(keys(camera?.['usage']), ['cpu_us', 'cpu_quota_percent', 'memory', 'memory_limit', 'pids']);
      assert.deepEqual(keys(oom?.['last_exit']), ['reason', 'signal', 'oom', 'time', 'duration']);
      assert.deepEqual(keys((gateway?.['conditions'] as unknown[])[0]), ['type', 'since', 'message', 'code']);
    }));

  test('says what to do when there is nothing, with only the header on stdout', () =>
    withConsole({}, async (bench) => {
      const filtered = await thuban(bench, 'ps', '--filter', 'name=nobody');
      assert.deepEqual([filtered.code, filtered.stdout.split('\n').length], [0, 2]);
      assert.equal(filtered.stderr, 'no container matches the filter (6 containers without it)\n');
      bench.control.containers = [];
      const { code, stdout, stderr } = await thuban(bench, 'ps');
      assert.deepEqual([code, stdout], [0, 'NAME  STATE  UP  CPU  MEM/LIMIT    RST  LAST EXIT\n']);
      assert.equal(stderr, 'no containers; add a manifest to /var/lib/thuban/repository or: thuban run FILE\n');
      assert.deepEqual(parse((await thuban(bench, 'ps', '--json')).stdout), []);
    }));
});

describe('thuban inspect', () => {
  test('prints one after the other, also of a pattern', () =>
    withConsole({}, async (bench) => {
      const { code, stdout } = await thuban(bench, 'inspect', 'o*', 'camera', 'oom:1.0.0');
      assert.equal(code, 0);
      assert.deepEqual(stdout.match(/^\S+:\S+ {2}\w+/gm), ['oom:1.0.0  failed', 'camera:2.1.0  running']);
    }));

  test('gives the keys of the contract as JSON: an object for a name, a list for several', () =>
    withConsole({}, async (bench) => {
      const camera = parse((await thuban(bench, 'show', '--json', 'camera')).stdout);
      assert.deepEqual(keys(camera).sort(), [
        ...['autostart', 'command', 'conditions', 'cpu', 'digest', 'file', 'groups', 'history', 'id', 'lines'],
        ...['loaded_at', 'memory', 'mounts', 'name', 'oom_kills', 'pid', 'repository', 'restarts', 'since'],
        ...['started_at', 'state', 'usage', 'version'],
      ]);
      const several = parse((await thuban(bench, 'inspect', '--json', 'cam*')).stdout) as { id: string }[];
      assert.deepEqual(
        several.map(({ id }) => id),
        ['camera:2.1.0'],
      );
    }));

  test('shows rejected manifests too', () =>
    withConsole({}, async (bench) => {
      assert.match((await thuban(bench, 'inspect', 'sens*')).stdout, /^sensors\.yaml {2}rejected/);
    }));

  test('fails for a name that nobody has', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'inspect', 'nobody');
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /^error\[TH6003\]: no container `nobody`/);
      assert.match((await thuban(bench, 'inspect', 'x*')).stderr, /^error\[TH6003\]: no container matches `x\*`/);
    }));
});

describe('thuban logs', () => {
  test('prints in a pipe what was written and nothing else; -t adds time, stream and name', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      control.write('camera:2.1.0', 'first', 'stdout', '2026-01-31T10:44:11.020Z');
      control.write('gateway:1.4.2', 'timeout \u001b[2J', 'stderr', '2026-01-31T10:44:11.031Z');
      control.write('camera:2.1.0', '12 lines dropped', 'thuban', '2026-01-31T10:44:11.032Z');
      assert.equal((await thuban(bench, 'logs', 'camera')).stdout, 'first\n- 12 lines dropped -\n');
      assert.equal((await thuban(bench, 'logs', '--raw', 'gateway')).stdout, 'timeout \u001b[2J\n');
      assert.equal(
        (await thuban(bench, 'logs', '-t', 'camera', 'gateway')).stdout,
        [
          'camera  2026-01-31T10:44:11.020Z first',
          'gateway 2026-01-31T10:44:11.031Z E| timeout ^[[2J',
          'camera  2026-01-31T10:44:11.032Z - 12 lines dropped -\n',
        ].join('\n'),
      );
    }));

  test('of a pattern are those of containers, not of manifests that were rejected', () =>
    withConsole({}, async (bench) => {
      await thuban(bench, 'logs', '*or*', 's*', 'report').then(({ code }) => {
        assert.equal(code, 1); // s* matches only the rejected one
      });
      assert.equal((await thuban(bench, 'logs', '*')).code, 0);
      const asked = bench.control.calls.filter(({ action }) => action === 'logs').map(({ name }) => name);
      assert.ok(!asked.includes('sensors.yaml'));
    }));

  test('asks for the end or the time that is wanted', () =>
    withConsole({}, async (bench) => {
      await thuban(bench, 'logs', '-n', '20', '--since', '2026-01-31T10:00Z', 'camera');
      assert.deepEqual(bench.control.calls.find(({ action }) => action === 'logs')?.options, {
        tail: 20,
        since: '2026-01-31T10:00:00.000Z',
      });
      for (const flags of [
        ['-n', 'x'],
        ['--since', 'x'],
      ])
        assert.equal((await thuban(bench, 'logs', 'camera', ...flags)).code, 2);
    }));

  test('is an array of records as JSON, each with its container', () =>
    withConsole({}, async (bench) => {
      assert.deepEqual(parse((await thuban(bench, 'logs', '--json', 'camera')).stdout), []);
      bench.control.write('camera:2.1.0', 'a "b"', 'stderr');
      bench.control.write('camera:2.1.0', '\u001b');
      const records = parse((await thuban(bench, 'logs', '--json', 'camera')).stdout) as Record<string, unknown>[];
      assert.deepEqual(records.map(keys), Array(2).fill(['container', 'time', 'stream', 'line']));
      assert.deepEqual(
        records.map(({ line, container }) => [container, line]),
        [
          ['camera:2.1.0', 'a "b"'],
          ['camera:2.1.0', '\u001b'],
        ],
      );
    }));

  test('says why there is nothing', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      assert.equal((await thuban(bench, 'logs', 'report')).stderr, 'report:1.0.0 has written nothing\n');
      const report = control.containers.find(({ name }) => name === 'report');
      assert.ok(report !== undefined);
      report.manifest = { name: 'report', version: '1.0.0', uid: 1, gid: 1, io: { stdout: 'discard', stderr: 'pipe' } };
      report.lines = { 'io.stdout': 9 };
      assert.equal(
        (await thuban(bench, 'logs', 'report')).stderr,
        'report:1.0.0: io.stdout is discard, report.yaml:9\n',
      );
      delete report.last_exit;
      delete report.manifest;
      assert.equal(
        (await thuban(bench, 'logs', 'report')).stderr,
        'report:1.0.0 has written nothing: it did not run yet\n',
      );
      const wrong = await thuban(bench, 'logs', 'repart');
      assert.deepEqual(
        [wrong.code, wrong.stderr],
        [1, 'error[TH6003]: no container `repart`\n  hint: did you mean `report`?\n'],
      );
    }));
});

describe('thuban events', () => {
  test('prints what happened, as much as is asked for', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      control.emit('started', 'camera:2.1.0', { pid: 7 });
      control.emit('state', 'oom:1.0.0', { state: 'failed', previous: 'running' });
      control.emit('state', 'camera:2.1.0', { state: 'stopped', previous: 'running' });
      const lines = async (...flags: string[]): Promise<string[]> =>
        (await thuban(bench, 'events', ...flags)).stdout
          .split('\n')
          .slice(0, -1)
          .map((line) => line.slice(26));
      assert.deepEqual(await lines(), [
        'started     camera:2.1.0   pid 7',
        'state       oom:1.0.0      failed, was running',
        'state       camera:2.1.0   stopped, was running',
      ]);
      assert.deepEqual(await lines('-n', '1'), ['state       camera:2.1.0   stopped, was running']);
      assert.deepEqual(await lines('--since', '@2'), ['state       camera:2.1.0   stopped, was running']);
      assert.equal((await lines('--since', '1h')).length, 3);
      assert.deepEqual(await lines('--since', new Date(Date.now() + 60_000).toISOString()), []);
      assert.deepEqual(await lines('--type', 'started,exited', '--container', 'cam*'), [
        'started     camera:2.1.0   pid 7',
      ]);
      assert.deepEqual(bench.control.calls.at(-1)?.options, { types: ['started', 'exited'], containers: ['cam*'] });
    }));

  test('is an array of the contract’s records as JSON', () =>
    withConsole({}, async (bench) => {
      bench.control.emit('started', 'camera:2.1.0', { pid: 7, duration_ms: 3 });
      const records = parse((await thuban(bench, 'notifications', '--json')).stdout) as unknown[];
      assert.deepEqual(records.map(keys), [['epoch', 'seq', 'time', 'type', 'container', 'pid', 'duration_ms']]);
    }));

  test('names a type that there is not', () =>
    withConsole({}, async (bench) => {
      const { code, stderr } = await thuban(bench, 'events', '--type', 'exitd');
      assert.equal(code, 1);
      assert.match(stderr, /^error\[TH6012\]: .*exitd/);
    }));
});

describe('without a daemon', () => {
  test('a client says so once, and what to do', async () => {
    const nobody = { path: '/nonexistent/console.sock' };
    for (const args of [['ps'], ['stop', 'a', 'b'], ['logs', 'x'], ['wait', 'x']]) {
      const { code, stdout, stderr } = await thuban(nobody, ...args);
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(
        stderr.match(/error\[TH6001\]: no daemon answers at \/nonexistent\/console\.sock \(no such file\)\n {2}hint: /g)
          ?.length,
        1,
        stderr,
      );
    }
    const { error } = parse((await thuban(nobody, 'ps', '--json')).stderr) as { error: { code: string; name: string } };
    assert.deepEqual([error.code, error.name], ['TH6001', 'no_daemon']);
  });

  test('version tells its own, and with -v why the daemon’s is missing', async () => {
    const nobody = { path: '' };
    const alone = await thuban(nobody, 'version');
    assert.equal(alone.code, 0);
    assert.match(alone.stdout, /^thuban \S+ {3}Node \S+, Linux .*\n$/);
    assert.match(
      (await thuban(nobody, 'version', '--socket', '/nonexistent/x')).stderr,
      /^no daemon answers at \/nonexistent\/x/,
    );
  });
});

describe('with a daemon', () => {
  test('version tells of both', () =>
    withConsole({}, async (bench) => {
      const { stdout } = await thuban(bench, 'version');
      assert.match(
        stdout,
        /^thuban .*\ndaemon 0\.1\.0 {3}Node 20\.20\.2, pid \d+ since 2026-01-31T10:02:11\.000Z, cgroups v2, 6 containers\n$/,
      );
      const json = parse((await thuban(bench, 'version', '--json')).stdout);
      assert.deepEqual(keys(json), ['version', 'node', 'kernel', 'arch', 'daemon']);
    }));

  test('-v says whom it asks, -vv also what', () =>
    withConsole({}, async (bench) => {
      assert.equal((await thuban(bench, 'ps', '-q', '-v')).stderr, `asking the daemon at ${bench.path}\n`);
      assert.match((await thuban(bench, 'ps', '-q', '-vv')).stderr, /\nGET \/v1\/containers\S* 200 \(\d+ ms\)\n$/);
    }));

  test('a reader that closes the pipe early is no failure', () =>
    withConsole({}, async (bench) => {
      for (let at = 0; at < 5000; at++) bench.control.write('camera:2.1.0', 'x'.repeat(100));
      const { begin } = await import('./support.ts');
      for (const args of [['ps'], ['logs', 'camera'], ['logs', '-f', 'camera'], ['events', '-f']]) {
        using cli = begin(bench, args);
        cli.process.stdout?.destroy();
        bench.control.emit('started', 'camera:2.1.0', { pid: 1 });
        const nudge = setInterval(() => bench.control.emit('started', 'camera:2.1.0', { pid: 1 }), 200);
        const { code, stderr } = await cli.ended;
        clearInterval(nudge);
        assert.deepEqual([args, code], [args, 0], stderr);
      }
    }));
});
