import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { gatherFacts } from '../../../src/runtime/index.ts';
import { runToEnd, shell, type Result } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const PROFILE = 'thuban-test';
const isThere = gatherFacts().modules?.includes('apparmor') === true;

async function run(script: string, apparmor: NonNullable<Manifest['apparmor']>): Promise<Result> {
  let result: Result | undefined;
  await leavesNothingBehind(async () => {
    const mounts: Manifest['mounts'] = { '/tmp': { type: 'tmpfs', size: 1 << 20 } };
    result = await runToEnd(shell(script, { mounts, apparmor }));
  });
  assert.ok(result !== undefined);
  return result;
}

/** The kernel's files for profiles, whether this board has them mounted or not. */
function withPolicy(write: (folder: string) => void): void {
  using folder = temporaryFolder();
  const security = join(folder.path, 'security');
  mkdirSync(security);
  assert.equal(spawnSync('mount', ['-t', 'securityfs', 'securityfs', security]).status, 0);
  try {
    write(join(security, 'apparmor'));
  } finally {
    spawnSync('umount', [security]);
  }
}

describe('a profile of AppArmor', isThere ? needsRoot() : { skip: 'needs a kernel that runs with AppArmor' }, () => {
  before(() => {
    const compiled = readFileSync(resolve(import.meta.dirname, '../../fixtures/apparmor', `${PROFILE}.bin`));
    withPolicy((policy) => {
      writeFileSync(join(policy, '.replace'), compiled);
    });
  });
  after(() => {
    withPolicy((policy) => {
      writeFileSync(join(policy, '.remove'), PROFILE);
    });
  });

  for (const optional of [false, true])
    test(`confines the program from its first instruction on${optional ? ', also an optional one' : ''}`, async () => {
      const script = 'cat /proc/self/attr/current; echo 1 > /tmp/other; echo 1 > /tmp/forbidden; ls /tmp';
      const { exit, stdout, stderr } = await run(script, { profile: PROFILE, ...(optional ? { optional } : {}) });
      assert.deepEqual([exit.reason, exit.code], ['exited', 0], JSON.stringify(exit.error));
      assert.equal(stdout, `${PROFILE} (enforce)\nother\n`);
      assert.match(stderr, /forbidden: Permission denied/);
    });

  test('that is not loaded refuses the start, also when AppArmor itself is optional', async () => {
    for (const optional of [false, true]) {
      const { exit } = await run('true', { profile: 'thuban-missing', ...(optional ? { optional } : {}) });
      assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', 'TH3010']);
      assert.match(String(exit.error?.['message']), /^no profile `thuban-missing` is loaded \(ENOENT\)/);
    }
  });
});
