import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ConsoleClient, ConsoleServer, type ConsoleSocket } from '../../../src/console/index.ts';
import { FakeControl } from '../../support/fake-control.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { socketAt, withConsole, type LogLine } from './support.ts';
import { staleSocket } from './stale-socket.ts';

function listen(sockets: ConsoleSocket[], log: LogLine[] = []): Promise<ConsoleServer> {
  return ConsoleServer.listen({
    control: new FakeControl(),
    sockets,
    log: (level, message, fields) => log.push({ level, message, fields }),
  });
}

describe('the socket file', () => {
  for (const mode of [0o660, 0o600, 0o666]) {
    test(`has mode ${mode.toString(8)}, and the umask is as it was`, async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, 'a.sock');
      const before = process.umask(0o022);
      try {
        await using _server = await listen([{ ...socketAt(path), mode }]);
        const found = lstatSync(path);
        assert.ok(found.isSocket());
        assert.equal(found.mode & 0o7777, mode);
        assert.deepEqual([found.uid, found.gid], [process.getuid?.(), process.getgid?.()]);
        assert.deepEqual(readdirSync(folder.path), ['a.sock']);
      } finally {
        assert.equal(process.umask(before), 0o022);
      }
    });
  }

  test('belongs to whom it should', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'a.sock');
    await using _server = await listen([{ ...socketAt(path), uid: 1234, gid: 5678 }]);
    assert.deepEqual([lstatSync(path).uid, lstatSync(path).gid], [1234, 5678]);
  });

  test('is gone when the server has closed', async () => {
    using folder = temporaryFolder();
    const server = await listen([socketAt(join(folder.path, 'a.sock')), socketAt(join(folder.path, 'b.sock'))]);
    assert.deepEqual(readdirSync(folder.path).sort(), ['a.sock', 'b.sock']);
    await server.close();
    assert.deepEqual(readdirSync(folder.path), []);
    await server.close();
  });

  test('of somebody else at the same path is left alone', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'a.sock');
    const first = await listen([socketAt(path)]);
    rmSync(path);
    await using _second = await listen([socketAt(path)]);
    await first.close();
    assert.equal((await new ConsoleClient(path).version()).api, 'v1');
  });

  test('of a daemon that has died is replaced, with one line in the log', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'a.sock');
    staleSocket(path);
    const log: LogLine[] = [];
    await using _server = await listen([socketAt(path)], log);
    assert.deepEqual(log, [
      { level: 'info', message: 'replaced the socket of a daemon that has died', fields: { socket: path } },
    ]);
    assert.equal((await new ConsoleClient(path).version()).api, 'v1');
  });

  test('that a crash left half made is replaced too', async () => {
    using folder = temporaryFolder();
    staleSocket(join(folder.path, '.new'));
    await using _server = await listen([socketAt(join(folder.path, 'a.sock'))]);
    assert.deepEqual(readdirSync(folder.path), ['a.sock']);
  });

  test('of a daemon that lives is refused, and says who it is', async () => {
    await withConsole({}, async ({ path, client }) => {
      await assert.rejects(listen([socketAt(path)]), {
        code: 'TH7005',
        message: `cannot listen on ${path}: Thuban 0.1.0 (pid ${process.pid}) listens there`,
        details: { path, pid: process.pid },
      });
      assert.equal((await client.version()).api, 'v1');
    });
  });

  test('of another program is refused, whether it answers or not', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'a.sock');
    for (const answer of [undefined, 'no\n']) {
      const other = createServer((socket) => {
        socket.on('error', () => undefined).resume();
        if (answer !== undefined) socket.end(answer);
      });
      other.listen(path);
      await once(other, 'listening');
      await assert.rejects(listen([socketAt(path)]), {
        code: 'TH7005',
        message: `cannot listen on ${path}: another program listens there`,
      });
      other.close();
      await once(other, 'close');
    }
  });

  test('does not replace what is no socket', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'a.sock');
    const make: (() => void)[] = [
      () => {
        writeFileSync(path, 'precious');
      },
      () => {
        mkdirSync(path);
      },
      () => {
        writeFileSync(join(folder.path, 'target'), 'precious');
        symlinkSync('target', path);
      },
    ];
    for (const one of make) {
      one();
      await assert.rejects(listen([socketAt(path)]), {
        code: 'TH7005',
        message: `cannot listen on ${path}: it is not a socket`,
      });
      assert.ok(lstatSync(path));
      rmSync(path, { recursive: true });
    }
    assert.equal(readFileSync(join(folder.path, 'target'), 'utf8'), 'precious');
  });

  const unusable: [name: string, path: (folder: string) => string, message: RegExp][] = [
    ['longer than 107 bytes', (folder) => join(folder, 'x'.repeat(107 - folder.length)), /is longer than 107 bytes$/],
    ['not absolute', () => 'a.sock', /is not absolute$/],
    ['in a folder that does not exist', (folder) => join(folder, 'no/a.sock'), /no such file or directory \(ENOENT\)$/],
    ['below a file', (folder) => join(folder, 'file/a.sock'), /file is not a folder$/],
  ];
  for (const [name, pathIn, message] of unusable) {
    test(`whose path is ${name} is TH7003`, async () => {
      using folder = temporaryFolder();
      writeFileSync(join(folder.path, 'file'), '');
      await assert.rejects(listen([socketAt(pathIn(folder.path))]), (error: Error & { code: string }) => {
        assert.match(error.message, message);
        assert.equal(error.code, 'TH7003');
        return true;
      });
      assert.deepEqual(readdirSync(folder.path), ['file']);
    });
  }

  test('may have a path of 107 bytes', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'x'.repeat(106 - folder.path.length));
    assert.equal(path.length, 107);
    await using _server = await listen([socketAt(path)]);
    assert.equal((await new ConsoleClient(path).version()).api, 'v1');
  });

  test('is not left of one when another cannot be made', async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'b.sock'), '');
    const sockets = ['a.sock', 'b.sock'].map((name) => socketAt(join(folder.path, name)));
    await assert.rejects(listen(sockets), { code: 'TH7005' });
    assert.deepEqual(readdirSync(folder.path), ['b.sock']);
  });
});
