import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import { connect, pause, until, withConsole, type Bench } from './support.ts';

async function open(socketPath: string, path: string): Promise<IncomingMessage> {
  const [response] = (await once(get({ socketPath, path, agent: false }), 'response')) as [IncomingMessage];
  return response;
}

/** More than the kernel's buffers of one connection and our own hold: about 12 MiB of lines. */
const LINES = 12_000;

function writeMuch({ control }: Bench): void {
  for (let i = 0; i < LINES; i++) control.write('camera:2.1.0', `${i} ${'x'.repeat(1024)}`);
}

describe('a stream', () => {
  test('has its headers before there is anything to tell, and each record when it comes', async () => {
    await withConsole({}, async ({ path, control }) => {
      const response = await open(path, '/v1/events?follow');
      assert.equal(response.headers['content-type'], 'application/x-ndjson');
      const lines = response.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
      for (const type of ['started', 'exited']) {
        const event = control.emit(type, 'camera:2.1.0');
        assert.deepEqual(await lines.next(), { value: `${JSON.stringify(event)}\n`, done: false });
      }
      response.destroy();
      await until('the stream has ended', () => control.streams === 0);
    });
  });

  test('without follow ends with what is there', async () => {
    await withConsole({}, async (bench) => {
      writeMuch(bench);
      const response = await open(bench.path, '/v1/containers/camera/logs');
      let count = 0;
      for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>)
        count += chunk.split('\n').length - 1;
      assert.equal(count, LINES);
      assert.equal(bench.control.streams, 0);
    });
  });

  test('is not asked for more than its client takes', async () => {
    await withConsole({}, async (bench) => {
      writeMuch(bench);
      const socket = await connect(bench.path);
      socket.pause();
      socket.write('GET /v1/containers/camera/logs?follow HTTP/1.1\r\n\r\n');
      await until('something was asked for', () => bench.control.pulled > 0);
      await pause(150);
      // A piece of ours, the kernel's buffer (208 KiB by default) and the buffer of the other side, of 12 MiB.
      const { pulled } = bench.control;
      assert.ok(pulled * 100 < LINES / 8, `${pulled} batches of 100 lines`);
      await pause(100);
      assert.equal(bench.control.pulled, pulled, 'it waits');
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
      await until('the rest has come', () => bytes > LINES * 1024);
      socket.destroy();
      await until('the stream has ended', () => bench.control.streams === 0);
    });
  });

  test('costs no memory for a client that is slow while events pour in', async () => {
    await withConsole({ limits: { stream_timeout: 60 } }, async (bench) => {
      const { control } = bench;
      const sockets = await Promise.all(Array.from({ length: 10 }, () => connect(bench.path)));
      for (const socket of sockets) socket.pause().write('GET /v1/containers/camera/logs?follow HTTP/1.1\r\n\r\n');
      await until('all follow', () => control.streams === 10);
      writeMuch(bench);
      await pause(200);
      const asked = control.pulled;
      writeMuch(bench);
      await pause(100);
      assert.equal(control.pulled, asked, 'nothing is taken for clients that do not read');
      for (const socket of sockets) socket.destroy();
      await until('the streams have ended', () => control.streams === 0);
    });
  });

  test('ends for a client that takes nothing for stream_timeout, with a line in the log', async () => {
    await withConsole({ limits: { stream_timeout: 0.2 } }, async (bench) => {
      writeMuch(bench);
      const socket = await connect(bench.path);
      socket.pause().write('GET /v1/containers/camera/logs?follow HTTP/1.1\r\n\r\n');
      await until('the stream has ended', () => bench.control.pulled > 0 && bench.control.streams === 0);
      const [line] = bench.log;
      assert.deepEqual(
        [line?.level, line?.message, line?.fields['url']],
        ['warn', 'closed the connection of a client that did not take its answer', '/v1/containers/camera/logs?follow'],
      );
      socket.destroy();
    });
  });

  test('goes on for a client that takes little at a time', async () => {
    await withConsole({ limits: { stream_timeout: 0.4 } }, async (bench) => {
      writeMuch(bench);
      const socket = await connect(bench.path);
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        socket.pause();
      });
      socket.write('GET /v1/containers/camera/logs?follow HTTP/1.1\r\n\r\n');
      const timer = setInterval(() => socket.resume(), 20);
      await pause(1200);
      clearInterval(timer);
      assert.ok(bytes > 1024 * 1024, `${bytes} bytes`);
      assert.equal(bench.control.streams, 1, 'it still reads');
      assert.deepEqual(bench.log, []);
      socket.destroy();
    });
  });

  test('that is quiet may be so for longer than stream_timeout', async () => {
    await withConsole({ limits: { stream_timeout: 0.1 } }, async ({ path, control, client }) => {
      const events = client.events({ follow: true });
      const first = events.next();
      await until('it follows', () => control.streams === 1);
      await pause(300);
      control.emit('started', 'camera:2.1.0');
      assert.equal((await first).done, false);
      await pause(300);
      const second = events.next();
      control.emit('exited', 'camera:2.1.0');
      assert.equal(((await second).value as { type: string }).type, 'exited');
      await events.return(undefined);
      assert.ok(path);
    });
  });

  test('that was behind may be quiet afterwards', async () => {
    await withConsole({ limits: { stream_timeout: 0.2 } }, async (bench) => {
      writeMuch(bench);
      const seen = { count: 0 };
      const reading = (async () => {
        for await (const line of bench.client.logs('camera', { follow: true })) if (line.line !== '') seen.count++;
      })();
      await until('all was read', () => seen.count === LINES);
      await pause(500);
      bench.control.write('camera:2.1.0', 'the last');
      await until('the last was read', () => seen.count === LINES + 1);
      assert.deepEqual(bench.log, []);
      await bench.server.close();
      await reading;
    });
  });

  test('that breaks in the middle closes the connection', async () => {
    await withConsole({}, async ({ client, control, log }) => {
      control.events = async function* () {
        yield await Promise.resolve([{ epoch: 'e', seq: 1, time: '', type: 'started' }]);
        await pause(20);
        throw new Error('the history broke');
      };
      const seen: number[] = [];
      await assert.rejects(async () => {
        for await (const event of client.events()) seen.push(event.seq);
      }, /closed the connection/);
      assert.deepEqual(seen, [1]);
      assert.equal(log.filter((line) => line.level === 'error').length, 1);
    });
  });

  test('ends in the regular way when the server closes', async () => {
    await withConsole({}, async ({ client, control, server }) => {
      const seen: string[] = [];
      const reading = (async () => {
        for await (const event of client.events({ follow: true })) seen.push(event.type);
      })();
      await until('it follows', () => control.streams === 1);
      control.emit('shutdown');
      await until('it was told', () => seen.length === 1);
      const began = performance.now();
      await server.close();
      await reading;
      assert.ok(performance.now() - began < 500, 'nothing waits for the grace time');
      assert.deepEqual(seen, ['shutdown']);
    });
  });

  test('ends with its client, also before the first record', async () => {
    await withConsole({}, async ({ path, control }) => {
      for (let i = 0; i < 20; i++) {
        const socket = await connect(path);
        socket.write('GET /v1/events?follow HTTP/1.1\r\n\r\n');
        if (i % 2 === 0) await until('it follows', () => control.streams === 1);
        socket.destroy();
        await until('it has ended', () => control.streams === 0);
      }
    });
  });
});
