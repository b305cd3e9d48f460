import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { attack, attacker, emptyScratch, inSession, needsAttacker } from '../../support/attacker.ts';
import { runIn, shell } from '../../support/containers.ts';
import { inContainer } from '../../support/execution.ts';
import { almighty } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';

const SLEEPS = 'exec sleep 1000';
const { env, mounts } = attacker;

describe('the image of the init', needsAttacker(), () => {
  test('is what a trap of links to /proc/self/exe executes, and it stays as it was (CVE-2019-5736)', async () => {
    emptyScratch();
    symlinkSync('/proc/self/exe', join(attacker.scratch, 'tool'));
    writeFileSync(join(attacker.scratch, 'script'), '#!/proc/self/exe\n', { mode: 0o755 });
    // Before its execve(2), /proc/self/exe of a program that is started from outside is the init.
    const watch = `exec 2>&1; for i in $(seq 2000); do for e in /proc/[0-9]*/exe; do
      case $(readlink $e) in */memfd:thuban-init*) (: >> $e) && echo WROTE; esac; done; done`;
    await inContainer(shell(SLEEPS, { ...almighty, env, mounts }), async ({ exec, begin }) => {
      const watcher = await begin(['sh', '-c', watch]);
      for (const tool of ['/scratch/tool', '/scratch/script'])
        for (let i = 0; i < 10; i++) assert.equal((await exec([tool])).code, 1, 'the init, which finds nothing to do');
      await watcher.execution.signal(9);
      await watcher.ended;
      assert.match(watcher.output.text.stdout, /Text file busy|Operation not permitted|Permission denied/);
      assert.doesNotMatch(watcher.output.text.stdout, /WROTE/);
      assert.equal((await exec(['/attack/attacker', 'ids'])).code, 0);
    });
    await inSession(async (session) => {
      assert.equal((await runIn(session, shell('exit 7'))).exit.code, 7);
    });
  });
});

describe('the descriptors of a program', needsAttacker(), () => {
  const streams = '0:20000 1:10000 2:10000 ';

  test('are those that are configured, for the strongest program as well, and for one that is started in it', async () => {
    await inSession(async (session) => {
      const sockets = { one: { type: 'stream', mode: 0o600 }, two: { type: 'datagram', mode: 0o600 } } as const;
      const { stdout } = await runIn(session, attack(['descriptors'], { ...almighty, sockets }));
      assert.equal(stdout, `${streams}3:140000 4:140000 \n`);
    });
    await inContainer(shell(SLEEPS, { ...almighty, env, mounts }), async ({ exec }) => {
      assert.equal((await exec(['/attack/attacker', 'descriptors'])).stdout, `${streams}\n`);
    });
  });
});

describe('the kernel’s keyrings', needsAttacker(), () => {
  test('of whoever starts Thuban are not those of its containers', async () => {
    const thuban = resolve(import.meta.dirname, '../../../dist/thuban.mjs');
    await leavesNothingBehind(async () => {
      const inKeyring = (...command: string[]): string => {
        const { stdout, stderr } = spawnSync(attacker.program, ['with-key', ...command], {
          encoding: 'utf8',
          env: { ...process.env, ...env },
        });
        assert.match(stdout, /^key_of_session/, stderr);
        return stdout.trim();
      };
      const ask = ['probe', 'key_of_session'];
      assert.equal(inKeyring(attacker.program, ...ask), 'key_of_session DONE', 'else this shows nothing');
      for (const sections of [{}, almighty]) {
        const file = join(attacker.scratch, 'key.yaml');
        writeFileSync(file, JSON.stringify(attack(ask, sections).manifest));
        assert.equal(inKeyring(process.execPath, thuban, 'run', file), 'key_of_session ENOKEY');
      }
      return Promise.resolve();
    });
  });
});
