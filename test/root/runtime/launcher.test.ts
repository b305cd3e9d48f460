import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { version } from '../../../src/base/index.ts';
import { LauncherClient } from '../../../src/launcher/index.ts';
import { Frame, HEADER_SIZE, MAX_FRAME, PROTOCOL, Reader, Refused, Writer } from '../../../src/launcher/wire.ts';
import { RawController, isGone, spawnShell, withLauncher, type Bench } from '../../support/launcher.ts';
import { leavesNothingBehind } from '../../support/leaks.ts';
import { needsRoot } from '../../support/root.ts';

async function trial(lease: number, body: (bench: Bench) => Promise<void>): Promise<void> {
  await leavesNothingBehind(() => withLauncher(lease, body));
}

describe('the greeting of a launcher', needsRoot(), () => {
  test('says who it is', async () => {
    await trial(5, ({ client }) => {
      assert.equal(readFileSync(`/proc/${client.pid}/comm`, 'utf8').trim(), 'thuban-launcher');
      assert.equal(client.build, version);
      assert.equal(client.bootId, readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
      return Promise.resolve();
    });
  });

  test('refuses a second controller while the first lives, and takes the next one as soon as it has closed', async () => {
    await trial(5, async ({ runDir, client }) => {
      await assert.rejects(LauncherClient.connect(runDir, version), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'TH7004');
        assert.match(error.message, new RegExp(`pid ${process.pid}\\b`));
        return true;
      });
      assert.deepEqual(await client.list(), [], 'the first one does not notice');
      client.close();
      for (let round = 0; round < 100; round++) {
        const next = await LauncherClient.connect(runDir, version);
        assert.equal(next.pid, client.pid);
        next.close();
      }
    });
  });

  test('does not let somebody who says nothing stand in the way', async () => {
    await trial(60, async ({ runDir, client }) => {
      client.close();
      const silent = new RawController(runDir);
      await assert.rejects(LauncherClient.connect(runDir, version), { code: 'TH7004' });
      await new Promise((done) => setTimeout(done, 3100)); // its patience is two seconds, counted in whole ones
      const next = await LauncherClient.connect(runDir, version);
      await silent.closed;
      assert.deepEqual(await next.list(), []);
      next.close();
    });
  });

  test('says what it did not carry out', async () => {
    await trial(60, async ({ client }) => {
      await assert.rejects(client.setBlob(7n, Buffer.from('{}')), { code: 'TH3011', message: /BLOB: ESRCH/ });
      await client.release(7n); // what it does not know is forgotten already
      process.kill(client.pid, 'SIGKILL');
      await assert.rejects(client.list(), { code: 'TH3011' });
      await assert.rejects(client.register([], []), { code: 'TH3011', message: /REGISTER: it ended/ });
      await client.release(7n);
    });
  });

  test('refuses another version of the protocol', async () => {
    await trial(5, async ({ runDir, client }) => {
      client.close();
      for (const [min, max] of [
        [PROTOCOL.MAX + 1, 9],
        [0, 0],
      ] as const) {
        const raw = new RawController(runDir);
        raw.hello(min, max);
        await raw.closed;
        assert.deepEqual(
          raw.received.map(({ type }) => type),
          [Frame.REFUSED],
        );
        const refusal = new Reader(raw.received[0]?.payload ?? Buffer.alloc(0));
        assert.deepEqual([refusal.u32(), refusal.u32()], [Refused.PROTOCOL, client.pid]);
      }
      const newer = new RawController(runDir);
      newer.hello(1, 7);
      await newer.saw(Frame.HELLO);
      newer.socket.destroy();
    });
  });

  test('refuses another user, even if he can reach the socket', async () => {
    await trial(5, async ({ runDir, client }) => {
      client.close();
      chmodSync(runDir, 0o755);
      chmodSync(`${runDir}/launcher.sock`, 0o666);
      const script = `require('net').connect('${runDir}/launcher.sock').on('data', (d) => process.stdout.write(d)).on('error', (e) => console.log(e.code))`;
      const other = spawn(process.execPath, ['-e', script], {
        uid: 65534,
        gid: 65534,
        cwd: '/',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const chunks: Buffer[] = [];
      other.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(other, 'close');
      const answer = Buffer.concat(chunks);
      assert.equal(answer.readUInt16LE(4), Frame.REFUSED, answer.toString());
      assert.equal(answer.readUInt32LE(HEADER_SIZE), Refused.PEER);
      (await LauncherClient.connect(runDir, version)).close();
    });
  });
});

describe('a controller that breaks the protocol', needsRoot(), () => {
  const header = (size: number, type: number): Buffer => {
    const bytes = Buffer.alloc(HEADER_SIZE);
    bytes.writeUInt32LE(size, 0);
    bytes.writeUInt16LE(type, 4);
    return bytes;
  };
  const offences: [string, (raw: RawController) => void][] = [
    ['a record that nobody knows', (raw) => { raw.hello(); raw.send(77); }],
    ['a record of the launcher itself', (raw) => { raw.hello(); raw.send(Frame.EXITED, new Writer().u64(1n)); }],
    ['anything before the greeting', (raw) => { raw.send(Frame.LIST); }],
    ['two greetings', (raw) => { raw.hello(); raw.hello(); }],
    ['a greeting of nothing', (raw) => { raw.send(Frame.HELLO); }],
    ['a frame over the limit', (raw) => { raw.hello(); raw.socket.write(header(MAX_FRAME + 1, Frame.LIST)); }],
    ['noise', (raw) => { raw.socket.write(Buffer.alloc(70_000, 0xa5)); }],
    ['half a header', (raw) => { raw.hello(); raw.socket.end(header(0, Frame.LIST).subarray(0, 7)); }],
    ['half a frame', (raw) => { raw.hello(); raw.socket.end(Buffer.concat([header(100, Frame.SPAWN), Buffer.alloc(50)])); }],
  ]; // prettier-ignore

  test('is closed; the launcher and its containers live on', async () => {
    await trial(60, async (bench) => {
      const { runDir, client } = bench;
      const { started } = await spawnShell(bench, 1n, 'sleep 1000');
      client.close();
      for (const [what, offend] of offences) {
        const raw = new RawController(runDir);
        offend(raw);
        await raw.closed;
        assert.ok(!isGone(client.pid), what);
        const next = await LauncherClient.connect(runDir, version);
        assert.deepEqual(
          (await next.list()).map(({ id, program, state }) => [id, program, state]),
          [[1n, started.program, 'running']],
          what,
        );
        next.close();
      }
      assert.ok(!isGone(started.program));
    });
  });

  test('by a start that cannot be read gets a failure, not a container', async () => {
    await trial(60, async ({ runDir, client }) => {
      client.close();
      const empty = new Writer().u64(5n);
      const steps = new Writer().u32(1).block(Buffer.alloc(4)); // a step that ends before it has begun
      const cut = new Writer().u64(6n).u32(1).u32(1).u32(0).u32(0).bytes(steps.done());
      for (const [id, payload] of [
        [5n, empty],
        [6n, cut],
      ] as const) {
        const raw = new RawController(runDir);
        raw.hello();
        raw.send(Frame.SPAWN, payload);
        const failed = new Reader((await raw.saw(Frame.FAILED)).payload);
        assert.deepEqual([failed.u64(), failed.i32(), failed.u32(), failed.i32()], [id, 0, 1, 71]); // EPROTO
        raw.send(Frame.ACK, new Writer(), (await raw.saw(Frame.FAILED)).seq);
        raw.socket.end();
        await raw.closed;
      }
      const next = await LauncherClient.connect(runDir, version);
      assert.deepEqual(await next.list(), []);
      next.close();
    });
  });
});
