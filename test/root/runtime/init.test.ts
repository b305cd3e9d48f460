import assert from 'node:assert/strict';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Session } from '../../../src/runtime/index.ts';
import { runIn, runToEnd, shell } from '../../support/containers.ts';
import { almighty, asRoot, descriptorsOf, field, ownCapabilities, parentOf, statusOf } from '../../support/identity.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { until } from '../../support/processes.ts';
import { needsRoot } from '../../support/root.ts';

const CAP_KILL = 1n << 5n;
const IMAGE = '/memfd:thuban-init (deleted)';

describe('the init of a container', needsRoot(), () => {
  test('is an image in memory that not even root can change, and the next container still starts from it', async () => {
    await leavesNothingBehind(async () => {
      await using session = await Session.open({ prefix: 'thuban-test-' });
      const script = `
        readlink /proc/1/exe
        (: >> /proc/1/exe) 2>&1 && echo appended
        (: > /proc/1/exe) 2>&1 && echo truncated
        truncate -s 0 /proc/1/exe 2>&1 && echo truncated
        (exec 3<> /proc/1/exe) 2>&1 && echo opened
        chmod 000 /proc/1/exe 2>/dev/null; chmod 04777 /proc/1/exe 2>/dev/null; chown 1000 /proc/1/exe 2>/dev/null
        chmod 000 /proc/1/exe 2>/dev/null; true`;
      const { stdout } = await runIn(session, shell(script, almighty));
      const [link, ...refusals] = stdout.trim().split('\n');
      assert.equal(link, IMAGE);
      assert.equal(refusals.length, 4);
      for (const line of refusals) assert.match(line, /Text file busy|Operation not permitted|Permission denied/);
      const next = await runIn(session, shell('exit 7'));
      assert.deepEqual([next.exit.reason, next.exit.code], ['exited', 7]);
    });
  });

  test('tells nothing of the host: no environment, no arguments, one socket', async () => {
    await leavesNothingBehind(async () => {
      const script = `
        wc -c < /proc/1/environ; tr '\\0' ' ' < /proc/1/cmdline; echo
        for fd in /proc/1/fd/*; do readlink $fd; done
        ls /proc/1/task; grep -o '/.*' /proc/1/maps | sort -u`;
      const { stdout } = await runToEnd(shell(script, almighty));
      const [environment, name, descriptor, threads, ...files] = stdout.trim().split('\n');
      assert.deepEqual([environment, name?.trim(), threads], ['0', 'init', '1']);
      assert.match(descriptor ?? '', /^socket:\[\d+\]$/);
      assert.deepEqual(
        files.filter((file) => !file.startsWith('/memfd:thuban-')),
        [],
      );
    });
  });

  test('cannot even be looked at by a program without capabilities', async () => {
    await leavesNothingBehind(async () => {
      for (const sections of [{}, asRoot]) {
        const { stdout } = await runToEnd(
          shell('for f in exe root cwd fd/3; do readlink /proc/1/$f || echo no; done; kill -9 1; exit 0', sections),
        );
        assert.equal(stdout, 'no\nno\nno\nno\n');
      }
    });
  });

  test('keeps one descriptor and CAP_KILL, seen from the host; the program keeps three descriptors', async () => {
    await leavesNothingBehind(async () => {
      await runToEnd(shell('exec sleep 1000'), {
        whenRunning: async (supervised) => {
          try {
            const program = supervised.status.pid ?? 0;
            const init = parentOf(program);
            assert.equal(readlinkSync(`/proc/${init}/exe`), IMAGE);
            // It tells of the start first, because everybody waits for that, and then gives the rest away.
            await until('the init has one descriptor', () => Object.keys(descriptorsOf(init)).join() === '3');
            const status = statusOf(init);
            for (const set of ['CapEff', 'CapPrm']) assert.equal(BigInt(`0x${field(status, set)}`), CAP_KILL, set);
            for (const set of ['CapInh', 'CapAmb']) assert.equal(BigInt(`0x${field(status, set)}`), 0n, set);
            assert.equal(field(status, 'NoNewPrivs'), '1');
            // While it loads, the program itself opens its libraries.
            const three = (): boolean => Object.keys(descriptorsOf(program)).join() === '0,1,2';
            await until('the program has three descriptors', three);
          } finally {
            await supervised.kill();
          }
        },
      });
    });
  });
});

describe('the descriptors of a program', needsRoot(), () => {
  test('are null and two pipes, and lead to no file of the host', async () => {
    await leavesNothingBehind(async () => {
      // The mode is the one that the host's device has already: even where this works, it changes nothing.
      const mode = (statSync('/dev/null').mode & 0o777).toString(8);
      const script = `for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done
        stat -L -c %d /proc/$$/fd/0
        chmod ${mode} /proc/self/fd/0 2>&1 && echo changed
        cat /proc/self/fd/0; echo x > /proc/self/fd/0 && echo usable`;
      for (const sections of [asRoot, almighty]) {
        const { stdout, stderr } = await runToEnd(shell(script, sections));
        const [input, output, errors, device, refusal, usable] = stdout.trim().split('\n');
        assert.match(input ?? '', /null$/, stderr);
        assert.match(`${output ?? ''} ${errors ?? ''}`, /^pipe:\[\d+\] pipe:\[\d+\]$/);
        assert.notEqual(device, String(statSync('/dev/null').dev), 'it is the host’s own device file');
        assert.match(refusal ?? '', /Read-only file system/);
        assert.equal(usable, 'usable');
      }
    });
  });

  test('can be opened again by a program that is no root', async () => {
    await leavesNothingBehind(async () => {
      const { stdout, stderr } = await runToEnd(
        shell('echo out > /dev/stdout; echo err > /dev/stderr; cat /dev/stdin'),
      );
      assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
    });
  });

  test('carry no environment of the host', async () => {
    await leavesNothingBehind(async () => {
      process.env['THUBAN_TEST_SECRET'] = 'of the host';
      const { stdout } = await runToEnd(shell("tr '\\0' '\\n' < /proc/$$/environ", { env: { COLOUR: 'green' } }));
      delete process.env['THUBAN_TEST_SECRET'];
      const names = stdout
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0] ?? '');
      const own = ['CONTAINER', 'NAME', 'VERSION'].flatMap((name) => [`THUBAN_${name}`, `NORTHSTAR_${name}`]);
      assert.deepEqual(names.sort(), ['COLOUR', 'PATH', ...own].sort());
      assert.match(stdout, /^THUBAN_CONTAINER=test:1\.0\.0$/m);
      assert.ok(ownCapabilities.length > 0 && readFileSync('/proc/self/environ').length > 0);
    });
  });
});
