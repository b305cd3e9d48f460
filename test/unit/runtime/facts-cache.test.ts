import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FactsCache } from '../../../src/runtime/facts-cache.ts';
import { gatherFacts, plan } from '../../../src/runtime/index.ts';
import { shell } from '../../support/containers.ts';

describe('facts that are kept', () => {
  test('give the same plan as fresh ones, the first time and again', () => {
    const { manifest } = shell('exit 0');
    const cache = new FactsCache();
    const fresh = plan(manifest, gatherFacts(manifest), {});
    for (let i = 0; i < 3; i++) assert.deepEqual(cache.plan(manifest, {}), fresh);
  });

  test('never keep a container from what is there by now', () => {
    const folder = mkdtempSync(join(tmpdir(), 'thuban-files-'));
    try {
      const host = join(folder, 'late');
      const { manifest } = shell('exit 0', { mounts: { '/mnt': { type: 'bind', host } } });
      const cache = new FactsCache();
      assert.deepEqual(
        cache.plan(manifest, {}).problems.map(({ code }) => code),
        ['TH3005'],
      );
      const { manifest: other } = shell('exit 0', { mounts: { '/mnt': { type: 'bind', host: folder } } });
      assert.deepEqual(cache.plan(other, {}).problems, []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
