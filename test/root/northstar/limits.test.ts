import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Exit } from '../../../src/runtime/index.ts';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { TestDaemon } from '../../support/daemon.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

const MiB = 1024 * 1024;

/** Seconds; an emulated board is ten times slower. */
const PATIENCE = process.env['THUBAN_EMULATED'] === undefined ? 20 : 200;

/** A suite that needs root, and a board that can limit this. */
function needs(...controllers: string[]): { skip: string | false } {
  const root = needsRoot();
  if (root.skip !== false) return root;
  const { controllers: all } = gatherFacts().cgroups;
  const missing = controllers.filter((name) => all[name] === undefined);
  return missing.length === 0 ? root : { skip: `this kernel has no controller ${missing.join(', ')}` };
}

async function cpuUsed(daemon: TestDaemon, name: string): Promise<number> {
  return (await daemon.client.container(name)).cpu?.usage_us ?? 0;
}

describe('containers that eat the processor', needs('cpu', 'cpuset'), () => {
  test('get it by their shares, in the group that both name', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon();
      for (const [name, shares] of [
        ['small', 256],
        ['large', 1024],
      ] as const)
        daemon.add(name, 'while :; do :; done', { cgroups: { parent: 'eaters', cpu: { shares, cpus: '0' } } });
      await daemon.start();
      for (const name of ['small', 'large']) {
        await daemon.client.start(name);
        const { groups = [] } = await daemon.client.container(name);
        assert.ok(groups.length > 0 && groups.every(({ path }) => path.includes(`/eaters/c-${name}@`)));
      }
      const used = async (): Promise<[number, number]> => [
        await cpuUsed(daemon, 'small'),
        await cpuUsed(daemon, 'large'),
      ];
      const [small, large] = await used();
      // As long as it takes on a processor of which others take the most.
      let more: [number, number] = [0, 0];
      await until('both have eaten', async () => {
        const now = await used();
        more = [now[0] - small, now[1] - large];
        return more[0] > 300_000 && more[1] > 300_000;
      });
      const ratio = more[1] / more[0];
      assert.ok(ratio > 2 && ratio < 8, `four times the shares got ${ratio} times the processor: ${String(more)}`);
      await daemon.signal('SIGTERM');
    });
  });
});

describe('a container that eats memory', needs('memory'), () => {
  test('is killed at its limit within 20 seconds, which is told, and no other one is', async () => {
    await leavesNothingBehind(async () => {
      await using daemon = new TestDaemon();
      const memory = { memory_hard_limit: 16 * MiB, memory_swap_limit: 16 * MiB };
      daemon.add('memeater', 'x=0123456789abcdef; while :; do x=$x$x; done', { cgroups: { memory } });
      daemon.add('beside', 'exec sleep 1000', { cgroups: { memory } });
      await daemon.start();
      const { pid } = await daemon.client.start('beside');
      const started = performance.now();
      await daemon.client.start('memeater');
      const [oom] = await daemon.told('oom', 'memeater:1.0.0');
      const [exited] = await daemon.told('exited', 'memeater:1.0.0');
      const seconds = (performance.now() - started) / 1000;
      assert.ok(seconds < PATIENCE, `it took ${seconds} s`);
      const { reason, signal, oom: cause } = exited?.['exit'] as Exit;
      assert.deepEqual([reason, signal, cause?.cause, cause?.limit], ['oom_killed', 'SIGKILL', 'own_limit', 16 * MiB]);
      assert.ok((oom?.seq ?? 0) < (exited?.seq ?? 0), 'first why, then that');
      const beside = await daemon.container('beside');
      assert.deepEqual([beside.state, beside.pid, beside.oom_kills], ['running', pid, 0]);
      await daemon.signal('SIGTERM');
    });
  });
});
