import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { Session } from '../../../src/runtime/index.ts';
import { fromObject, runIn, shell, type Result, type TrialOptions } from '../../support/containers.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

const hasPerl = spawnSync('perl', ['-MSocket', '-e', '0']).status === 0;
const needs = hasPerl ? needsRoot() : { skip: 'needs perl, which takes a socket by its descriptor' };

const perl = (script: string, sections: Partial<Manifest>): Parameters<typeof fromObject>[0] => ({
  ...shell('', sections).manifest,
  init: '/usr/bin/perl',
  args: ['-MSocket', '-e', script],
});

/** Answers one line of one client. */
const ECHO =
  'open(my $l, "+<&=", $ENV{THUBAN_SOCKET_echo}) or die; accept(my $c, $l) or die "accept $!"; sysread($c, my $line, 99); syswrite($c, "<$line>")';

async function inSession(body: (session: Session, folder: string) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using session = await Session.open({ prefix: 'thuban-test-' });
    await body(session, join(session.runDir, 'sockets'));
  });
}

const run = (session: Session, manifest: unknown, options: TrialOptions = {}): Promise<Result> =>
  runIn(session, fromObject(manifest), options);

/** What a client gets for a line. */
function ask(file: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(file);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.once('error', reject).once('close', () => {
      resolve(answer);
    });
    socket.write(line);
  });
}

describe('a socket of a manifest', needs, () => {
  test('is found open by the program and reached by its file, which goes with the container', async () => {
    await inSession(async (session, folder) => {
      const sockets: Manifest['sockets'] = { echo: { type: 'stream', mode: 0o640, gid: 7 } };
      const file = join(folder, 'test:1.0.0:echo');
      // A second time in the same place: nothing is left of the first.
      for (const line of ['one', 'two']) {
        let answer = '';
        const { exit, stderr } = await run(session, perl(ECHO, { sockets }), {
          whenRunning: async () => {
            const { uid, gid, mode } = statSync(file);
            assert.deepEqual([uid, gid, mode & 0o7777], [1000, 7, 0o640]);
            answer = await ask(file, line);
          },
        });
        assert.deepEqual([exit.reason, exit.code, answer], ['exited', 0, `<${line}>`], stderr);
        assert.deepEqual(readdirSync(folder), []);
      }
    });
  });

  test('is one of exactly the descriptors that the program has', async () => {
    await inSession(async (session) => {
      const sockets: Manifest['sockets'] = {
        a: { type: 'stream', mode: 0o600 },
        b: { type: 'datagram', mode: 0o600 },
        c: { type: 'seq_packet', mode: 0o600 },
      };
      const script = `opendir(my $d, "/proc/self/fd"); my %own = map { $_ => 1 } grep /\\d/, readdir $d; delete $own{fileno $d} if defined eval { fileno $d };
        print join(" ", sort { $a <=> $b } keys %own), "\\n";
        for (qw(a b c)) { open(my $s, "+<&=", $ENV{"NORTHSTAR_SOCKET_$_"}); printf "%s %d %d\\n", $_, $ENV{"THUBAN_SOCKET_$_"}, unpack("i", getsockopt($s, SOL_SOCKET, SO_TYPE)) }`;
      const { stdout, stderr, exit } = await run(session, perl(script, { sockets }));
      assert.equal(exit.code, 0, stderr);
      const [descriptors, ...types] = stdout.trim().split('\n');
      assert.match(descriptors ?? '', /^0 1 2 3 4 5( 6)?$/);
      // SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET
      assert.deepEqual(types, ['a 3 1', 'b 4 2', 'c 5 5']);
    });
  });

  test('takes datagrams, and can tell who sent them', async () => {
    await inSession(async (session, folder) => {
      const sockets: Manifest['sockets'] = { log: { type: 'datagram', mode: 0o622, passcred: true } };
      const script =
        'open(my $s, "+<&=", $ENV{THUBAN_SOCKET_log}); print unpack("i", getsockopt($s, SOL_SOCKET, 16)), "\\n"; recv($s, my $text, 99, 0); print $text';
      const { stdout, exit } = await run(session, perl(script, { sockets }), {
        whenRunning: () => {
          const send = `socket(my $s, AF_UNIX, SOCK_DGRAM, 0); send($s, "a word", 0, pack_sockaddr_un("${folder}/test:1.0.0:log")) or die $!`;
          assert.equal(spawnSync('perl', ['-MSocket', '-e', send]).status, 0);
        },
      });
      assert.deepEqual([exit.code, stdout], [0, '1\na word']);
    });
  });

  test('says to its clients who listens: the program, with its uid', async () => {
    await inSession(async (session, folder) => {
      const sockets: Manifest['sockets'] = { echo: { type: 'stream', mode: 0o666 } };
      let peer: string[] = [];
      let pid = 0;
      await run(session, perl(ECHO, { uid: 1234, gid: 4321, sockets }), {
        whenRunning: (supervised) => {
          pid = supervised.container?.started.program ?? 0;
          const script = `socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un("${folder}/test:1.0.0:echo")) or die $!;
            print join(" ", unpack("iii", getsockopt($s, SOL_SOCKET, 17))); syswrite($s, "x"); sysread($s, my $x, 9)`;
          peer = spawnSync('perl', ['-MSocket', '-e', script], { encoding: 'utf8' }).stdout.split(' ');
        },
      });
      assert.deepEqual(peer, [String(pid), '1234', '4321']);
    });
  });

  test('is reached by other containers through a mount of all sockets, as far as its mode lets them', async () => {
    await inSession(async (session) => {
      for (const [mode, answer] of [
        [0o666, '<hello>'],
        [0o000, 'Permission denied'],
      ] as const) {
        const client = `socket(my $s, AF_UNIX, SOCK_STREAM, 0);
          if (!connect($s, pack_sockaddr_un("/sockets/test:1.0.0:echo"))) { print "$!"; exit 0 } syswrite($s, "hello"); sysread($s, my $x, 99); print $x`;
        let said = '';
        await run(
          session,
          perl(ECHO, { sockets: { echo: { type: 'stream', mode } }, stop: { signal: 'SIGKILL', timeout: 1 } }),
          {
            whenRunning: async (server) => {
              const { manifest } = shell('', { uid: 1001, mounts: { '/sockets': { type: 'sockets' } } });
              const result = await run(session, {
                ...manifest,
                name: 'client',
                init: '/usr/bin/perl',
                args: ['-MSocket', '-e', client],
              });
              said = result.stdout + result.stderr;
              if (mode === 0) void server.stop();
            },
          },
        );
        assert.equal(said, answer);
      }
    });
  });

  test('replaces a stale file, and leaves alone what took its place', async () => {
    await inSession(async (session, folder) => {
      const sockets: Manifest['sockets'] = { echo: { type: 'stream', mode: 0o600 } };
      const file = join(folder, 'test:1.0.0:echo');
      writeFileSync(file, 'stale');
      const { exit } = await run(session, perl('unlink "/sockets/x"; exit 0', { sockets }));
      assert.equal(exit.code, 0);
      assert.ok(!existsSync(file));
    });
  });

  test('of a run beside another is its own', async () => {
    await inSession(async (session, folder) => {
      const sockets: Manifest['sockets'] = { echo: { type: 'stream', mode: 0o600 } };
      const answers: string[] = [];
      await run(session, perl(ECHO, { sockets }), {
        whenRunning: async () => {
          await run(session, perl(ECHO, { sockets }), {
            planOptions: { ...session.planOptions, beside: 2 },
            whenRunning: async () => {
              assert.deepEqual(readdirSync(folder).toSorted(), ['test:1.0.0#2:echo', 'test:1.0.0:echo']);
              answers.push(await ask(join(folder, 'test:1.0.0#2:echo'), 'second'));
            },
          });
          assert.deepEqual(readdirSync(folder), ['test:1.0.0:echo']);
          answers.push(await ask(join(folder, 'test:1.0.0:echo'), 'first'));
        },
      });
      assert.deepEqual(answers, ['<second>', '<first>']);
    });
  });

  test('whose start fails later leaves no file', async () => {
    await inSession(async (session, folder) => {
      const sockets: Manifest['sockets'] = { echo: { type: 'stream', mode: 0o600 } };
      const { exit } = await run(session, { ...shell('', { sockets }).manifest, init: '/nonexistent' });
      assert.equal(exit.reason, 'start_failed');
      assert.deepEqual(readdirSync(folder), []);
    });
  });
});
