import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import type { Session } from '../../../src/runtime/index.ts';
import {
  attack,
  attacker,
  doneOf,
  emptyScratch,
  inSession,
  MARK,
  needsAttacker,
  probe,
} from '../../support/attacker.ts';
import { runIn, shell } from '../../support/containers.ts';
import { almighty, asRoot, ownCapabilities } from '../../support/identity.ts';

/** What a capability opens, of all that is tried. SECURITY.md tells the same to people. */
const OPENS: Readonly<Record<string, readonly string[]>> = {
  CAP_DAC_READ_SEARCH: ['by_handle'],
  CAP_MKNOD: ['make_disk'],
  CAP_SETFCAP: ['file_capability'],
  CAP_SYS_MODULE: ['load_module'],
  CAP_SYS_RAWIO: ['use_ports'],
  CAP_SYSLOG: ['read_kernel_log'],
  CAP_BPF: ['load_program'],
  CAP_PERFMON: ['profile_board'],
  CAP_SYS_TIME: ['set_clock'],
  CAP_SYS_PTRACE: ['read_memory_of_init', 'mappings_of_init', 'trace_init', 'steal_descriptor_of_init'],
  CAP_SYS_ADMIN: [
    ...[
      'load_program',
      'list_programs',
      'profile_board',
      'mount_proc',
      'mount_sysfs',
      'mount_groups2',
      'make_writable',
    ],
    ...['make_root_writable', 'make_proc_writable', 'uncover_keys', 'bind_root', 'share_mounts', 'watch_board'],
  ],
};

/** What newer kernels open besides: from 6.16 on, who may profile reads the table of mappings. */
const MAY_OPEN: Readonly<Record<string, readonly string[]>> = {
  CAP_PERFMON: ['mappings_of_init'],
  CAP_SYS_ADMIN: ['mappings_of_init'],
};

/** Boards on which everybody may do that. */
const FREE = new Set(
  [
    ['read_kernel_log', 'dmesg_restrict', 1],
    ['load_program', 'unprivileged_bpf_disabled', 1],
    ['profile_board', 'perf_event_paranoid', 1],
  ].flatMap(([name, file, from]) => (settingOf(String(file)) < Number(from) ? [String(name)] : [])),
);

function settingOf(name: string): number {
  try {
    return Number(readFileSync(`/proc/sys/kernel/${name}`, 'utf8'));
  } catch {
    return Infinity; // a kernel without it
  }
}

/** Of what the kernel has not, nothing is shown. */
const ABSENT = new Set(['ENOSYS', 'ENODEV', 'EOPNOTSUPP']);

/** That these were stopped where they should be, and not by a mistake of the attacker. */
const STOPPED: readonly [string, readonly string[]][] = [
  ['directly', ['ENOENT']],
  ['above_root', ['ENOENT']],
  ['own_descriptors', ['ENOENT']],
  ['root_of_init', ['EACCES']],
  ['descriptors_of_init', ['EACCES']],
  ['write_exe_of_init', ['EACCES']],
  ['trace_init', ['EPERM']],
  ['steal_descriptor_of_init', ['EPERM']],
  ['enter_groups_of_init', ['EACCES']],
  ['write_core_pattern', ['EROFS']],
  ['write_sys', ['EROFS', 'ENOENT']],
  ['hidden_keys', ['ENODATA', 'ENOENT']],
  ['write_groups', ['ENOENT']],
  ['reboot_board', ['EPERM']],
  ['nested_namespace', ['DONE', 'EPERM', 'ENOSPC', 'EINVAL']],
  ['nested_proc', ['EPERM', 'ENOSPC', 'EINVAL']],
  ['nested_uncover', ['EINVAL', 'EPERM', 'ENOSPC']],
];

/** A user namespace in the container is no escape, but where some are tried from. */
function escapes(answers: Map<string, string>): string[] {
  return doneOf(answers).filter((name) => name !== 'nested_namespace' && !FREE.has(name));
}

describe('root in a container', needsAttacker(), () => {
  for (const [who, sections] of [
    ['a user', {}],
    ['root', asRoot],
  ] as const)
    test(`gets out on no way without a capability, nor does a user: ${who}`, async () => {
      await inSession(async (session) => {
        const answers = await probe(session, sections);
        assert.deepEqual(escapes(answers), []);
        for (const [name, expected] of STOPPED) {
          const stopped = who === 'a user' && name.startsWith('write_') ? [...expected, 'EACCES'] : expected;
          assert.ok(stopped.includes(answers.get(name) ?? ''), `${name}: ${answers.get(name) ?? 'not tried'}`);
        }
      });
    });

  test('without a capability owns the kernel’s settings where the manifest leaves /proc writable', async () => {
    await inSession(async (session) => {
      const answers = await probe(session, { ...asRoot, paths: { read_only: 'none' } }, ['write_core_pattern']);
      assert.equal(answers.get('write_core_pattern'), 'DONE', 'as SECURITY.md says');
    });
  });

  test('opens with each capability what is said of it, and nothing else', async (t) => {
    const lacking = Object.keys(OPENS).filter((name) => !ownCapabilities.includes(name));
    if (lacking.length > 0) t.diagnostic(`not tried, because Thuban itself lacks it here: ${lacking.join(', ')}`);
    await inSession(async (session) => {
      for (const capability of ownCapabilities) {
        const answers = await probe(session, { ...asRoot, capabilities: [capability] });
        const opened = (OPENS[capability] ?? []).filter(
          (name) => !FREE.has(name) && !ABSENT.has(answers.get(name) ?? ''),
        );
        const done = escapes(answers).filter((name) => !MAY_OPEN[capability]?.includes(name));
        assert.deepEqual(done.sort(), opened.sort(), capability);
        if (capability === 'CAP_SYS_BOOT') assert.equal(answers.get('reboot_board'), 'EINVAL', 'the namespace’s own');
        if (capability === 'CAP_SYS_CHROOT') assert.equal(answers.get('leave_chroot'), 'ENOENT', 'no file of the host');
      }
    });
  });

  test('with all of them leaves no mount on the board, and finds no root but its own', async () => {
    const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');
    const before = mounts();
    await inSession(async (session) => {
      const answers = await probe(session, almighty);
      for (const name of ['root_of_init', 'folder_of_init', 'descriptors_of_init', 'leave_chroot'])
        assert.equal(answers.get(name), 'ENOENT', `${name}: it looked, and the host is not there`);
      assert.equal(answers.get('write_exe_of_init'), 'ETXTBSY');
      assert.equal(answers.get('open_disk'), 'EACCES', 'nodev');
      // Mounts that it leaves, in a namespace that it has made shared, go with the namespace.
      const script = `/attack/attacker probe share_mounts
        for i in 1 2 3 4 5 6 7 8 9; do mkdir /scratch/$i; mount -t tmpfs none /scratch/$i && echo mounted; done`;
      const { stdout } = await runIn(
        session,
        shell(script, { ...almighty, env: attacker.env, mounts: attacker.mounts }),
      );
      assert.equal(stdout, `share_mounts DONE\n${'mounted\n'.repeat(9)}`);
      assert.equal(mounts(), before);
    });
  });
});

describe('a disk of the host', needsAttacker(), () => {
  /** As far as a device of the test’s own: `open_disk` reads what is on it. */
  async function withDisk(body: (disk: string) => Promise<void>): Promise<void> {
    const file = join(attacker.scratch, '..', 'disk');
    writeFileSync(file, MARK.padEnd(4096));
    const { status, stdout, stderr } = spawnSync('losetup', ['--find', '--show', file], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const device = stdout.trim();
    try {
      await body(readFileSync(`/sys/class/block/${device.slice('/dev/'.length)}/dev`, 'utf8').trim());
    } finally {
      assert.equal(spawnSync('losetup', ['--detach', device]).status, 0);
    }
  }

  test('is read by who may make its node where devices are not forbidden, and not with nodev or a list of devices', async () => {
    await withDisk(async (disk) => {
      const scratch = (options: string): NonNullable<Manifest['mounts']> => ({
        '/scratch': { type: 'bind', host: attacker.scratch, options },
      });
      const maker: Partial<Manifest> = { ...asRoot, capabilities: ['CAP_MKNOD'], env: { DISK: disk } };
      const list: Manifest['cgroups'] = { devices: [{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }] };
      const names = ['make_disk', 'open_disk'];
      await inSession(async (session) => {
        const free = await probe(session, { ...maker, mounts: scratch('rw') }, names);
        assert.deepEqual([...free.values()], ['DONE', 'DONE'], 'else this shows nothing');
        const nodev = await probe(session, { ...maker, mounts: scratch('rw,nodev') }, names);
        assert.deepEqual([...nodev.values()], ['DONE', 'EACCES']);
        const listed = await probe(session, { ...maker, mounts: scratch('rw'), cgroups: list }, names);
        assert.deepEqual([...listed.values()], ['DONE', 'EPERM']);
      });
    });
  });
});

describe('what a program executes', needsAttacker(), () => {
  const run = async (session: Session, args: string[], sections: Partial<Manifest>): Promise<string> => {
    const loaded = attack(args, sections);
    const { exit, stdout } = await runIn(session, {
      ...loaded,
      manifest: { ...loaded.manifest, init: '/scratch/file' },
    });
    return exit.reason === 'start_failed'
      ? `${String(exit.error?.['code'])} ${String(exit.error?.['message'])}`
      : stdout;
  };
  const place = (mode: number): void => {
    const file = join(attacker.scratch, 'file');
    copyFileSync(attacker.program, file);
    chmodSync(file, mode);
  };

  test('gives it no other user, nor a capability, through a file of root', async () => {
    await inSession(async (session) => {
      emptyScratch();
      place(0o4755);
      assert.equal(await run(session, ['ids'], {}), '1000 0\n');
      // Whoever asks for it gets the user, and still no capability beyond the list.
      assert.equal(await run(session, ['ids'], { process: { privileged: false, no_new_privs: false } }), '0 0\n');
    });
  });

  test('gives no capability that is not on the list, whatever it writes on its files', async () => {
    await inSession(async (session) => {
      emptyScratch();
      place(0o755);
      const writer: Partial<Manifest> = { ...asRoot, capabilities: ['CAP_SETFCAP'] };
      const { stdout } = await runIn(session, attack(['probe', 'file_capability'], writer));
      assert.equal(stdout, 'file_capability DONE\n');
      // The kernel does not execute what wants more than the bounding set has (EPERM).
      for (const sections of [{}, { process: { privileged: false, no_new_privs: false } }])
        assert.match(await run(session, ['ids'], sections), /^TH3003 /);
    });
  });
});

describe('a restart of the board', needsAttacker(), () => {
  test('from inside, with CAP_SYS_BOOT, ends the container', async () => {
    await inSession(async (session) => {
      const own = readlinkSync('/proc/self/ns/pid');
      const { env, mounts } = attacker;
      // Not before it is told that it runs: an init that is killed by then is a failed start.
      const script = `sleep 0.5; exec /attack/attacker restart '${own}'`;
      const { exit } = await runIn(session, shell(script, { ...asRoot, capabilities: ['CAP_SYS_BOOT'], env, mounts }));
      assert.deepEqual([exit.reason, exit.signal], ['signalled', 'SIGHUP'], JSON.stringify(exit));
      const without = await runIn(session, attack(['restart', own], asRoot));
      assert.deepEqual([without.exit.reason, without.exit.code], ['exited', 1], 'EPERM');
    });
  });
});
