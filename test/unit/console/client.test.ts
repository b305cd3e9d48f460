import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { ConsoleClient } from '../../../src/console/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { until, withConsole } from './support.ts';
import { staleSocket } from './stale-socket.ts';

async function refusalOf(action: Promise<unknown>): Promise<ThubanError> {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ThubanError, String(error));
  return error;
}

/** Answers every connection with these bytes, then closes it. */
async function answering(path: string, bytes: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes));
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

async function withAnswer(bytes: string, body: (client: ConsoleClient) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const server = await answering(join(folder.path, 'a.sock'), bytes);
  await body(new ConsoleClient(join(folder.path, 'a.sock'))).finally(() => server.close());
}

function http(status: number, body: string, length = body.length): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

describe('the client', () => {
  test('carries every call to the supervisor and its answer back', async () => {
    await withConsole({}, async ({ client, control }) => {
      const started = await client.start('report', { args: ['-v'], env: { A: 'é\n"' }, init: '/bin/sh' });
      assert.deepEqual(started, { id: 'report:1.0.0', pid: 5000 });
      assert.equal((await client.stop('camera', { timeout: 2 })).exit?.signal, 'SIGTERM');
      assert.equal((await client.restart('gateway:1.4.2', { timeout: 3 })).pid, 5001);
      assert.deepEqual(await client.kill('gateway', { signal: 'SIGHUP' }), { id: 'gateway:1.4.2' });
      assert.deepEqual(await client.kill('gateway'), { id: 'gateway:1.4.2' });
      await client.shutdown({ keep: true });
      assert.deepEqual(control.calls, [
        { action: 'start', name: 'report', options: { args: ['-v'], env: { A: 'é\n"' }, init: '/bin/sh' } },
        { action: 'stop', name: 'camera', options: { timeout: 2 } },
        { action: 'restart', name: 'gateway:1.4.2', options: { timeout: 3 } },
        { action: 'kill', name: 'gateway', options: { signal: 'SIGHUP' } },
        { action: 'kill', name: 'gateway', options: {} },
        { action: 'shutdown', options: { keep: true } },
      ]);
      const [camera] = await client.containers({ usage: true });
      assert.equal(camera?.usage?.pids, 9);
      assert.equal((await client.containers())[0]?.usage, undefined);
      assert.deepEqual(await client.container('oom'), control.containers[3]);
      assert.deepEqual(await client.version(), control.version());
    });
  });

  test('carries queries of streams', async () => {
    await withConsole({}, async ({ client, control }) => {
      const since = '2026-01-31T10:00:00+02:00';
      for await (const line of client.logs('camera', { tail: 3, since, follow: false })) assert.fail(line.line);
      const query = {
        since: 0,
        epoch: '0f3a',
        types: ['oom', 'exited'],
        containers: ['cam*', 'a:1.0.0+5', 'two words, and ü&=.yaml'],
      };
      for await (const event of client.events(query)) assert.fail(event.type);
      assert.deepEqual(control.calls, [
        { action: 'logs', name: 'camera', options: { tail: 3, since, follow: false } },
        { action: 'events', options: query },
      ]);
    });
  });

  for (const name of ['a/b', 'ü ☃', '%2F', '?x=1', '#a', '..', 'a\nb', '\ud800']) {
    test(`asks for ${JSON.stringify(name)} by that name or is refused`, async () => {
      await withConsole({}, async ({ client, control }) => {
        const error = await refusalOf(client.container(name));
        assert.ok(['TH6003', 'TH6012'].includes(error.code), error.message);
        if (error.code === 'TH6003')
          assert.deepEqual(control.calls, [{ action: 'inspect', name: name === '\ud800' ? '\ufffd' : name }]);
      });
    });
  }

  test('does not take an empty name for a listing', async () => {
    await withConsole({}, async ({ client, control }) => {
      for (const action of [client.container(''), client.start(''), client.stop(''), client.logs('').next()])
        assert.equal((await refusalOf(action)).code, 'TH6012');
      assert.deepEqual(control.calls, []);
    });
  });

  test('throws what the daemon refuses as it was thrown there', async () => {
    await withConsole({}, async ({ client, control }) => {
      const position = { file: '/r/a.yaml', line: 3, column: 7 };
      const thrown = new ThubanError('TH3001', '`/bin/x` does not exist', {
        hint: 'ls',
        details: { key: 'init', list: [1] },
        position,
      });
      control.refusal = thrown;
      const error = await refusalOf(client.start('report'));
      assert.deepEqual(error.toJSON(), thrown.toJSON());
      assert.deepEqual([error.hint, error.position, error.details], ['ls', position, { key: 'init', list: [1] }]);
      control.refusal = thrown;
      await assert.rejects(client.logs('report').next(), { code: 'TH3001' });
    });
  });

  test('names an error that only a newer daemon knows', async () => {
    await withAnswer(http(409, '{"error": {"code": "TH6999", "message": "it is Tuesday"}}'), async (client) => {
      const error = await refusalOf(client.version());
      assert.equal(error.code, 'TH6008');
      assert.match(error.message, /^the daemon reports TH6999, which version .* does not know: it is Tuesday$/);
    });
  });

  test('tells of each request', async () => {
    await withConsole({}, async ({ path }) => {
      const lines: string[] = [];
      const client = new ConsoleClient(path, { onRequest: (line) => lines.push(line) });
      await client.version();
      await refusalOf(client.start('nope'));
      assert.match(
        lines.join('\n'),
        /^GET \/v1\/version 200 \(\d+ ms\)\nPOST \/v1\/containers\/nope\/start 404 \(\d+ ms\)$/,
      );
    });
  });
});

describe('a stream of the client', () => {
  test('ends quietly when its signal aborts, before and in the middle', async () => {
    await withConsole({}, async ({ client, control }) => {
      const stop = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        for await (const line of client.logs('camera', { follow: true }, stop.signal)) seen.push(line.line);
      })();
      await until('it follows', () => control.streams === 1);
      control.write('camera:2.1.0', 'one');
      await until('it was told', () => seen.length === 1);
      stop.abort();
      await reading;
      await until('the daemon has noticed', () => control.streams === 0);
      for await (const line of client.logs('camera', { follow: true }, stop.signal)) assert.fail(line.line);
    });
  });

  test('ends when its reader stops', async () => {
    await withConsole({}, async ({ client, control }) => {
      control.emit('started');
      control.emit('exited');
      for await (const event of client.events({ follow: true })) {
        assert.equal(event.seq, 1);
        break;
      }
      await until('the daemon has noticed', () => control.streams === 0);
    });
  });

  test('reads records that come in pieces, and any text in them', async () => {
    await withConsole({}, async ({ client, control }) => {
      const lines = ['', '\u2028 é ☃ \u{1F40B}', '{"a": 1}', '\u001b[2J', 'x'.repeat(300_000), 'end'];
      for (const line of lines) control.write('camera:2.1.0', line);
      const seen: string[] = [];
      for await (const record of client.logs('camera')) seen.push(record.line);
      assert.deepEqual(seen, lines);
    });
  });

  const broken: [name: string, bytes: string, message: RegExp][] = [
    ['the connection breaks off', '30\r\n{"seq":1}\n{"seq":2', /closed the connection$/],
    ['the answer ends in the middle of a record', '12\r\n{"seq":1}\n{"seq":2\r\n0\r\n\r\n', /closed the connection$/],
    ['a record is not JSON', 'd\r\n{"seq":1}\nno\n\r\n0\r\n\r\n', /what answers there is no Thuban/],
  ];
  for (const [name, bytes, message] of broken) {
    test(`throws TH6001 after the records before it, when ${name}`, async () => {
      await withAnswer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${bytes}`, async (client) => {
        const seen: number[] = [];
        const error = await refusalOf(
          (async () => {
            for await (const event of client.events({ follow: true })) seen.push(event.seq);
          })(),
        );
        assert.equal(error.code, 'TH6001');
        assert.match(error.message, message);
        assert.equal(typeof error.details['cause'], 'string');
        assert.deepEqual(seen, [1]);
      });
    });
  }
});

describe('without a daemon', () => {
  const causes: [name: string, make: (path: string) => void, cause: string, text: string, hint: RegExp][] = [
    ['there is no socket', () => undefined, 'ENOENT', 'no such file', /systemctl start thuban.*sudo thuban daemon/],
    ['the daemon has died', staleSocket, 'ECONNREFUSED', 'connection refused', /daemon that has died.*replaces it/],
    [
      'it is another file',
      (path) => {
        writeFileSync(path, '');
      },
      'ENOTSOCK',
      'not a socket',
      /--socket PATH/,
    ],
  ];
  for (const [name, make, cause, text, hint] of causes) {
    test(`because ${name}, the client says so`, async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, 'a.sock');
      make(path);
      const error = await refusalOf(new ConsoleClient(path).version());
      assert.deepEqual(
        [error.code, error.message, error.details],
        ['TH6001', `no daemon answers at ${path} (${text})`, { socket: path, cause }],
      );
      assert.match(error.hint ?? '', hint);
    });
  }

  test('because the path is too long, the client says so and does not cut it', async () => {
    const error = await refusalOf(new ConsoleClient(`/tmp/${'x'.repeat(103)}`).version());
    assert.match(error.message, /\(the path is longer than 107 bytes\)$/);
  });

  test(
    'because one may not connect, the client says who may',
    { skip: process.getuid?.() !== 0 && 'needs root' },
    async () => {
      await withConsole({}, async ({ path }) => {
        chmodSync(path, 0o600);
        process.seteuid?.(1000);
        try {
          const error = await refusalOf(new ConsoleClient(path).version());
          assert.equal(
            error.message,
            `no daemon answers at ${path} (permission denied: owner root, group root, mode 0600)`,
          );
          assert.equal(error.hint, 'only root may use it: ask with `sudo`');
        } finally {
          process.seteuid?.(0);
        }
        chownSync(path, 1, 2);
        chmodSync(path, 0o660);
        process.seteuid?.(1000);
        try {
          const error = await refusalOf(new ConsoleClient(path).version());
          assert.match(error.message, /owner daemon, group bin, mode 0660\)$/);
          assert.match(error.hint ?? '', /not in the group `bin`: `sudo usermod -aG bin \$USER`/);
        } finally {
          process.seteuid?.(0);
        }
        chmodSync(dirname(path), 0o700);
        process.seteuid?.(1000);
        try {
          const error = await refusalOf(new ConsoleClient(path).version());
          assert.match(error.message, /\(permission denied\)$/);
          assert.match(error.hint ?? '', /its folder is closed to you/);
        } finally {
          process.seteuid?.(0);
        }
      });
    },
  );

  const others: [name: string, bytes: string, message: RegExp][] = [
    ['no HTTP', 'SSH-2.0-x\r\n', /closed the connection$/],
    ['nothing', '', /closed the connection$/],
    ['another kind of page', http(200, '<html>'), /what answers there is no Thuban/],
    ['an error that is not ours', http(502, '{"error": "bad gateway"}'), /no Thuban: status 502\)$/],
    ['half an answer', http(200, '{}', 100), /closed the connection$/],
  ];
  for (const [name, bytes, message] of others) {
    test(`but something that answers with ${name}, the client throws TH6001`, async () => {
      await withAnswer(bytes, async (client) => {
        const error = await refusalOf(client.version());
        assert.equal(error.code, 'TH6001');
        assert.match(error.message, message);
      });
    });
  }
});
