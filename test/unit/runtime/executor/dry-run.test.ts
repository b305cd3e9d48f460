import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Reconciler } from '../../../../src/runtime/reconciler.ts';
import { VerifiedFile } from '../../../../src/runtime/repository/index.ts';
import { temporaryFolder } from '../../../support/folders.ts';
import { until } from '../../../support/processes.ts';
import { ExecutorBench, manifest } from './bench.ts';

test('a question what would be done holds up nothing of what is', async () => {
  using folder = temporaryFolder();
  await using bench = new ExecutorBench();
  const { fleet, history } = bench;
  const debounce = 1;
  const options = {
    ...bench.options,
    repositories: { main: { dir: folder.path, keys: [], requireSignature: false } },
    watch: { debounce, rescan: 0.1 },
  };
  const verified = new VerifiedFile(join(folder.path, 'verified.json'), false, assert.ifError);
  const reconciler = new Reconciler({ options, fleet, history, verified });
  try {
    await reconciler.begin([]);
    reconciler.run();
    const write = (name: string): void => {
      const { manifest: text } = manifest(`${name}:1.0.0`, ':', { autostart: 'relaxed' });
      writeFileSync(join(folder.path, `${name}.yaml`), JSON.stringify({ ...text, rootfs: 'host' }), { mode: 0o644 });
    };
    write('a');
    await pause(debounce * 700);
    write('b'); // it has to hold still, and whoever asks waits for that
    let isAnswered = false;
    const answer = reconciler.apply({ dry_run: true }).finally(() => {
      isAnswered = true;
    });
    await until('a runs', () => bench.board.live.includes('a:1.0.0'));
    assert.equal(isAnswered, false);
    const found = (await answer).changes.map(({ id }) => id);
    // On a busy board b may hold still and be added before the answer is given: then there is nothing left to do.
    if (fleet.catalogue.entries.has('b:1.0.0') && found.length === 0) return;
    assert.deepEqual(found, ['b:1.0.0']);
  } finally {
    await reconciler.close();
  }
});
