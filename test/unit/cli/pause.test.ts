import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { thuban, withConsole, type Bench } from './support.ts';

/** What the daemon was asked to do, without what was only looked up. */
function done({ control }: Bench): unknown[] {
  return control.calls
    .filter(({ action }) => !['list', 'inspect', 'version'].includes(action))
    .map(({ action, name, options }) => [action, name, options]);
}

describe('pause and resume', () => {
  test('say how many are held and for how long, and what is so already is success', () =>
    withConsole({}, async (bench) => {
      const line = async (...args: string[]): Promise<[number | null, string]> => {
        const { code, stdout, stderr } = await thuban(bench, ...args);
        return [code, stdout.replace(/in \d+ ms/, 'in 5 ms') + stderr];
      };
      assert.deepEqual(await line('resume', 'camera'), [0, 'camera:2.1.0 is running already\n']);
      assert.deepEqual(await line('pause', 'camera'), [0, 'paused camera:2.1.0 in 5 ms, 4 processes\n']);
      assert.deepEqual(await line('pause', 'camera'), [0, 'camera:2.1.0 is paused already\n']);
      assert.match((await line('ps'))[1], /^camera:2\.1\.0 +running paused /m);
      assert.match((await line('inspect', 'camera'))[1], /^ {2}paused {5}on request$/m);
      assert.deepEqual(await line('resume', 'camera'), [0, 'resumed camera:2.1.0 in 5 ms, after 12 s\n']);
      const [code, text] = await line('pause', 'report');
      assert.equal(code, 1);
      assert.match(text, /^error\[TH6005\]: `report:1\.0\.0` is stopped, pause needs running/);
      const json = await thuban(bench, 'pause', '--json', 'camera');
      assert.deepEqual(
        (JSON.parse(json.stdout) as Record<string, unknown>[]).map(({ duration: _, ...rest }) => rest),
        [{ id: 'camera:2.1.0', action: 'pause', result: 'done', changed: true, processes: 4 }],
      );
    }));

  test('with --all pause what runs and resume what is paused, without a question', () =>
    withConsole({}, async (bench) => {
      await thuban(bench, 'pause', 'camera');
      bench.control.calls.length = 0;
      assert.equal((await thuban(bench, 'pause', '--all')).code, 0);
      assert.equal((await thuban(bench, 'resume', '--all')).code, 0);
      assert.deepEqual(done(bench), [
        ['pause', 'gateway:1.4.2', undefined],
        ['resume', 'camera:2.1.0', undefined],
        ['resume', 'gateway:1.4.2', undefined],
      ]);
      const none = await thuban(bench, 'resume', '--all');
      assert.deepEqual([none.code, none.stderr], [0, 'no container is paused\n']);
    }));
});
