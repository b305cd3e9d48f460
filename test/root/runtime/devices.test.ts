import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { DeviceRule } from '../../../src/cgroups/index.ts';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session } from '../../../src/runtime/index.ts';
import { runIn, shell, type Result } from '../../support/containers.ts';
import { asRoot } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';
import { facts } from '../cgroups/board.ts';

const devicesOn = facts.controllers['devices']?.version ?? 2;

async function trial(
  script: string,
  cgroups: NonNullable<Manifest['cgroups']>,
  prepare: (session: Session) => void = () => undefined,
): Promise<Result> {
  let result!: Result;
  await leavesNothingBehind(async () => {
    await using session = await Session.open({ prefix: 'thuban-test-' });
    prepare(session);
    // As root with its capabilities: what stops it here is the cgroup, and nothing else.
    result = await runIn(session, shell(script, { ...asRoot, cgroups }));
  });
  return result;
}

const rule = (minor: number, access: string): DeviceRule & { type: 'c'; access: string } => ({
  allow: true,
  type: 'c',
  major: 1,
  minor,
  access,
});

/** One word for each line: `ok`, or `EPERM`. */
const SCRIPT = [
  'exec 3< /dev/null',
  'exec 3> /dev/null',
  'exec 3< /dev/zero',
  'exec 3> /dev/zero',
  'exec 3< /dev/urandom',
]
  .map(
    (command) =>
      `said=$( (${command}) 2>&1 ) && echo ok || case $said in *permitted*) echo EPERM;; *) echo "$said";; esac`,
  )
  .join('\n');

describe(`a container with cgroups.devices (v${devicesOn})`, needsRoot(), () => {
  test('uses the standard nodes', async () => {
    const { stdout, exit } = await trial(SCRIPT, { devices: [] });
    assert.deepEqual([exit.reason, exit.code], ['exited', 0]);
    assert.deepEqual(stdout.trim().split('\n'), ['ok', 'ok', 'ok', 'ok', 'ok']);
  });

  test('is denied what its rules leave out, though the node is there and it is root', async () => {
    const devices = [{ allow: false, type: 'a' as const, access: 'rwm' }, rule(3, 'rw'), rule(5, 'r')];
    const { stdout } = await trial(SCRIPT, { devices });
    assert.deepEqual(stdout.trim().split('\n'), ['ok', 'ok', 'ok', 'EPERM', 'EPERM']);
  });

  test('and without them is denied nothing', async () => {
    const { stdout } = await trial(SCRIPT, {});
    assert.deepEqual(stdout.trim().split('\n'), ['ok', 'ok', 'ok', 'ok', 'ok']);
  });
});

const skipV1 = devicesOn === 1 && 'devices are on cgroups v1 here, which needs no program';

describe('a kernel without device programs', { skip: needsRoot().skip || skipV1 }, () => {
  const refuse = (session: Session): void => {
    session.board.launcher.setDevices = () => Promise.resolve('EINVAL');
  };

  test('refuses a container with rules, and leaves nothing of it', async () => {
    const { exit } = await trial('true', { devices: [] }, refuse);
    assert.equal(exit.reason, 'start_failed');
    assert.equal(exit.error?.['code'], 'TH2008');
  });

  test('degrades one that asks for best effort', async () => {
    const { exit, supervised } = await trial('true', { devices: [], enforce: 'best_effort' }, refuse);
    assert.equal(exit.reason, 'exited');
    assert.deepEqual(
      supervised.lastRun?.degraded.map(({ code, key }) => [code, key]),
      [['TH2008', 'cgroups.devices']],
    );
  });
});

describe('raw files of a section', needsRoot(), () => {
  const [file, wanted] =
    facts.controllers['memory']?.version === 1 ? ['memory.swappiness', '40'] : ['memory.high', '33554432'];

  test('are written beside its other keys', async () => {
    let found = '';
    await leavesNothingBehind(async () => {
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const memory = { memory_hard_limit: 67_108_864, attrs: { [file]: wanted } };
      const { exit } = await runIn(session, shell('sleep 1', { cgroups: { memory } }), {
        whenRunning: ({ lastRun }) => {
          found = readFileSync(`${lastRun?.groups.memory?.path ?? ''}/${file}`, 'utf8').trim();
        },
      });
      assert.equal(exit.reason, 'exited', JSON.stringify(exit));
    });
    assert.equal(found, wanted);
  });
});
