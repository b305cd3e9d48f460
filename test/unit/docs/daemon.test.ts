import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { failpoints } from '../../../src/base/index.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { transitions } from '../../../src/runtime/states.ts';
import { temporaryFolder } from '../../support/folders.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('docs/reference/daemon.md', () => {
  const page = read('docs/reference/daemon.md');

  test('has every state, and what may follow it', () => {
    for (const [state, next] of Object.entries(transitions)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${state}\` |`)) ?? '';
      const told = [...(row.split('|')[3] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name);
      assert.deepEqual(told.sort(), [...next].sort(), state);
    }
  });

  test('the decision counts the places at which the tests let a daemon die', () => {
    const decision = read('docs/decisions/0013-a-run-outlives-its-daemon.md');
    assert.match(decision, new RegExp(`each of ${failpoints.length} steps`));
  });
});

describe('examples/systemd/thuban.service', () => {
  const unit = read('examples/systemd/thuban.service');
  const setting = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
  const seconds = (key: string): number => Number(/^(\d+)s$/.exec(setting(key))?.[1]);

  test('waits longer than the orderly end takes, and less than containers are held', () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'thuban.yaml');
    writeFileSync(file, '', { mode: 0o644 });
    const loaded = loadConfig({ file, env: {}, flags: {} });
    assert.ok(loaded.ok);
    const { shutdown, daemon } = loaded.config;
    assert.ok(seconds('TimeoutStopSec') > shutdown.timeout);
    assert.ok(seconds('RestartSec') < daemon.lease / 2);
  });

  test('lets the launcher and the run directory outlive the daemon, which makes no code from text', () => {
    assert.equal(setting('KillMode'), 'process');
    assert.equal(setting('Restart'), 'always');
    assert.equal(setting('RuntimeDirectory'), 'thuban');
    assert.equal(setting('RuntimeDirectoryPreserve'), 'yes');
    assert.match(setting('ExecStart'), / --disallow-code-generation-from-strings \S+\/thuban\.mjs daemon$/);
  });
});
