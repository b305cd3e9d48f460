import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { Cli } from '../../support/cli.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

/** Shown when the container with a quota runs. */
const QUOTA = gatherFacts().cgroups.controllers['cpu']?.version === 1 ? 'cpu.cfs_quota_us' : 'cpu.max';
const CLEAN = /^clean: 0 cgroups, 0 mounts, 0 processes, 0 sockets left; (.*)$/;

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

describe('thuban demo', needsRoot(), () => {
  test('shows four containers, finds everything as claimed, and leaves nothing', async () => {
    await leavesNothingBehind(async () => {
      const end = await new Cli(['demo']).ended;
      assert.equal(end.code, 0, end.stdout);
      assert.match(CLEAN.exec(lastLine(end.stdout))?.[1] ?? end.stdout, /^passed in \d/);
      assert.doesNotMatch(end.stdout, /^\s*NOT/m);
      assert.equal(end.stdout.match(/^ {2}ok {2}/gm)?.length, 4, end.stdout);
      assert.match(end.stdout, /Hello from hello:1\.0\.0/);
      assert.equal(end.stderr, '');
    });
  });

  for (const [moment, text] of [
    ['at its beginning', 'ready in'],
    ['while a container runs', QUOTA],
    ['between two starts', 'backoff'],
  ] as const)
    test(`interrupted ${moment}, it still ends clean`, async () => {
      await leavesNothingBehind(async () => {
        using cli = new Cli(['demo']);
        await cli.saw(text);
        cli.signal('SIGINT');
        const end = await cli.ended;
        assert.match(CLEAN.exec(lastLine(end.stdout))?.[1] ?? JSON.stringify(end), /^interrupted in \d/);
        assert.equal(end.code, 130);
      });
    });

  test('killed, it leaves nothing either', async () => {
    await leavesNothingBehind(async () => {
      using cli = new Cli(['demo']);
      await cli.saw(QUOTA);
      cli.process.kill('SIGKILL');
      assert.equal((await cli.ended).signal, 'SIGKILL');
    });
  });
});
