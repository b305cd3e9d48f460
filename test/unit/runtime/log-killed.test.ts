import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { LogStores } from '../../../src/runtime/log-store.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { linesOf, logLimits } from '../../support/logs.ts';

const module = join(import.meta.dirname, '../../../src/runtime/log-store.ts');

/** Writes ten lines at a time and says so, for as long as it lives. */
function writer(folder: string): string {
  const limits = JSON.stringify({ ...logLimits, size: 1 << 20 });
  return `import { writeSync } from 'node:fs';
    import { LogStores } from ${JSON.stringify(module)};
    const store = new LogStores(${JSON.stringify(folder)}, ${limits}).open('camera:1.0.0');
    const timer = setInterval(() => {
      for (let round = 0; round < 5; round++) {
        let text = '';
        for (let i = 0; i < 10; i++) text += 'line ' + next++ + '\\n';
        // Half of a line in each chunk, so that there is something to be torn.
        store.write('stdout', Buffer.from(text.slice(0, -3)));
        store.write('stdout', Buffer.from(text.slice(-3)));
        writeSync(1, next + '\\n');
      }
    });
    let next = 0;`;
}

describe('the log of a daemon that is killed', () => {
  for (const wanted of [50, 400, 1500]) {
    test(`has every line that it took, killed after ${wanted}`, async () => {
      using top = temporaryFolder();
      const program = ['--import', 'tsx', '--input-type=module', '-e', writer(top.path)];
      const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      let told = '';
      for await (const data of child.stdout as AsyncIterable<Buffer>) {
        told += data.toString();
        if (Number(told.trim().split('\n').at(-1)) >= wanted) child.kill('SIGKILL');
      }
      assert.deepEqual(await ended, [null, 'SIGKILL']);
      const taken = Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1));
      const store = new LogStores(top.path, logLimits).open('camera:1.0.0');
      store.end('stdout');
      const lines = await linesOf(store);
      assert.ok(lines.length >= taken, `${lines.length} of ${taken}`);
      lines.slice(0, taken).forEach((line, i) => {
        assert.equal(line, `stdout line ${i}`);
      });
      store.close();
    });
  }
});
