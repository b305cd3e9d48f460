import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { widthOf } from '../../../src/cli/text-width.ts';
import { BUNDLE, Cli } from '../../support/cli.ts';
import { plain } from '../../support/terminal.ts';
import { withConsole, type Bench } from './support.ts';

const script = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '';
const skip = script.includes('util-linux') ? false : 'needs script of util-linux, which makes a terminal';

/** `thuban ARGS` at a terminal of its own, as wide as asked. What it writes to either stream is in `stdout`. */
function atTerminal({ path }: Bench, columns: number, command: string, env: NodeJS.ProcessEnv = {}): Cli {
  const line = `stty cols ${columns} rows 24; exec ${process.execPath} ${BUNDLE} ${command}`;
  return new Cli(
    [
      '-e',
      `
    const { spawn } = require('node:child_process');
    const child = spawn('script', ['-qec', ${JSON.stringify(line)}, '/dev/null'], { stdio: 'inherit' });
    child.on('exit', (code) => process.exit(code));
  `,
    ],
    {
      bundle: '--no-warnings',
      env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', TERM: 'xterm', TZ: 'UTC', THUBAN_SOCKET: path, ...env },
    },
  );
}

describe('at a terminal', { skip }, () => {
  test('ps has symbols and colours, and fits', () =>
    withConsole({}, async (bench) => {
      using cli = atTerminal(bench, 60, 'ps');
      const { code, stdout } = await cli.ended;
      assert.equal(code, 0);
      const lines = stdout.trimEnd().split('\r\n');
      assert.ok(
        lines.some((line) => line.startsWith('\u001b[32m●\u001b[39m camera:2.1.0')),
        stdout,
      );
      for (const line of lines) assert.ok(widthOf(plain(line)) <= 60, line);
    }));

  test('a serial console gets ASCII, and NO_COLOR no colours', () =>
    withConsole({}, async (bench) => {
      using cli = atTerminal(bench, 80, 'ps', { TERM: 'vt102', NO_COLOR: '1' });
      const { stdout } = await cli.ended;
      assert.match(stdout, /^\* camera:2\.1\.0 /m);
      assert.match(stdout, /^[\r\n\x20-\x7e]*$/);
    }));

  test('stop --all asks, and the answer is no unless it is yes', () =>
    withConsole({}, async (bench) => {
      for (const [answer, code, stopped] of [
        ['\n', 1, 0],
        ['x\n', 1, 0],
        ['\u0004', 1, 0],
        ['y\n', 0, 3],
      ] as const) {
        using cli = atTerminal(bench, 200, 'stop --all');
        await cli.saw('Go on? [y/N] ');
        cli.process.stdin?.write(answer);
        const end = await cli.ended;
        assert.equal(end.code, code, end.stdout);
        if (code === 1) assert.match(end.stdout, /nothing was done\r\n$/);
        assert.equal(bench.control.calls.filter(({ action }) => action === 'stop').length, stopped);
      }
    }));

  test('what takes long says for what it waits and until when', () =>
    withConsole({}, async (bench) => {
      const stop = bench.control.stop.bind(bench.control);
      bench.control.stop = async (name, options) => {
        const camera = bench.control.containers.find((one) => one.name === 'camera');
        if (camera !== undefined) Object.assign(camera, { state: 'stopping', since: new Date().toISOString() });
        await new Promise((resolve) => setTimeout(resolve, 1500));
        if (camera !== undefined) camera.state = 'running';
        return stop(name, options);
      };
      using cli = atTerminal(bench, 200, 'stop camera');
      const { code, stdout } = await cli.ended;
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^stopping camera: SIGTERM sent [\d.]+ m?s ago, killed after 10 s {3}\(Ctrl-C leaves, the daemon goes on\)\r\nstopped camera:2\.1\.0 in /,
      );
    }));

  test('apply says since when it waits for a container to end', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      const since = new Date(Date.now() - 2000).toISOString();
      for (const one of control.containers)
        if (one.name === 'gateway') Object.assign(one, { state: 'stopping', since });
      const apply = control.apply.bind(control);
      control.apply = async (options) => {
        if (options?.dry_run !== true) await new Promise((resolve) => setTimeout(resolve, 1500));
        return apply(options);
      };
      using cli = atTerminal(bench, 200, 'apply');
      assert.match(
        (await cli.ended).stdout,
        /^waiting for gateway:1\.4\.2 to end: SIGTERM sent [\d.]+ s ago, killed after 10 s {3}\(Ctrl-C leaves/,
      );
    }));

  test('wait says so too', () =>
    withConsole({}, async (bench) => {
      using cli = atTerminal(bench, 200, 'wait --timeout 900ms camera');
      const { code, stdout } = await cli.ended;
      assert.equal(code, 124);
      assert.match(
        stdout,
        /^waiting until camera:2\.1\.0 has ended \(running for .*\), for 900 ms at most {3}\(Ctrl-C leaves it alone\)\r\n/,
      );
    }));
});
