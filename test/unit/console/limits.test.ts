import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, test } from 'node:test';
import { ConsoleClient } from '../../../src/console/index.ts';
import { PIPELINE, RequestRate } from '../../../src/console/limits.ts';
import { ask, connect, exchangeBytes, pause, readAll, refusalIn, until, withConsole } from './support.ts';

const VERSION = 'GET /v1/version HTTP/1.1\r\n\r\n';

describe('the limit of connections', () => {
  test('of 200, as many as allowed are served and the others told why', async () => {
    await withConsole({ limits: { connections: 8 } }, async ({ path }) => {
      const sockets = await Promise.all(Array.from({ length: 200 }, () => connect(path)));
      const texts = sockets.map(readAll);
      for (const socket of sockets) if (!socket.destroyed) socket.write(VERSION);
      await until('the others are gone', () => sockets.filter((socket) => !socket.destroyed).length === 8);
      for (const socket of sockets) socket.destroy();
      const answers = await Promise.all(texts);
      assert.equal(answers.filter((text) => text.startsWith('HTTP/1.1 200')).length, 8);
      const told = answers.filter((text) => text.startsWith('HTTP/1.1 429'));
      assert.ok(told.length >= 8, `${told.length} were told`);
      assert.match(told[0] ?? '', /Retry-After: 1\r\n.*"code":"TH6007".*there are 8 connections already/s);
      await until('there is room again', () => sockets.every((socket) => socket.destroyed));
      for (;;) {
        const answer = await ask(path, 'GET', '/v1/version');
        if (answer.status === 200) break;
        assert.equal(refusalIn(answer).code, '429 TH6007');
      }
    });
  });

  test('tells as many as it serves, and keeps none of them longer than a second', async () => {
    await withConsole({ limits: { connections: 4 } }, async ({ path }) => {
      const sockets = Array.from({ length: 40 }, () => createConnection({ path, allowHalfOpen: true }));
      let told = 0;
      for (const socket of sockets) socket.on('error', () => socket.destroy()).on('data', () => told++);
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      await pause(100);
      assert.equal(told, 4);
      // A socket that was destroyed at the other side takes no more.
      await pause(1200);
      for (const socket of sockets) socket.write('x');
      await until('all but the served are gone', () => sockets.filter((socket) => socket.destroyed).length === 36);
      for (const socket of sockets) socket.destroy();
    });
  });

  test('reaches the typed client as TH6007', async () => {
    await withConsole({ limits: { connections: 1 } }, async ({ path, client }) => {
      const socket = await connect(path);
      socket.write(VERSION);
      await once(socket, 'data');
      await assert.rejects(client.version(), { code: 'TH6007' });
      socket.destroy();
    });
  });
});

describe('the rate of requests', () => {
  test('is a bucket of one second that fills evenly', () => {
    let now = 0;
    const rate = new RequestRate(10, () => now);
    const taken = (): number => Array.from({ length: 20 }, () => rate.take()).filter(Boolean).length;
    assert.equal(taken(), 10);
    assert.equal(taken(), 0);
    now += 250;
    assert.equal(taken(), 2);
    now += 60_000;
    assert.equal(taken(), 10);
  });

  test('beyond it requests are told when to ask again, on any connection of the socket', async () => {
    await withConsole({ limits: { requests_per_second: 5 } }, async ({ path, control }) => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => ask(path, 'GET', '/v1/version')));
      const refused = answers.filter((answer) => answer.status === 429);
      assert.ok(refused.length >= 6, `${refused.length} refused`);
      assert.equal(control.calls.length, 12 - refused.length);
      for (const answer of refused) {
        assert.equal(answer.headers['retry-after'], '1');
        assert.equal(refusalIn(answer).message, 'there are more than 5 requests a second');
      }
      await pause(450);
      assert.equal((await ask(path, 'GET', '/v1/version')).status, 200);
    });
  });
});

describe('the size of a request', () => {
  const start = '/v1/containers/report/start';
  const mebibyte = 1024 * 1024;
  const bodyOf = (size: number): string => `{"init": "${'x'.repeat(size - 12)}"}`;

  test('of 1 MiB is taken, one byte more is 413 and closes', async () => {
    await withConsole({}, async ({ path, control }) => {
      assert.equal((await ask(path, 'POST', start, { body: bodyOf(mebibyte) })).status, 200);
      control.calls.length = 0;
      const answer = await ask(path, 'POST', start, { body: bodyOf(mebibyte + 1) });
      assert.equal(refusalIn(answer).code, '413 TH6006');
      assert.equal(refusalIn(answer).message, 'the body of the request is larger than 1 MiB');
      assert.equal(answer.headers.connection, 'close');
      assert.deepEqual(control.calls, []);
    });
  });

  test('is counted when it was not told before', async () => {
    await withConsole({ limits: { request_size: 1000 } }, async ({ path }) => {
      const headers = { 'transfer-encoding': 'chunked' };
      assert.equal((await ask(path, 'POST', start, { body: bodyOf(1000), headers })).status, 200);
      assert.equal((await ask(path, 'POST', start, { body: bodyOf(5_000_000), headers })).status, 413);
    });
  });

  test('is refused before it is sent, to a client that asks', async () => {
    await withConsole({ limits: { request_size: 1000 } }, async ({ path }) => {
      const head = (size: number): string =>
        `POST ${start} HTTP/1.1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`;
      assert.match(await exchangeBytes(path, head(1001)), /^HTTP\/1\.1 413 /);
      const socket = await connect(path);
      const text = readAll(socket);
      socket.write(head(2));
      await pause(30);
      socket.write('{}');
      assert.match(await text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    });
  });

  test('is told also to a client that reads only when it has sent all', async () => {
    await withConsole({}, async ({ path }) => {
      const socket = (await connect(path)).pause();
      const head = `POST ${start} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: ${4 * mebibyte}\r\n\r\n`;
      const sent = once(socket, 'drain');
      socket.write(head + ' '.repeat(4 * mebibyte));
      await sent;
      assert.match(await readAll(socket.resume()), /^HTTP\/1\.1 413 /);
    });
  });

  test('reaches the typed client as TH6006', async () => {
    await withConsole({}, async ({ client }) => {
      await assert.rejects(client.start('report', { args: ['x'.repeat(2 * mebibyte)] }), { code: 'TH6006' });
    });
  });

  test('of headers above 16 KiB is 431', async () => {
    await withConsole({}, async ({ path, client }) => {
      const text = await exchangeBytes(path, `GET /v1/version HTTP/1.1\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`);
      assert.match(text, /^HTTP\/1\.1 431 .*"code":"TH6006"/s);
      assert.equal((await client.version()).api, 'v1');
    });
  });
});

describe('the time of a request', () => {
  const begun: [name: string, bytes: string][] = [
    ['nothing', ''],
    ['half a line', 'GET /v1/ver'],
    ['half of the headers', 'GET /v1/version HTTP/1.1\r\nHost: x\r\n'],
  ];
  for (const [name, bytes] of begun) {
    test(`ends for a connection that sends ${name} and no more`, async () => {
      await withConsole({ limits: { request_timeout: 0.2 } }, async ({ path }) => {
        const text = await exchangeBytes(path, bytes);
        assert.match(text, /^HTTP\/1\.1 408 .*"code":"TH6015"/s);
      });
    });
  }

  test('ends for half a body, and nothing is carried out', async () => {
    await withConsole({ limits: { request_timeout: 0.2 } }, async ({ path, control, log }) => {
      const head = 'POST /v1/shutdown HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"ke';
      assert.equal(await exchangeBytes(path, head), '');
      assert.deepEqual(control.calls, []);
      await until('the request was given up', () => log.some((line) => line.fields['method'] === 'POST'));
      assert.deepEqual(
        log.filter((line) => line.level !== 'debug'),
        [],
      );
    });
  });

  test('counts the request, not its answer', async () => {
    await withConsole({ limits: { request_timeout: 0.1 } }, async ({ client, control }) => {
      control.stop = async () => {
        await pause(500);
        return { id: 'camera:2.1.0', exit: null };
      };
      assert.deepEqual(await client.stop('camera'), { id: 'camera:2.1.0', exit: null });
    });
  });
});

describe('an idle connection', () => {
  test('stays for as long as it likes', async () => {
    await withConsole({ limits: { request_timeout: 0.1, stream_timeout: 0.1 } }, async ({ path }) => {
      const socket = await connect(path);
      const text = readAll(socket);
      socket.write(VERSION);
      await pause(500);
      assert.equal(socket.destroyed, false);
      socket.write(VERSION.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      assert.equal((await text).match(/HTTP\/1\.1 200/g)?.length, 2);
    });
  });

  test('is closed after idle_timeout when there is one', async () => {
    await withConsole({ limits: { idle_timeout: 0.1 } }, async ({ path }) => {
      assert.match(await exchangeBytes(path, VERSION), /^HTTP\/1\.1 200/);
    });
  });
});

describe('one connection', () => {
  test('carries out its requests one after the other', async () => {
    await withConsole({}, async ({ path, control }) => {
      const order: string[] = [];
      control.stop = async () => {
        order.push('stop');
        await pause(60);
        order.push('stopped');
        return { id: 'camera:2.1.0', exit: null };
      };
      control.start = (name) => {
        order.push('start');
        return Promise.resolve({ id: name, pid: 1 });
      };
      const post = (action: string): string =>
        `POST /v1/containers/camera/${action} HTTP/1.1\r\nContent-Length: 0\r\n\r\n`;
      const close = VERSION.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
      const text = await exchangeBytes(path, post('stop') + post('start') + close);
      assert.equal(text.match(/HTTP\/1\.1 200/g)?.length, 3);
      assert.deepEqual(order, ['stop', 'stopped', 'start']);
    });
  });

  test(`keeps at most ${PIPELINE} requests that wait`, async () => {
    await withConsole({}, async ({ path, control }) => {
      let release: () => void = () => undefined;
      control.stop = () =>
        new Promise((resolve) => {
          release = () => {
            resolve({ id: 'camera:2.1.0', exit: null });
          };
        });
      const socket = await connect(path);
      const text = readAll(socket);
      socket.write(`POST /v1/containers/camera/stop HTTP/1.1\r\nContent-Length: 0\r\n\r\n${VERSION.repeat(50)}`);
      await pause(50);
      release();
      await until('all were answered', () => control.calls.length === PIPELINE - 1);
      await pause(50);
      socket.destroy();
      const answers = await text;
      assert.equal(answers.match(/HTTP\/1\.1 200/g)?.length, PIPELINE);
      assert.equal(answers.match(/HTTP\/1\.1 429/g)?.length, 51 - PIPELINE);
    });
  });

  test('that is gone has no more of its requests carried out', async () => {
    await withConsole({}, async ({ path, control }) => {
      control.stop = async () => {
        await pause(60);
        return { id: 'camera:2.1.0', exit: null };
      };
      const socket = await connect(path);
      socket.write(`POST /v1/containers/camera/stop HTTP/1.1\r\nContent-Length: 0\r\n\r\n${VERSION.repeat(5)}`);
      await pause(20);
      socket.destroy();
      await pause(100);
      assert.deepEqual(control.calls, []);
    });
  });
});

test('the limits of one socket do not fall on clients that behave', async () => {
  await withConsole({}, async ({ path }) => {
    const client = new ConsoleClient(path);
    for (let i = 0; i < 100; i++) assert.equal((await client.version()).api, 'v1');
  });
});
