import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DaemonStart } from '../../../bench/daemon-start.ts';
import { ConsoleClient } from '../../../src/console/index.ts';

interface Script {
  /** Status of the answer to a start. */
  status?: number;
  exit?: object;
}

/** A console that starts nothing, but answers as if. */
async function withConsole(script: Script, body: (contestant: DaemonStart, seen: string[]) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
  const socket = join(folder, 'console.sock');
  const seen: string[] = [];
  const stamps: string[] = [];
  let events: ServerResponse | undefined;
  const server = createServer((request, answer) => {
    const url = request.url ?? '';
    seen.push(`${request.method ?? ''} ${url}`);
    if (url.startsWith('/v1/events')) {
      events = answer;
      answer.flushHeaders();
      return;
    }
    if (url.includes('/logs')) {
      answer.end(stamps.map((line) => `${JSON.stringify({ time: '', stream: 'stdout', line })}\n`).join(''));
      return;
    }
    stamps.push(String(process.hrtime.bigint()));
    answer.writeHead(script.status ?? 200).end('{"id":"bench:1.0.0","pid":1}');
    const exit = script.exit ?? { reason: 'exited', code: 0 };
    events?.write(`${JSON.stringify({ type: 'exited', container: 'bench:1.0.0', exit })}\n`);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const contestant = await DaemonStart.open([], new ConsoleClient(socket), socket);
  try {
    await body(contestant, seen);
  } finally {
    contestant.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

describe('a start through the console', () => {
  test('ends with the event that says that all is gone, and the stamp lies within', async () => {
    await withConsole({}, async (contestant, seen) => {
      for (let turn = 0; turn < 3; turn++) {
        const { begin, gone } = await contestant.turn();
        const stamps = await contestant.stamps();
        assert.equal(stamps.filter((stamp) => begin <= stamp && stamp <= gone).length, 1);
      }
      assert.equal(seen.filter((each) => each === 'POST /v1/containers/bench%3A1.0.0/start').length, 3);
      assert.equal(seen[0], 'GET /v1/events?follow=true&type=exited&container=bench%3A1.0.0');
    });
  });

  test('that is refused is told with its answer', async () => {
    await withConsole({ status: 409 }, async (contestant) => {
      await assert.rejects(contestant.turn(), /start answers 409: .*"pid":1/);
    });
  });

  test('whose program does not end with code 0 is no measurement', async () => {
    await withConsole({ exit: { reason: 'oom_killed' } }, async (contestant) => {
      await assert.rejects(contestant.turn(), /ended otherwise: .*oom_killed/);
    });
  });
});
