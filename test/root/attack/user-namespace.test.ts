import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { attack, attacker, doneOf, emptyScratch, inSession, needsAttacker, probe } from '../../support/attacker.ts';
import { runIn, shell } from '../../support/containers.ts';
import { ownCapabilities } from '../../support/identity.ts';
import { FIRST, almighty, asRoot } from '../../support/user-namespace.ts';

/** What is its own: mounts of what it sees already, user namespaces in its own, and capabilities of files that hold there only. */
const OWN = ['bind_root', 'file_capability', 'nested_namespace', 'share_mounts'];

/** What the board allows everybody is no power: see capabilities.test.ts. */
const FREE = ['read_kernel_log', 'load_program', 'profile_board'];

describe('root in a user namespace', needsAttacker(), () => {
  for (const [who, sections] of [
    ['without a capability', asRoot],
    ['with every capability', almighty],
  ] as const)
    test(`${who} gets out on no way`, async () => {
      await inSession(async (session) => {
        const before = readFileSync('/proc/self/mountinfo', 'utf8');
        const answers = await probe(session, sections);
        assert.ok(answers.size > 50, 'all were tried');
        const free = who === 'without a capability' ? FREE : [];
        assert.deepEqual(
          doneOf(answers).filter((name) => !OWN.includes(name) && !free.includes(name)),
          [],
        );
        for (const name of ['root_of_init', 'descriptors_of_init', 'write_exe_of_init', 'enter_groups_of_init'])
          assert.equal(answers.get(name), 'EACCES', name);
        for (const name of ['trace_init', 'steal_descriptor_of_init', 'make_disk', 'mount_proc', 'set_clock'])
          assert.equal(answers.get(name), 'EPERM', name);
        assert.match(answers.get('write_core_pattern') ?? '', /EACCES|EROFS/);
        assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), before);
      });
    });

  test('without it, root with the same capabilities does what is tried here', async () => {
    await inSession(async (session) => {
      const sections = { uid: 0, gid: 0, process: { privileged: true }, capabilities: ownCapabilities };
      const done = doneOf(await probe(session, sections));
      for (const name of ['trace_init', 'enter_groups_of_init', 'mount_proc', 'uncover_keys'])
        assert.ok(done.includes(name), name);
    });
  });

  test('leaves to the board files of nobody who is known there, and no device or user of another', async () => {
    await inSession(async (session) => {
      emptyScratch();
      const script = `cd /scratch; cp /attack/attacker own; chmod 4755 own; cp own file; /attack/attacker probe file_capability
        chown 70000 own 2>&1; mknod pipe p; mknod null c 1 3; exit 0`;
      const { exit, stdout, stderr } = await runIn(
        session,
        shell(script, { ...almighty, env: attacker.env, mounts: attacker.mounts }),
      );
      assert.equal(exit.code, 0);
      assert.match(stdout, /^file_capability DONE$/m);
      assert.match(stdout, /own.*Invalid argument/, 'an id outside of its range');
      assert.match(stderr, /null.*Operation not permitted/);
      assert.deepEqual(readdirSync(attacker.scratch).sort(), ['file', 'own', 'pipe']);
      const own = statSync(`${attacker.scratch}/own`);
      assert.deepEqual([own.uid, own.gid, (own.mode & 0o7777).toString(8)], [FIRST, FIRST + 1000, '4755']);
      // In another container it means its own user, and its capabilities nothing.
      const loaded = attack(['ids'], { process: { privileged: false, no_new_privs: false } });
      for (const [init, ids] of [
        ['/scratch/own', `${FIRST} 0\n`],
        ['/scratch/file', '1000 0\n'],
      ] as const)
        assert.equal((await runIn(session, { ...loaded, manifest: { ...loaded.manifest, init } })).stdout, ids, init);
    });
  });
});
