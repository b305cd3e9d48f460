import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Cleanup } from '../../../src/base/index.ts';
import { measureDaemon } from '../../../bench/measure-daemon.ts';
import { measureStart } from '../../../bench/measure-start.ts';
import { readOptions } from '../../../bench/options.ts';
import { daemonReport, startReport } from '../../../bench/report.ts';
import { openWorkshop } from '../../../bench/workshop.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const hasCompiler = ['cc', 'gcc', 'clang'].some((name) => spawnSync(name, ['--version']).status === 0);
const root = needsRoot();
const needs = root.skip === false && !hasCompiler ? { skip: 'needs a C compiler' } : root;
const never = new AbortController().signal;

test('the benchmark measures starts and daemons, and leaves nothing behind', needs, async () => {
  const options = readOptions(['--quick', '--rounds', '1']);
  assert.ok(options !== 'help');
  await leavesNothingBehind(async () => {
    await using cleanup = new Cleanup();
    const workshop = openWorkshop(options, cleanup);
    const start = await measureStart(workshop, options, never);
    const daemon = await measureDaemon(workshop, 2, { ...options, boots: 1 }, never);

    for (const { rows, failures } of [start.quiet, start.loop, daemon.start]) {
      assert.deepEqual(failures, []);
      for (const { name, first, gone } of rows)
        assert.ok(first !== undefined && gone !== undefined && 0 < first.min && first.min < gone.max, name);
    }
    const names = start.quiet.rows.map(({ name }) => name);
    for (const name of ['thuban daemon', 'launcher alone', 'floor: the same container'])
      assert.ok(names.includes(name));
    assert.equal(daemon.adopting?.count, 1);
    assert.ok(daemon.inits.pss > 0 && daemon.daemon.anonymous > 0);
    assert.ok(startReport(start).length > 20 && daemonReport([daemon]).length > 8);
  });
});
