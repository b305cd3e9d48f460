import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Exit } from '../../../src/runtime/index.ts';
import { install, onPackages, type PackageMaker } from '../../support/built-packages.ts';
import { Cli } from '../../support/cli.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { isGone } from '../../support/launcher.ts';
import { loopsOf } from '../../support/leaks.ts';
import { needsImages } from '../../support/packages.ts';
import { until } from '../../support/processes.ts';

/** An emulated board takes ten times as long for each. */
const ROUNDS = process.env['THUBAN_EMULATED'] === undefined ? 10 : 2;

/** A container that reads a file of its resource and stays, both installed from packages. */
async function installWithResource(daemon: TestDaemon, maker: PackageMaker): Promise<void> {
  writeFileSync(join(maker.root, 'hello'), 'hello from the resource\n');
  await install(daemon, await maker.make({ name: 'test-resource' }));
  const script = '/bin/cat /resource/hello; exec /bin/sleep 1000';
  const mounts = { '/resource': { type: 'resource', name: 'test-resource', version: '^1', dir: '/' } };
  await install(daemon, await maker.make({ name: 'test-container', script, sections: { mounts } }));
}

/** What it has open, without the numbers of single sockets and pipes. */
function openIn(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .map((fd) => targetOf(`${folder}/${fd}`))
    .sort();
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(descriptor).replace(/\[\d+\]$/, '');
  } catch {
    return 'closed while we look';
  }
}

describe('a container with a resource', needsImages(), () => {
  test('is started and stopped ten times: each run mounts both images anew and reads its file', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      await installWithResource(daemon, maker);
      const { client, folder } = daemon;
      const pids = new Set<number>();
      for (let round = 1; round <= ROUNDS; round++) {
        const { pid } = await client.start('test-container');
        pids.add(pid);
        await until('it has read', async () => (await read(daemon)).length === round);
        assert.equal(loopsOf(folder.path).length, 2, 'the container’s image and that of its resource');
        const { exit } = await client.stop('test-container');
        assert.deepEqual([exit?.reason, exit?.signal], ['stopped', 'SIGTERM']);
        assert.ok(isGone(pid));
        await until('nothing of it is mounted', () => loopsOf(folder.path).length === 0);
      }
      assert.equal(pids.size, ROUNDS);
      assert.deepEqual(new Set(await read(daemon)), new Set(['hello from the resource']));
      assert.equal((await daemon.events(['exited'])).length, ROUNDS);
    });
  });

  test('leaves no descriptor open in the daemon and in the launcher', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      const { client } = daemon;
      const { launcher } = await client.version();
      const both = (): string[][] => [openIn(daemon.pid), openIn(launcher.pid)];
      const before = await settled(both);
      await installWithResource(daemon, maker);
      for (let round = 1; round <= ROUNDS; round++) {
        await client.start('test-container');
        await until('it has read', async () => (await read(daemon)).length === round);
        const held = both().map((now, at) => now.length - (before[at]?.length ?? 0));
        assert.ok(Math.min(...held) > 0, `what each holds for a container is seen: ${held.join()}`);
        await client.stop('test-container');
      }
      // As long as it is installed, its log is open.
      for (const name of ['test-container', 'test-resource']) await client.uninstall('default', name);
      assert.deepEqual(await settled(both), before);
    });
  });
});

/** When it has been the same for half a second: the connection of a client goes a moment after its answer. */
async function settled(look: () => string[][]): Promise<string[][]> {
  let [last, same] = [look(), 0];
  await until('nothing is opened or closed any more', async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = look();
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
    last = now;
    return same >= 10;
  });
  return last;
}

async function read(daemon: TestDaemon): Promise<string[]> {
  return (await daemon.lines('test-container')).filter((line) => !line.startsWith('- '));
}

describe('a container that crashes', needsImages(), () => {
  test('ends with its code, ten times', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      await install(daemon, await maker.make({ name: 'crashing', script: 'exit 101' }));
      for (let round = 1; round <= ROUNDS; round++) {
        await daemon.client.start('crashing');
        await daemon.reached('crashing', 'stopped');
        const ends = (await daemon.events(['exited'])).map((event) => event['exit'] as Exit);
        assert.deepEqual(
          ends.map(({ reason, code }) => [reason, code]),
          Array.from({ length: round }, () => ['exited', 101]),
        );
      }
    });
  });
});

describe('a container that there is not', needsImages(), () => {
  test('is neither started, stopped nor killed, whatever its name looks like', async () => {
    await onPackages(async (daemon, maker) => {
      await daemon.start();
      await install(daemon, await maker.make({ name: 'camera', script: 'exit 0' }));
      const { client } = daemon;
      // No name has a slash: the interface says so.
      for (const name of ['nobody', 'camera:0.0.1', 'camera:1', '#noop', '../camera']) {
        const unknown = { code: name.includes('/') ? 'TH6012' : 'TH6003' };
        await assert.rejects(client.start(name), unknown, name);
        await assert.rejects(client.stop(name), unknown, name);
        await assert.rejects(client.kill(name), unknown, name);
      }
      for (const verb of ['start', 'stop']) {
        const { code, stdout, stderr } = await new Cli(['--socket', daemon.socket, verb, 'nobody']).ended;
        assert.deepEqual([code, stdout], [1, '']);
        assert.match(stderr, /^error\[TH6003\]: no container `nobody`/);
      }
      assert.deepEqual(await daemon.events(['started', 'exited', 'state']), []);
      assert.equal((await daemon.container('camera')).state, 'stopped');
    });
  });
});
