import assert from 'node:assert/strict';
import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { attack, attacker, emptyScratch, needsAttacker } from '../../support/attacker.ts';
import { Conversation, shell } from '../../support/containers.ts';
import { inContainer } from '../../support/execution.ts';
import { asRoot, ownCapabilities } from '../../support/identity.ts';
import { almighty as almightyInNamespace } from '../../support/user-namespace.ts';

const SLEEPS = 'exec sleep 1000';
const { env, mounts } = attacker;

/** SECURITY.md says who else is let in by CAP_SYS_PTRACE without a user namespace. */
const STALKERS: readonly [string, Partial<Manifest>][] = [
  ['root without a capability', asRoot],
  [
    'root with every capability but CAP_SYS_PTRACE',
    { ...asRoot, capabilities: ownCapabilities.filter((name) => name !== 'CAP_SYS_PTRACE') },
  ],
  ['root in a user namespace with every capability', almightyInNamespace],
];

describe('a program that is started in a container', needsAttacker(), () => {
  for (const [who, sections] of STALKERS)
    test(`is in the hands of ${who} only when it has given up its privileges`, async () => {
      const output = new Conversation();
      await inContainer(
        attack(['stalk', '1500'], sections),
        async ({ exec }) => {
          await output.saw('ready');
          let ended = false;
          void output.saw('met').then(() => (ended = true));
          while (!ended)
            await exec(['/attack/attacker', 'descriptors']).catch((error: unknown) => {
              if (!['TH6005', 'TH3010'].includes((error as { code?: string }).code ?? '')) throw error; // the stalker has ended
            });
        },
        { output },
      );
      const [, met, reached] = /met (\d+), reached (\d+)/.exec(output.text.stdout) ?? [];
      assert.ok(Number(met) > 0, 'it met some before they executed their program');
      assert.equal(reached, '0');
    });

  test('has the container’s environment and confinement, whatever lies in its place', async () => {
    emptyScratch();
    copyFileSync(attacker.program, join(attacker.scratch, 'ls'));
    writeFileSync(join(attacker.scratch, 'evil.so'), '');
    process.env['LD_PRELOAD_OF_HOST'] = '/scratch/evil.so';
    try {
      const swapped = { ...env, PATH: '/scratch:/usr/bin:/bin' };
      await inContainer(shell(SLEEPS, { env: swapped, mounts }), async ({ exec }) => {
        assert.equal((await exec(['ls', 'ids'])).stdout, '1000 0\n', 'what stands for `ls` has the rights of the user');
        assert.doesNotMatch((await exec(['env'])).stdout, /OF_HOST/);
        const preload = { env: { LD_PRELOAD: '/scratch/evil.so' } };
        assert.match((await exec(['/usr/bin/env'], preload)).stderr, /evil\.so/, 'read in the container, by its user');
      });
    } finally {
      delete process.env['LD_PRELOAD_OF_HOST'];
    }
  });

  test('begins in no folder outside of the root', async () => {
    emptyScratch();
    for (const [name, to] of Object.entries({ proc: '/proc/self/fd/5', init: '/proc/1/root', up: '../../../../..' }))
      symlinkSync(to, join(attacker.scratch, name));
    await inContainer(shell(SLEEPS, { ...asRoot, env, mounts }), async ({ exec }) => {
      for (const folder of ['/proc/self/fd/5', '/proc/self/cwd', '/proc/1/root', '/scratch/proc', '/scratch/init'])
        await assert.rejects(exec(['pwd'], { working_dir: folder }), { code: 'TH3010' }, folder);
      for (const folder of ['/scratch/up', '/../../..', '/scratch/../../..']) {
        const { stdout } = await exec(['/attack/attacker', 'probe', 'directly', 'above_root'], { working_dir: folder });
        assert.equal(stdout, 'directly ENOENT\nabove_root ENOENT\n', folder);
      }
    });
  });
});
