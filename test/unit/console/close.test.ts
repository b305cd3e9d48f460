import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect, pause, readAll, until, withConsole } from './support.ts';

const VERSION = 'GET /v1/version HTTP/1.1\r\n\r\n';
const STOP = 'POST /v1/containers/camera/stop HTTP/1.1\r\nContent-Length: 0\r\n\r\n';

async function timed(action: Promise<void>): Promise<number> {
  const began = performance.now();
  await action;
  return performance.now() - began;
}

describe('a server that closes', () => {
  test('waits for nobody who is idle, silent or half through a request', async () => {
    await withConsole({}, async ({ path, server }) => {
      const sockets = await Promise.all([connect(path), connect(path), connect(path)]);
      const [idle, , half] = sockets;
      const texts = sockets.map(readAll);
      let isAnswered = false;
      idle.once('data', () => (isAnswered = true));
      idle.write(VERSION);
      half.write('GET /v1/ver');
      await until('one was served', () => isAnswered);
      assert.ok((await timed(server.close())) < 500);
      assert.match((await Promise.all(texts))[0] ?? '', /^HTTP\/1\.1 200/);
    });
  });

  test('lets an answer finish, then closes its connection without waiting longer', async () => {
    await withConsole({}, async ({ path, server, control }) => {
      let isAsked = false;
      control.stop = async () => {
        isAsked = true;
        await pause(200);
        return { id: 'camera:2.1.0', exit: null };
      };
      const socket = await connect(path);
      const text = readAll(socket);
      socket.write(STOP);
      await until('it was asked', () => isAsked);
      const took = await timed(server.close());
      assert.ok(took > 100 && took < 700, `${took} ms`);
      assert.match(await text, /^HTTP\/1\.1 200.*"camera:2.1.0"/s);
    });
  });

  test('waits a second at most', async () => {
    await withConsole({}, async ({ path, server, control }) => {
      let isAsked = false;
      control.stop = () => {
        isAsked = true;
        return new Promise(() => undefined);
      };
      const socket = await connect(path);
      const text = readAll(socket);
      socket.write(STOP);
      await until('it was asked', () => isAsked);
      const took = await timed(server.close());
      assert.ok(took > 900 && took < 2000, `${took} ms`);
      assert.equal(await text, '');
    });
  });

  test('tells who asks once more on the same connection that it ends', async () => {
    await withConsole({}, async ({ path, server, control }) => {
      let isAsked = false;
      control.stop = async () => {
        isAsked = true;
        await pause(100);
        return { id: 'camera:2.1.0', exit: null };
      };
      const socket = await connect(path);
      const text = readAll(socket);
      socket.write(STOP + VERSION);
      await until('it was asked', () => isAsked);
      await server.close();
      assert.match(await text, /^HTTP\/1\.1 200.*HTTP\/1\.1 503.*"code":"TH6014"/s);
    });
  });

  test('may be closed twice', async () => {
    await withConsole({}, async ({ server }) => {
      await Promise.all([server.close(), server.close()]);
      await server.close();
    });
  });
});
