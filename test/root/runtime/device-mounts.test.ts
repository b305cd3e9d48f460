import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session, Supervised } from '../../../src/runtime/index.ts';
import { Captured, runIn, runToEnd, shell } from '../../support/containers.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { asRoot, mountsOf } from '../../support/identity.ts';
import { makeImage } from '../../support/image.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

type Mounts = NonNullable<Manifest['mounts']>;

/** Nodes of a folder in /dev that belongs to one test. */
class HostNodes implements Disposable {
  readonly folder = `/dev/thuban-test-${process.pid}`;

  constructor() {
    mkdirSync(this.folder);
  }

  make(name: string, type: 'b' | 'c', major: number, minor: number): string {
    const path = `${this.folder}/${name}`;
    const { status } = spawnSync('mknod', ['-m', '600', path, type, String(major), String(minor)]);
    assert.equal(status, 0, `mknod ${path}`);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

function device(host: string, more: object = {}): Mounts[string] {
  return { type: 'device', host, ...more } as Mounts[string];
}

describe('a device mount', needsRoot(), () => {
  test('is a node of the container’s own: its mode, its user, and what the host does with its node stays apart', async () => {
    await leavesNothingBehind(async () => {
      using nodes = new HostNodes();
      const host = nodes.make('full', 'c', 1, 7);
      const mounts: Mounts = { '/dev/mine': device(host, { mode: 0o640 }), '/opt/deep/mine': device(host) };
      const script = `stat -c '%F %t:%T %a %u:%g' /dev/mine /opt/deep/mine
        chmod 600 /dev/mine; (echo x > /opt/deep/mine) 2>&1; head -c 2 /dev/mine | wc -c`;
      const { stdout, exit } = await runToEnd(shell(script, { mounts }));
      const kind = 'character special file 1:7';
      assert.match(stdout, new RegExp(`^${kind} 640 1000:1000\n${kind} 660 1000:1000\n`), JSON.stringify(exit));
      assert.match(stdout, /I\/O error\n2\n$/, 'what /dev/full answers');
      const { stdout: mode } = spawnSync('stat', ['-c', '%a %u', host], { encoding: 'utf8' });
      assert.equal(mode, '600 0\n');
    });
  });

  test('lets the container open that device and no other, as its access says', async () => {
    await leavesNothingBehind(async () => {
      using nodes = new HostNodes();
      // Memory devices: 1:11 is /dev/kmsg, and nothing of the standard nodes.
      const kmsg = nodes.make('kmsg', 'c', 1, 11);
      const script = `exec 2>&1; (: < /dev/kmsg) && echo read; (: > /dev/kmsg) && echo wrote
        mknod /tmp/other c 1 1 && (: < /tmp/other) && echo other; true`;
      const sections = { ...asRoot, capabilities: ['CAP_MKNOD', 'CAP_SYSLOG'] };
      for (const [access, expected] of [
        ['r', /^read\n.*kmsg: Operation not permitted\n/],
        ['rw', /^read\nwrote\n/],
        ['w', /^.*kmsg: Operation not permitted\nwrote\n/],
      ] as const) {
        const mounts: Mounts = { '/dev/kmsg': device(kmsg, { access }), '/tmp': { type: 'tmpfs', size: 65536 } };
        const { stdout, exit } = await runToEnd(shell(script, { ...sections, mounts }));
        assert.match(stdout, expected, `${access}: ${JSON.stringify(exit)}`);
        assert.doesNotMatch(stdout, /other$/m);
      }
    });
  });

  test('shows a block device, in an image, below a link of the image, and where the root has the node already', async () => {
    await leavesNothingBehind(async () => {
      using nodes = new HostNodes();
      using folder = temporaryFolder();
      const path = makeImage(folder.path);
      const block = nodes.make('block', 'b', 7, 4093);
      mkdirSync(`${path}/devices`);
      spawnSync('touch', [`${path}/devices/disk`]);
      symlinkSync('/devices', `${path}/link`);
      const mounts: Mounts = { '/link/disk': device(block), '/dev/null': device('/dev/null') };
      const script =
        '[ -b /devices/disk ] && [ -b /link/disk ] && echo block; [ -c /dev/null ] && : > /dev/null && echo null';
      const { stdout, exit } = await runToEnd(shell(script, { ...asRoot, rootfs: { type: 'dir', path }, mounts }));
      assert.equal(stdout, 'block\nnull\n', JSON.stringify(exit));
    });
  });

  test('of what is not there, or is no device, refuses the start; an optional one is left out', async () => {
    await leavesNothingBehind(async () => {
      using nodes = new HostNodes();
      spawnSync('touch', [`${nodes.folder}/file`]);
      await using session = await Session.open({ prefix: 'thuban-test-' });
      for (const [host, message] of [
        [`${nodes.folder}/missing`, /^there is no device `.*missing`$/],
        [`${nodes.folder}/file`, /is a file, and no device node$/],
        [nodes.folder, /is a directory, and no device node$/],
      ] as const) {
        const { exit } = await runIn(session, shell('true', { mounts: { '/dev/x': device(host) } }));
        assert.equal(exit.error?.['code'], 'TH3009', host);
        assert.match(String(exit.error['message']), message);
      }
      const mounts: Mounts = { '/dev/x': device(`${nodes.folder}/missing`, { optional: true }) };
      const { stdout } = await runIn(session, shell('[ -e /dev/x ] || echo without', { mounts }));
      assert.equal(stdout, 'without\n');
    });
  });

  test('of a node that was exchanged since the plan was made refuses the start', async () => {
    await leavesNothingBehind(async () => {
      using nodes = new HostNodes();
      for (const [how, code] of [
        ['another device', 'TH3009'],
        ['a link', 'TH3009'],
        ['nothing', 'TH3009'],
      ] as const) {
        const host = nodes.make('x', 'c', 1, 7);
        await using session = await Session.open({ prefix: 'thuban-test-' });
        const { facts } = session.board;
        const planned = facts.plan.bind(facts);
        facts.plan = (...args) => {
          const made = planned(...args);
          rmSync(host, { force: true });
          if (how === 'another device') nodes.make('x', 'c', 1, 8);
          if (how === 'a link') symlinkSync('/dev/full', host);
          return made;
        };
        const { exit } = await runIn(session, shell('true', { mounts: { '/dev/x': device(host) } }));
        assert.deepEqual([exit.reason, exit.error?.['code']], ['start_failed', code], how);
        rmSync(host, { force: true });
      }
    });
  });
});

describe('a start that waits for a device', needsRoot(), () => {
  test('goes on as soon as it is there, and says what it waits for until then', async () => {
    await leavesNothingBehind(async () => {
      using nodes = new HostNodes();
      const host = `${nodes.folder}/late`;
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const output = new Captured();
      const loaded = shell('head -c 3 /dev/x | wc -c', { mounts: { '/dev/x': device(host, { wait: 'unlimited' }) } });
      const supervised = new Supervised({ board: session.board, loaded, planOptions: session.planOptions, output });
      const life = supervised.start();
      await sleep(50);
      const { state, message, conditions } = supervised.status;
      assert.deepEqual([state, message], ['starting', `waiting for ${host}`]);
      assert.deepEqual(
        conditions.map(({ type, message: why }) => [type, why]),
        [['waiting', `for ${host}`]],
      );
      nodes.make('late', 'c', 1, 5);
      await supervised.attempt;
      assert.deepEqual(supervised.status.conditions, []);
      const exit = await life;
      assert.deepEqual([exit.reason, output.text.stdout], ['exited', '3\n']);
    });
  });

  test('is over after `wait`, and with a stop', async () => {
    await leavesNothingBehind(async () => {
      const host = '/dev/thuban-test-never';
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const short = await runIn(session, shell('true', { mounts: { '/dev/x': device(host, { wait: 0.2 }) } }));
      assert.equal(short.exit.error?.['code'], 'TH3009');
      assert.match(String(short.exit.error['message']), /which a start waits for 200 ms$/);
      const optional = device(host, { wait: 0.2, optional: true });
      const without = await runIn(session, shell('echo without', { mounts: { '/dev/x': optional } }));
      assert.equal(without.stdout, 'without\n');
      const loaded = shell('true', { mounts: { '/dev/x': device(host, { wait: 'unlimited' }) } });
      const supervised = new Supervised({ board: session.board, loaded, planOptions: session.planOptions });
      const life = supervised.start();
      supervised.attempt.catch(() => undefined);
      await sleep(50);
      await supervised.stop();
      const exit = await life;
      assert.deepEqual([exit.reason, supervised.state], ['stopped', 'stopped']);
    });
  });
});

describe('/dev of a container', needsRoot(), () => {
  test('has terminals and shared memory of its own', async () => {
    const script = `cut -d' ' -f5,6 /proc/self/mountinfo | grep ^/dev; echo x > /dev/shm/x
      stat -c '%a' /dev/pts/ptmx /dev/shm; readlink /dev/ptmx
      perl -e 'use Fcntl; sysopen(my $m, "/dev/ptmx", O_RDWR) or die "ptmx: $!"; my $n = pack("i", 0);
        ioctl($m, 0x40045431, $n) or die "unlock: $!"; ioctl($m, 0x80045430, $n) or die "number: $!";
        my $name = "/dev/pts/" . unpack("i", $n); open(my $s, "+<", $name) or die "$name: $!";
        syswrite($m, "typed\\n"); my $line = <$s>; print "$name $line"; my @st = stat($s);
        printf "%o %d:%d\\n", $st[2] & 07777, $st[4], $st[5];'`;
    await leavesNothingBehind(async () => {
      const { stdout, stderr } = await runToEnd(shell(script));
      const lines = stdout.trim().split('\n');
      assert.deepEqual(
        lines,
        [
          '/dev rw,nosuid,noexec,relatime',
          '/dev/shm rw,nosuid,nodev,noexec,relatime',
          '/dev/pts rw,nosuid,noexec,relatime',
          ...['666', '1777', 'pts/ptmx', '/dev/pts/0 typed', '620 1000:5'],
        ],
        stderr,
      );
    });
  });

  test('takes what the manifest mounts at their places instead', async () => {
    await leavesNothingBehind(async () => {
      const mounts: Mounts = { '/dev/shm': { type: 'tmpfs', size: 8192 }, '/dev/pts': { type: 'tmpfs', size: 4096 } };
      const { stdout } = await runToEnd(shell('cat /proc/self/mountinfo', { mounts }));
      assert.equal(mountsOf(stdout).size, new Set(mountsOf(stdout).keys()).size);
      assert.equal(stdout.match(/ \/dev\/(shm|pts) /g)?.length, 2);
    });
  });
});
