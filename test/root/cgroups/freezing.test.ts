import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AcquiredGroups, Resources } from '../../../src/cgroups/index.ts';
import { wholeDiskOf } from '../../../src/runtime/doctor/disk.ts';
import { Pausing } from '../../../src/runtime/pausing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { childrenOf, until } from '../../support/processes.ts';
import { disk, ended, facts, fs, inside, skipUnless, version, withGroups } from './board.ts';

const skip = skipUnless(version, 'memory', 'pids');
const hasPerl = spawnSync('perl', ['-e', '0']).status === 0;
const needsPerl = skip || (!hasPerl && 'needs perl, whose programs can call the kernel');

/** clone(2) and ptrace(2) by architecture. */
const [CLONE, PTRACE] = { x64: [56, 101], arm64: [220, 117], arm: [120, 26] }[process.arch as 'x64'];
const [VFORK, SIGCHLD] = [0x4100, 17]; // CLONE_VFORK | CLONE_VM
const VFORKING = `syscall(${CLONE}, ${VFORK + SIGCHLD}, 0, 0, 0, 0); sleep 1000; sleep 1000;`;
/** PTRACE_TRACEME, and to stop for whoever traces. */
const TRACED = `if (fork == 0) { syscall(${PTRACE}, 0, 0, 0, 0); kill "STOP", $$; sleep 1000; } sleep 1000;`;

const perl = (script: string): string => `exec perl -e '${script}'`;

/** As ps has it: `D` waits in the kernel, `t` is stopped for its tracer. */
function stateOf(pid: number): string | undefined {
  return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

function statesIn(groups: AcquiredGroups): string {
  return groups
    .pids()
    .map((pid) => stateOf(pid))
    .sort()
    .join('');
}

/** It comes to rest as a whole, goes on, comes to rest again, and dies of one kill. */
async function holds(groups: AcquiredGroups): Promise<void> {
  for (let time = 1; time <= 3; time++) {
    assert.deepEqual(await groups.freeze(), { outcome: 'frozen' });
    assert.deepEqual(groups.freezerState(), { state: 'frozen', self: true });
    assert.deepEqual(await groups.thaw(), { outcome: 'thawed' });
  }
  assert.deepEqual(await groups.freeze(), { outcome: 'frozen' });
  assert.equal(await groups.kill(), true);
}

test('a parent that waits for its vforked child is held', { skip: needsPerl }, async () => {
  await withGroups({}, async (groups) => {
    const parent = inside(groups, perl(VFORKING));
    await until('it waits in vfork', () => statesIn(groups) === 'DS');
    await holds(groups);
    assert.deepEqual(await ended(parent), { signal: 'SIGKILL' });
  });
});

test('what is stopped for a tracer beside it is held, and stays stopped', { skip: needsPerl }, async () => {
  await withGroups({}, async (groups) => {
    const tracer = inside(groups, perl(TRACED));
    await until('it is traced', () => statesIn(groups) === 'St');
    assert.deepEqual(await groups.freeze(), { outcome: 'frozen' });
    assert.deepEqual(await groups.thaw(), { outcome: 'thawed' });
    await until('it is stopped still', () => statesIn(groups) === 'St');
    await holds(groups);
    assert.deepEqual(await ended(tracer), { signal: 'SIGKILL' });
  });
});

test('what is stopped for a tracer outside is held', { skip: needsPerl }, async () => {
  await withGroups({}, async (groups) => {
    const tracer = spawn('perl', ['-e', TRACED], { stdio: 'ignore' });
    try {
      await until('it is traced', () => childrenOf(tracer.pid ?? 0).some((pid) => stateOf(pid) === 't'));
      const [traced] = childrenOf(tracer.pid ?? 0);
      for (const { path } of groups.groups) fs.write(`${path}/cgroup.procs`, String(traced));
      await holds(groups);
      assert.equal(stateOf(tracer.pid ?? 0), 'S');
    } finally {
      tracer.kill('SIGKILL');
      await once(tracer, 'exit');
    }
  });
});

const BYTES = 65_536;
/** Something of that size on a disk that can be limited: a file, or where nothing lies on a disk the disk itself. */
function onDisk(folder: string): { path: string; major: number; minor: number } | undefined {
  const whole = wholeDiskOf(folder);
  if (whole === undefined) return disk();
  const path = join(folder, 'slow');
  writeFileSync(path, Buffer.alloc(BYTES), { flush: true });
  return { ...whole, path };
}

/** In the system call that reads so many bytes at once. */
function isReading(pid: number): boolean {
  return readFileSync(`/proc/${pid}/syscall`, 'utf8').includes(` 0x${BYTES.toString(16)} `);
}

const io = version === 1 ? 'blkio' : 'io';
test(
  'what waits for a slow disk cannot be held: the pause is refused, says who, and leaves all running',
  { skip: skipUnless(version, io) },
  async (t) => {
    using folder = temporaryFolder();
    const found = onDisk(folder.path);
    if (found === undefined) {
      t.skip('there is no disk');
      return;
    }
    const { path, major, minor } = found;
    // Sixteen seconds for one read, which no signal ends.
    const slow: Resources = { blkio: { throttle_read_bps_device: [{ major, minor, rate: BYTES / 16 }] } };
    await withGroups(slow, async (groups) => {
      const reader = inside(groups, `sleep 1000 & exec dd if=${path} of=/dev/null bs=${BYTES} count=1 iflag=direct`);
      // Not for a page of dd itself: after that it could be held.
      await until('it waits for the disk', () => isReading(reader.pid ?? 0) && statesIn(groups) === 'DS');
      const pausing = new Pausing({ id: 'slow:1.0.0', fs, groups, onEvent: () => assert.fail('nothing was held') });
      try {
        await assert.rejects(pausing.pause(), (error: Error & { code?: string; hint?: string }) => {
          assert.equal(error.code, 'TH2009');
          assert.match(error.message, /^`slow:1\.0\.0` goes on: 1 process did not come to rest within 5 s$/);
          assert.match(error.hint ?? '', new RegExp(`${reader.pid} \\(dd`));
          return true;
        });
        await until('none is held', () => groups.freezerState()?.state === 'thawed');
        assert.equal(groups.freezerState()?.self, false);
      } finally {
        const [file, none] = version === 1 ? ['blkio.throttle.read_bps_device', '0'] : ['io.max', 'rbps=max'];
        const group = groups.groups.find(({ controllers }) => controllers.includes(io));
        fs.write(`${group?.path ?? ''}/${file}`, `${major}:${minor} ${none}`);
        await groups.thaw();
        assert.deepEqual(await ended(reader), { code: 0 });
      }
      assert.deepEqual(await groups.freeze(), { outcome: 'frozen' });
      assert.equal(await groups.kill(), true);
    });
  },
);

const canUnshare = spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0;
test(
  'a process that has no number here is no process of ours: nobody is signalled, and it is left over',
  { skip: skip || (!canUnshare && 'needs unshare') },
  async () => {
    await withGroups({}, async (groups) => {
      const stranger = inside(groups, 'exec sleep 1000');
      await until('it is inside', () => groups.pids().includes(stranger.pid ?? -1));
      const [read, write] = [fs.read.bind(fs), fs.write.bind(fs)];
      // As a Thuban in a pid namespace below sees the group, that has no `cgroup.kill`, which would need no number.
      fs.read = (file) =>
        file.endsWith('/cgroup.procs')
          ? spawnSync('unshare', ['--pid', '--fork', 'cat', file], { encoding: 'utf8' }).stdout
          : read(file);
      fs.write = (file, text) => {
        if (file.endsWith('/cgroup.kill')) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
        write(file, text);
      };
      try {
        // v1 leaves such a process out, v2 writes 0 for it, and kill(0) would be our own process group.
        const named = version === 1 ? [] : [0];
        assert.deepEqual(groups.pids(), named);
        if (version === 2) assert.equal(await groups.kill({ timeout: 300 }), false);
        else await groups.kill({ timeout: 300 });
        assert.equal(stranger.signalCode, null);
        const left = await groups.remove();
        assert.ok(left.length > 0, 'it holds the group');
      } finally {
        Object.assign(fs, { read, write });
      }
      if (facts.layout !== 'v1') assert.equal(stateOf(stranger.pid ?? 0), 'S');
      assert.equal(await groups.kill(), true);
      assert.deepEqual(await ended(stranger), { signal: 'SIGKILL' });
    });
  },
);
