import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { ask, connect, pause, readAll, refusalIn, until, withConsole } from './support.ts';

const PATH = '/v1/repositories/default/packages';
const TAR = { 'content-type': 'application/x-tar' };
const MIB = 1024 * 1024;

function head(length: number, more = ''): string {
  return `PUT ${PATH} HTTP/1.1\r\nContent-Length: ${length}\r\n${more}\r\n`;
}

async function* piecesOf(pieces: number, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let i = 0; i < pieces; i++) {
    await Promise.resolve();
    yield Buffer.alloc(size, i);
  }
}

describe('a package that is sent', () => {
  test('arrives whole, with and without its length, and from the typed client', async () => {
    await withConsole({}, async ({ path, control, client }) => {
      const body = Buffer.alloc(3 * MIB, 7);
      assert.equal((await ask(path, 'PUT', PATH, { body, headers: TAR })).status, 201);
      const chunked = { ...TAR, 'transfer-encoding': 'chunked' };
      assert.equal((await ask(path, 'PUT', PATH, { body, headers: chunked })).status, 201);
      assert.equal((await client.install('default', { chunks: piecesOf(48), size: 3 * MIB })).size, 3 * MIB);
      assert.equal(control.received, 9 * MIB);
      assert.deepEqual(
        control.calls.map(({ options }) => options),
        [{ size: 3 * MIB }, {}, { size: 3 * MIB }],
      );
    });
  });

  test('may take longer than any other request', async () => {
    await withConsole({ limits: { request_timeout: 0.1 } }, async ({ path }) => {
      const socket = await connect(path);
      const answer = readAll(socket);
      socket.write(head(10, 'Connection: close\r\n'));
      for (let i = 0; i < 10; i++) {
        await pause(50);
        socket.write('x');
      }
      assert.match(await answer, /^HTTP\/1.1 201 /);
    });
  });

  test('comes no faster than it is taken', async () => {
    await withConsole({}, async ({ path, control }) => {
      let go = (): void => undefined;
      const taken = new Promise<void>((resolve) => (go = resolve));
      control.taking = () => taken;
      const socket = await connect(path);
      const answer = readAll(socket);
      socket.write(head(32 * MIB, 'Connection: close\r\n'));
      socket.write(Buffer.alloc(32 * MIB));
      await pause(300);
      assert.ok(
        socket.bytesWritten - socket.writableLength < 2 * MIB,
        `${socket.bytesWritten - socket.writableLength}`,
      );
      assert.ok(control.received <= 64 * 1024);
      go();
      assert.match(await answer, /^HTTP\/1.1 201 /);
      assert.equal(control.received, 32 * MIB);
    });
  });

  const refused: [what: string, headers: Record<string, string>, body: string, code: string][] = [
    ['of another type', { 'content-type': 'application/json' }, '{}', '400 TH6012'],
    ['without a body', TAR, '', '400 TH6012'],
    ['larger than the limit', TAR, 'x'.repeat(5000), '413 TH5008'],
  ];
  for (const [what, headers, body, code] of refused)
    test(`is refused before the daemon hears of it: ${what}`, async () => {
      await withConsole({ limits: { install_size: 4096 } }, async ({ path, control }) => {
        assert.equal(refusalIn(await ask(path, 'PUT', PATH, { body, headers })).code, code);
        assert.deepEqual(control.calls, []);
      });
    });

  test('is not asked for when it is refused anyway', async () => {
    await withConsole({}, async ({ path, control }) => {
      control.refusal = new ThubanError('TH5014', 'there is no repository `x`');
      const socket = await connect(path);
      const answer = readAll(socket);
      socket.write(head(MIB, 'Expect: 100-continue\r\n'));
      const text = await answer; // the connection is closed
      assert.match(text, /^HTTP\/1.1 404 /);
      assert.match(text, /connection: close/i);
    });
  });

  test('that is refused before it was sent keeps no daemon from ending', async () => {
    await withConsole({}, async ({ control, client, server }) => {
      control.refusal = new ThubanError('TH5008', 'the repository is full');
      await assert.rejects(client.install('default', { chunks: piecesOf(1), size: 64 * 1024 }), { code: 'TH5008' });
      await server.close();
      const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
      assert.deepEqual(timers, []);
    });
  });

  test('is refused in the middle: the client hears why, and what still comes is no request', async () => {
    await withConsole({}, async ({ path, control, client }) => {
      control.taking = (size) =>
        size < MIB ? Promise.resolve() : Promise.reject(new ThubanError('TH5007', '`a:1.0.0` is there already'));
      await assert.rejects(client.install('default', { chunks: piecesOf(1000), size: 1000 * 64 * 1024 }), {
        code: 'TH5007',
      });
      const socket = await connect(path);
      const answer = readAll(socket);
      socket.write(head(64 * MIB));
      socket.write(Buffer.alloc(2 * MIB));
      socket.write('GET /v1/version HTTP/1.1\r\n\r\n'.repeat(1000));
      const text = await answer;
      assert.match(text, /^HTTP\/1.1 409 /);
      assert.equal(text.match(/HTTP\/1.1/g)?.length, 1);
      assert.deepEqual([...new Set(control.calls.map(({ action }) => action))], ['install']);
    });
  });

  test('that stops coming gets 408 and its connection is closed', async () => {
    await withConsole({ limits: { stream_timeout: 0.2 } }, async ({ path }) => {
      const socket = await connect(path);
      const answer = readAll(socket);
      socket.write(`${head(1000)}some`);
      assert.match(
        await answer,
        /^HTTP\/1.1 408 .*TH6015.*for 0.2 s less than 4 KiB a second of the package have come/s,
      );
    });
  });

  test('that comes in drops gets 408 as well, however much of it has come before', async () => {
    await withConsole({ limits: { stream_timeout: 0.3 } }, async ({ path, control }) => {
      const socket = await connect(path);
      const answer = readAll(socket);
      socket.write(head(2 * MIB));
      socket.write(Buffer.alloc(MIB));
      await until('it has come', () => control.received >= MIB);
      const begun = performance.now();
      const drops = setInterval(() => socket.write('x'), 20);
      assert.match(await answer, /^HTTP\/1.1 408 .*TH6015/s);
      clearInterval(drops);
      assert.ok(performance.now() - begun >= 250);
    });
  });

  test('is not late because the disk is slow', async () => {
    await withConsole({ limits: { stream_timeout: 0.2 } }, async ({ path, control }) => {
      control.taking = () => pause(60);
      const socket = await connect(path);
      const answer = readAll(socket);
      socket.write(head(MIB, 'Connection: close\r\n'));
      socket.write(Buffer.alloc(MIB));
      assert.match(await answer, /^HTTP\/1.1 201 /);
    });
  });

  test('of a client that goes away ends for the daemon as well', async () => {
    await withConsole({}, async ({ path, control, log }) => {
      let end: unknown;
      const install = control.install.bind(control);
      control.install = (...args) =>
        install(...args).catch((error: unknown) => {
          end = error;
          throw error;
        });
      const socket = await connect(path);
      socket.on('error', () => undefined).write(`${head(1000)}some`);
      await until('some has come', () => control.received === 4);
      socket.destroy();
      await until('the daemon knows', () => end !== undefined);
      assert.equal((end as ThubanError).code, 'TH6015');
      assert.deepEqual(
        log.filter(({ level }) => level === 'error'),
        [],
      );
    });
  });
});

describe('the client', () => {
  test('tells when its source fails or changes, and sends no more', async () => {
    await withConsole({}, async ({ client }) => {
      await assert.rejects(client.install('default', { chunks: piecesOf(1), size: 1000 }), { code: 'TH1008' });
      await assert.rejects(client.install('default', { chunks: piecesOf(1), size: 100_000 }), { code: 'TH1008' });
      // eslint-disable-next-line require-yield -- it fails before
      async function* failing(): AsyncGenerator<Buffer> {
        await Promise.resolve();
        throw new ThubanError('TH1008', 'cannot read it');
      }
      await assert.rejects(client.install('default', { chunks: failing(), size: 10 }), { message: 'cannot read it' });
      assert.equal((await client.version()).api, 'v1');
    });
  });
});
