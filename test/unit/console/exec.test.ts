import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, test } from 'node:test';
import {
  ExecFrame,
  ExecSplitter,
  INPUT_WINDOW,
  MAX_EXEC_FRAME,
  execFrame,
  jsonFrame,
} from '../../../src/console/exec-frames.ts';
import type { ExecConnection } from '../../../src/console/index.ts';
import { until } from '../../support/processes.ts';
import { ask, withConsole, type Bench } from './support.ts';

const RUNNING = 'camera';

async function started(bench: Bench, args = ['cat']): Promise<{ connection: ExecConnection; text: () => string }> {
  const chunks: Buffer[] = [];
  const connection = await bench.client.exec(RUNNING, { args, stdin: true }, (_stream, chunk) => {
    chunks.push(chunk);
    return undefined;
  });
  return { connection, text: () => Buffer.concat(chunks).toString('latin1') };
}

/** A client that says what it likes. */
function raw(
  path: string,
  head: string,
): { socket: ReturnType<typeof createConnection>; text: () => string; closed: Promise<void> } {
  const socket = createConnection(path);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      resolve();
    });
  });
  socket.write(head);
  return { socket, text: () => text, closed };
}

const request = (body: string, more = ''): string =>
  `POST /v1/containers/${RUNNING}/exec HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: thuban-exec\r\n${more}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('the frames of an exec', () => {
  test('are the same wherever the stream is cut', () => {
    const frames = [
      execFrame(ExecFrame.STDIN, Buffer.from([0, 255, 10])),
      execFrame(ExecFrame.END_OF_STDIN),
      jsonFrame(ExecFrame.SIGNAL, { signal: 2 }),
    ];
    const stream = Buffer.concat(frames);
    for (let cut = 0; cut <= stream.length; cut++) {
      const splitter = new ExecSplitter();
      const found = [...splitter.push(stream.subarray(0, cut)), ...splitter.push(stream.subarray(cut))];
      assert.deepEqual(Buffer.concat(found.map(({ type, payload }) => execFrame(type, payload))), stream);
    }
  });

  test('that are too long are refused before they have come', () => {
    const head = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
    assert.throws(() => [...new ExecSplitter().push(head)], { code: 'TH6012' });
  });
});

describe('an exec over the console', () => {
  test('carries bytes both ways, and at last how the program ended', async () => {
    await withConsole({}, async (bench) => {
      const { connection, text } = await started(bench);
      const bytes = Buffer.from(Array.from({ length: 3 * INPUT_WINDOW }, (_, i) => i % 251));
      assert.equal(await connection.write(bytes), true);
      connection.endInput();
      assert.equal((await connection.ended).code, 0);
      assert.equal(text(), bytes.toString('latin1'));
      assert.deepEqual(bench.control.programs[0]?.request, { args: ['cat'], stdin: true });
      assert.equal(await connection.write(bytes), false);
    });
  });

  test('lets signals and sizes pass a program that reads nothing', async () => {
    await withConsole({}, async (bench) => {
      const { connection } = await started(bench);
      const [program] = bench.control.programs;
      assert.ok(program !== undefined);
      program.taking = () => new Promise(() => undefined);
      const writing = connection.write(Buffer.alloc(2 * INPUT_WINDOW));
      connection.resize({ rows: 50, columns: 132 });
      connection.signal(2);
      await until('both have come', () => program.told.length === 2);
      assert.deepEqual(program.told, [{ rows: 50, columns: 132 }, 2]);
      connection.signal(15);
      assert.equal((await connection.ended).signal, 'SIGTERM');
      assert.equal(await writing, false);
    });
  });

  test('waits for a client that takes its output slowly', async () => {
    await withConsole({}, async (bench) => {
      let size = 0;
      const connection = await bench.client.exec(RUNNING, { args: ['cat'], stdin: true }, async (_stream, chunk) => {
        size += chunk.length;
        await new Promise((resolve) => setTimeout(resolve, 2));
      });
      const total = 64 * MAX_EXEC_FRAME;
      await connection.write(Buffer.alloc(total));
      connection.endInput();
      assert.equal((await connection.ended).code, 0);
      assert.equal(size, total);
    });
  });

  test('hangs the program up when its client goes away', async () => {
    await withConsole({}, async (bench) => {
      const { connection } = await started(bench);
      connection.close();
      await until('it is told', () => bench.control.programs[0]?.isAbandoned === true);
      await assert.rejects(connection.ended, { code: 'TH6001' });
    });
  });

  test('is refused as everything else is, before it is upgraded', async () => {
    await withConsole({ permissions: ['list'] }, async ({ client, control }) => {
      await assert.rejects(
        client.exec(RUNNING, { args: ['cat'] }, () => undefined),
        { code: 'TH6002', details: { permission: 'exec' } },
      );
      assert.equal(control.programs.length, 0);
    });
    await withConsole({}, async ({ client, path }) => {
      const refused = (name: string, request: object, expected: object): Promise<void> =>
        assert.rejects(
          client.exec(name, request as { args: string[] }, () => undefined),
          expected,
        );
      await refused('nobody', { args: ['cat'] }, { code: 'TH6003' });
      await refused('report', { args: ['cat'] }, { code: 'TH6005' });
      await refused(RUNNING, { args: [] }, { code: 'TH6012' });
      await refused(RUNNING, { args: ['cat'], working_dir: 'here' }, { code: 'TH6012' });
      await refused(RUNNING, { args: ['cat'], tty: { rows: 70_000, columns: 80 } }, { code: 'TH6012' });
      await refused(RUNNING, { args: ['cat'], user: 'root' }, { code: 'TH6012' });
      const plain = await ask(path, 'POST', `/v1/containers/${RUNNING}/exec`, { body: '{"args": ["cat"]}' });
      assert.equal(plain.status, 400);
      assert.match(plain.text, /Upgrade: thuban-exec/);
    });
  });

  test('upgrades nothing else, and to nothing else', async () => {
    await withConsole({}, async ({ path }) => {
      for (const head of [
        'GET /v1/version HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: thuban-exec\r\n\r\n',
        request('{"args": ["cat"]}').replace('Upgrade: thuban-exec', 'Upgrade: websocket'),
        request('{"args": ["cat"]}', 'Transfer-Encoding: chunked\r\n').replace(/Content-Length: \d+\r\n/, ''),
        request('{"args": '),
      ]) {
        const { text, closed, socket } = raw(path, head);
        await until('it is refused', () => text().includes('TH6012'));
        assert.match(text(), /^HTTP\/1.1 400 /);
        socket.end();
        await closed;
      }
    });
  });

  test('takes a body in pieces, and frames right behind it; one that does not come ends the connection', async () => {
    await withConsole({ limits: { request_timeout: 1 } }, async ({ path, control }) => {
      const body = '{"args": ["cat"], "stdin": true}';
      const whole = request(body);
      const client = raw(path, whole.slice(0, -10));
      await new Promise((resolve) => setTimeout(resolve, 50));
      client.socket.write(
        whole.slice(-10) +
          execFrame(ExecFrame.STDIN, Buffer.from('hello')).toString('latin1') +
          execFrame(ExecFrame.END_OF_STDIN).toString('latin1'),
        'latin1',
      );
      await client.closed;
      assert.match(client.text(), /^HTTP\/1.1 101 [^]*hello[^]*"code":0/);
      const late = raw(path, request(body).slice(0, -10));
      await until('it is refused', () => late.text().includes('TH6015'));
      await late.closed;
      assert.equal(control.programs.length, 1);
    });
  });

  test('ends with a client that does not keep to the frames', async () => {
    await withConsole({}, async ({ path, control }) => {
      const bad = [
        execFrame(9),
        execFrame(ExecFrame.STDOUT, Buffer.from('x')),
        execFrame(ExecFrame.RESIZE, Buffer.from('{')),
        jsonFrame(ExecFrame.RESIZE, { rows: 1 }),
        jsonFrame(ExecFrame.SIGNAL, { signal: 65 }),
        Buffer.from([0, 0, 255, 255, 255]),
      ];
      for (const [i, frame] of bad.entries()) {
        const { socket, text, closed } = raw(path, request('{"args": ["cat"], "stdin": true}'));
        await until('it is upgraded', () => text().includes('101 Switching'));
        socket.write(frame);
        await closed;
        await until('the program is hung up', () => control.programs[i]?.isAbandoned === true);
      }
      const greedy = raw(path, request('{"args": ["cat"], "stdin": true}'));
      await until('it is upgraded', () => greedy.text().includes('101 Switching'));
      const last = control.programs.at(-1);
      assert.ok(last !== undefined);
      last.taking = () => new Promise(() => undefined);
      for (let sent = 0; sent <= INPUT_WINDOW; sent += MAX_EXEC_FRAME)
        greedy.socket.write(execFrame(ExecFrame.STDIN, Buffer.alloc(MAX_EXEC_FRAME)));
      await greedy.closed;
      assert.equal(last.isAbandoned, true);
    });
  });
});
