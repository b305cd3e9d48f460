import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Manifest, Process } from '../../../src/manifest/index.ts';
import { runToEnd, shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot, field, ownCapabilities } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

type Wanted = Omit<Process, 'privileged'>;

/** What a script says in a container with this section `process`. */
async function run(script: string, process: Wanted, sections: Partial<Manifest> = {}): Promise<string> {
  let stdout = '';
  await leavesNothingBehind(async () => {
    const result = await runToEnd(shell(script, { ...sections, process: { privileged: false, ...process } }));
    assert.equal(result.exit.code, 0, `${JSON.stringify(result.exit)} ${result.stderr}`);
    stdout = result.stdout;
  });
  return stdout;
}

interface Refusal {
  code: string;
  message: string;
  details: { key?: string };
}

/** Why a container with these sections is not started. */
async function refusal(sections: Partial<Manifest>): Promise<Refusal | undefined> {
  const { exit } = await runToEnd(shell('true', sections));
  assert.equal(exit.reason, 'start_failed', JSON.stringify(exit));
  return exit.error as Refusal | undefined;
}

const DATA: Manifest['mounts'] = { '/proc': { type: 'proc' }, '/data': { type: 'tmpfs', size: 65536 } };

describe('the section process', needsRoot(), () => {
  test('umask: new files do not get these permissions', async () => {
    const script = 'touch /data/file; mkdir /data/folder; stat -c %a /data/file /data/folder; umask';
    assert.equal(await run(script, { umask: 0o027 }, { mounts: DATA }), '640\n750\n0027\n');
    assert.equal(await run(script, { umask: 0 }, { mounts: DATA }), '666\n777\n0000\n');
    assert.equal(await run(script, {}, { mounts: DATA }), '644\n755\n0022\n');
  });

  test('oom_score_adj: the kernel has the score, and children inherit it', async () => {
    const script = 'cat /proc/self/oom_score_adj /proc/$$/oom_score_adj';
    for (const score of [0, 345, 1000])
      assert.equal(await run(script, { oom_score_adj: score }), `${score}\n${score}\n`);
    assert.equal(await run(script, {}), '0\n0\n');
  });

  test('oom_score_adj: less than Thuban itself has needs CAP_SYS_RESOURCE, and is refused without it', async () => {
    if (ownCapabilities.includes('CAP_SYS_RESOURCE')) {
      assert.equal(await run('cat /proc/self/oom_score_adj', { oom_score_adj: -1000 }), '-1000\n');
      return;
    }
    const error = await refusal({ process: { privileged: false, oom_score_adj: -1000 } });
    assert.deepEqual([error?.code, error?.details.key], ['TH3007', 'process.oom_score_adj']);
  });

  test('no_new_privs: false lets a program gain what it is allowed to gain, and nothing else', async () => {
    const script = 'cat /proc/self/status';
    const [without, plain] = [await run(script, { no_new_privs: false }), await run(script, {})];
    assert.equal(field(without, 'NoNewPrivs'), '0');
    assert.equal(field(plain, 'NoNewPrivs'), '1');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      assert.equal(BigInt(`0x${field(without, set)}`), 0n, set);
  });

  test('new_session: the program leads its session, or is in that of its init', async () => {
    // Fields 5 and 6 of /proc/PID/stat behind the name: process group and session. 0 is one outside of the namespace.
    const script = 'for pid in $$ 1; do sed "s/.*) //" /proc/$pid/stat | cut -d " " -f 3,4; done; echo $$';
    const [own = '', init, pid = ''] = (await run(script, {})).trim().split('\n');
    assert.deepEqual([own, init], [`${pid} ${pid}`, '1 1']);
    const shared = (await run(script, { new_session: false })).trim().split('\n');
    assert.deepEqual(shared.slice(0, 2), ['1 1', '1 1']);
  });

  test('new_session: false does not let a signal to the own group out of the container', async () => {
    await leavesNothingBehind(async () => {
      const root: Partial<Manifest> = { ...asRoot, process: { privileged: true, new_session: false } };
      // Were the group that of the launcher, this would end it, and the run would not be told how the program ended.
      const { exit } = await runToEnd(shell('kill -KILL 0; sleep 60', root));
      assert.deepEqual([exit.reason, exit.signal], ['signalled', 'SIGKILL']);
    });
  });

  test('working_dir: the program begins there', async () => {
    assert.equal(
      await run('pwd; readlink /proc/self/cwd', { working_dir: '/data' }, { mounts: DATA }),
      '/data\n/data\n',
    );
    assert.equal(await run('pwd', {}), '/\n');
    assert.equal(await run('pwd', { working_dir: '/usr/./lib/' }), '/usr/lib\n');
  });
});

describe('a working directory that cannot be', needsRoot(), () => {
  const refusals: [what: string, folder: string, prepare: (folder: string) => void, expected: RegExp][] = [
    ['one that is missing', '/data/none', () => undefined, /working_directory `\/data\/none`: .*ENOENT/],
    ['a file', '/proc/version', () => undefined, /ENOTDIR/],
    [
      'one that the user may not enter',
      '/data/secret',
      (folder) => {
        mkdirSync(`${folder}/secret`, { mode: 0o700 });
      },
      /EACCES/,
    ],
    [
      // The groups of the container are open there until the program is executed, and `..` of them is the host.
      'a link to a descriptor',
      '/data/link',
      (folder) => {
        symlinkSync('/proc/self/fd/6', `${folder}/link`);
      },
      /ELOOP/,
    ],
    ['a descriptor', '/proc/self/fd/6', () => undefined, /ELOOP/],
  ];
  for (const [what, working_dir, prepare, expected] of refusals)
    test(`${what} refuses the start, at its key`, async () => {
      await leavesNothingBehind(async () => {
        using folder = temporaryFolder();
        chmodSync(folder.path, 0o755);
        prepare(folder.path);
        const mounts: Manifest['mounts'] = { '/proc': { type: 'proc' }, '/data': { type: 'bind', host: folder.path } };
        const error = await refusal({ mounts, process: { privileged: false, working_dir } });
        assert.equal(error?.code, 'TH3010');
        assert.match(error.message, expected);
        assert.equal(error.details.key, 'process.working_dir');
      });
    });
});
