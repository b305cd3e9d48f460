import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { connect, exchangeBytes, pause, readAll, until, withConsole } from './support.ts';

describe('what is no request', () => {
  const garbage: [name: string, bytes: string | Buffer][] = [
    ['a brace, as in another protocol', '{"connect":{"version":"0.9.2","subscribe_notifications":true}}\n'],
    ['a line of text', 'hello\r\n\r\n'],
    ['bytes', Buffer.from([0, 1, 2, 0xff, 0xfe, 10, 13, 0])],
    ['a TLS greeting', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
    ['another version of HTTP', 'GET /v1/version HTTP/3.7\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['two lengths', 'POST /v1/shutdown HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    ['a length and chunks', 'POST /v1/shutdown HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}'],
    ['a length below nothing', 'POST /v1/shutdown HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}'],
    ['a header with a control character', 'GET /v1/version HTTP/1.1\r\nA: \x00\r\n\r\n'],
    ['a line feed alone in the headers', 'GET /v1/version HTTP/1.1\r\nA: b\nC: d\r\n\r\n'],
  ];
  for (const [name, bytes] of garbage) {
    test(`${name} is answered with 400 in JSON, and the connection closed`, async () => {
      await withConsole({}, async ({ path, client, control }) => {
        const text = await exchangeBytes(path, bytes);
        assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/json\r\n/);
        const { error } = JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as { error: Record<string, unknown> };
        assert.deepEqual([error['code'], error['message']], ['TH6012', 'this is no HTTP request']);
        assert.deepEqual(control.calls, []);
        assert.equal((await client.version()).api, 'v1');
      });
    });
  }

  test('a broken chunk is cut off, and nothing is carried out', async () => {
    await withConsole({}, async ({ path, control, client }) => {
      const head = 'POST /v1/shutdown HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
      await exchangeBytes(path, `${head}2\r\n{}\r\nzz\r\n`);
      assert.deepEqual(control.calls, []);
      assert.equal((await client.version()).api, 'v1');
    });
  });

  test('CONNECT is refused', async () => {
    await withConsole({}, async ({ path }) => {
      assert.match(await exchangeBytes(path, 'CONNECT a:1 HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 405 .*"code":"TH6013"/s);
    });
  });

  test('a request to change the protocol is an ordinary request', async () => {
    await withConsole({}, async ({ path }) => {
      const upgrade = 'Connection: upgrade, close\r\nUpgrade: websocket\r\n';
      assert.match(await exchangeBytes(path, `GET /v1/version HTTP/1.1\r\n${upgrade}\r\n`), /^HTTP\/1\.1 200/);
    });
  });

  test('behind a request leaves its answer whole or cuts it, and the console lives on', async () => {
    await withConsole({}, async ({ path, client }) => {
      const text = await exchangeBytes(path, 'GET /v1/version HTTP/1.1\r\n\r\n\x00garbage');
      assert.ok(text === '' || /^HTTP\/1\.1 (200|400)/.test(text), text);
      const socket = await connect(path);
      const stream = readAll(socket);
      socket.write('GET /v1/events?follow HTTP/1.1\r\n\r\n');
      await pause(30);
      socket.write('\x00garbage');
      assert.doesNotMatch(await stream, /400/, 'nothing is written into the middle of another answer');
      assert.equal((await client.version()).api, 'v1');
    });
  });

  test('of any bytes the console lives on, and nothing is carried out', async () => {
    await withConsole(
      { limits: { request_timeout: 0.1, requests_per_second: 1e6 } },
      async ({ path, client, control, log }) => {
        const parts = fc.constantFrom(
          'GET ',
          'POST ',
          '/v1/version',
          '/v1/shutdown',
          ' HTTP/1.1',
          '\r\n',
          '\r\n\r\n',
          ': ',
          'Content-Length',
          '{',
          '0',
          '\0',
        );
        const mixed = fc.array(fc.oneof(parts, fc.string({ maxLength: 8 }))).map((all) => Buffer.from(all.join('')));
        const bytes = fc.uint8Array({ maxLength: 400 }).map((all) => Buffer.from(all));
        await fc.assert(
          fc.asyncProperty(fc.oneof(bytes, mixed), async (sent) => {
            const socket = await connect(path);
            const answer = readAll(socket);
            socket.end(sent);
            const text = await answer;
            assert.ok(text === '' || text.startsWith('HTTP/1.1 '), text);
          }),
          { numRuns: 150 },
        );
        assert.equal((await client.version()).api, 'v1');
        assert.deepEqual(
          control.calls.filter((call) => call.action !== 'version' && call.action !== 'shutdown'),
          [],
        );
        assert.deepEqual(
          log.filter((line) => line.level !== 'debug'),
          [],
        );
      },
    );
  });
});

describe('clients of other habits', () => {
  test('HTTP/1.0 gets its answer and the end of the connection', async () => {
    await withConsole({}, async ({ path, control }) => {
      const text = await exchangeBytes(path, 'GET /v1/version HTTP/1.0\r\n\r\n');
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n.*"api":"v1"/s);
      control.emit('started', 'camera:2.1.0');
      const events = await exchangeBytes(path, 'GET /v1/events HTTP/1.0\r\n\r\n');
      assert.doesNotMatch(events, /chunked/i);
      assert.match(events, /\r\n\r\n\{[^\r]*"seq":1[^\r]*\}\n$/);
    });
  });

  test('one connection serves many requests, and errors do not end it', async () => {
    await withConsole({}, async ({ path }) => {
      const socket = await connect(path);
      const text = readAll(socket);
      const request = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
      for (const one of ['/v1/version', '/v1/containers/nope', '/nowhere', '/v1/events']) {
        socket.write(request(one));
        await pause(20);
      }
      socket.write(request('/v1/version', 'Connection: close\r\n'));
      const statuses = [...(await text).matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
      assert.deepEqual(statuses, ['200', '404', '404', '200', '200']);
    });
  });

  test('who hangs up while a container is stopped leaves no trace', async () => {
    await withConsole({}, async ({ path, control, client, log }) => {
      let stopped = 0;
      control.stop = async () => {
        await pause(40);
        stopped++;
        return { id: 'camera:2.1.0', exit: null };
      };
      for (let i = 0; i < 10; i++) {
        const socket = await connect(path);
        socket.write('POST /v1/containers/camera/stop HTTP/1.1\r\nContent-Length: 0\r\n\r\n');
        await pause(5);
        socket.destroy();
      }
      await until('what was asked for was done', () => stopped === 10);
      assert.equal((await client.version()).api, 'v1');
      assert.deepEqual(log, []);
    });
  });

  test('connections come and go without a word', async () => {
    await withConsole({}, async ({ path, client, log }) => {
      for (let i = 0; i < 100; i++) (await connect(path)).destroy();
      assert.equal((await client.version()).api, 'v1');
      assert.deepEqual(log, []);
    });
  });
});
