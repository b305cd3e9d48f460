import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../support/processes.ts';
import { begin, thuban, withConsole } from './support.ts';

describe('exec', () => {
  test('asks for what the command line says, and passes streams and code on', () =>
    withConsole({}, async (bench) => {
      using cli = begin(bench, ['exec', '-i', '-e', 'A=1', '-w', '/data', 'camera', '--', 'cat', '-n']);
      cli.process.stdin?.end('hello\n');
      const { code, stdout } = await cli.ended;
      assert.deepEqual([code, stdout], [0, 'hello\n']);
      const [program] = bench.control.programs;
      assert.deepEqual(program?.request, { args: ['cat', '-n'], env: { A: '1' }, working_dir: '/data', stdin: true });
      const failed = await thuban(bench, 'exec', 'camera', '--', 'fail');
      assert.deepEqual([failed.code, failed.stdout, failed.stderr], [3, '', 'no\n']);
    }));

  test('passes signals on, and tells by its code which one ended the program', () =>
    withConsole({}, async (bench) => {
      using cli = begin(bench, ['exec', 'camera', '--', 'sleep', '9']);
      await until('it runs', () => bench.control.programs.length === 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      cli.signal('SIGHUP');
      await until('it is told', () => bench.control.programs[0]?.told.length === 1);
      cli.signal('SIGTERM');
      assert.equal((await cli.ended).code, 143);
      assert.deepEqual(bench.control.programs[0]?.told, [1, 15]);
    }));

  test('asks for a terminal of the usual size where there is none', () =>
    withConsole({}, async (bench) => {
      assert.equal((await thuban(bench, 'exec', '-t', 'camera', '--', 'fail')).code, 3);
      assert.deepEqual(bench.control.programs[0]?.request.tty, { rows: 24, columns: 80 });
      assert.equal(bench.control.programs[0]?.request.stdin, undefined);
    }));

  test('says by 125 that Thuban did not start it, and by 2 what is wrong with the command line', () =>
    withConsole({}, async (bench) => {
      const stopped = await thuban(bench, 'exec', 'report', '--', 'true');
      assert.equal(stopped.code, 125);
      assert.match(stopped.stderr, /^error\[TH6005\]/);
      for (const words of [
        ['camera'],
        ['camera', '--'],
        ['--json', 'camera', '--', 'true'],
        ['-e', 'x', 'camera', '--', 'true'],
      ])
        assert.equal((await thuban(bench, 'exec', ...words)).code, 2, words.join(' '));
    }));
});
