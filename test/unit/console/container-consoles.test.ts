import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ConsoleClient, ContainerConsoles } from '../../../src/console/index.ts';
import { routes } from '../../../src/console/routes.ts';
import { idlePermissions } from '../../../src/runtime/plan-console.ts';
import { FakeControl } from '../../support/fake-control.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { ask, connect, pause, readAll, refusalIn } from './support.ts';

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

async function withConsole(
  permissions: 'full' | string[],
  body: (path: string, opened: { close(): Promise<void> }) => Promise<void>,
  id = 'camera:2.1.0',
): Promise<void> {
  using folder = temporaryFolder();
  const path = join(folder.path, 'console.sock');
  const consoles = new ContainerConsoles({ limits: { request_timeout: 0.05, idle_timeout: 0.05 } });
  consoles.serve(new FakeControl());
  const opened = await consoles.open({ id, path, permissions, ...owner });
  try {
    await body(path, opened);
  } finally {
    await consoles.close();
  }
  assert.deepEqual(readdirSync(folder.path), []);
}

describe('the console of a container', () => {
  test('says whose it is, also of a run beside another', async () => {
    for (const id of ['camera:2.1.0', 'camera:2.1.0#2'])
      await withConsole(
        ['ident'],
        async (path) => {
          const identity = { id, name: 'camera', version: '2.1.0', permissions: ['ident'] };
          assert.deepEqual(await new ConsoleClient(path).identity(), identity);
        },
        id,
      );
  });

  test('is for its user alone', async () => {
    await withConsole([], async (path) => {
      assert.equal(lstatSync(path).mode & 0o7777, 0o600);
      await Promise.resolve();
    });
  });

  test('names the manifest when a permission is missing', async () => {
    await withConsole(['list'], async (path) => {
      const { code, hint } = refusalIn(await ask(path, 'POST', '/v1/shutdown', { body: '{}' }));
      assert.equal(code, '403 TH6002');
      assert.equal(hint, 'add it to `console.permissions` of the manifest of `camera:2.1.0`');
    });
  });

  test('takes `notifications` for `events`', async () => {
    await withConsole(['notifications'], async (path) => {
      assert.equal((await ask(path, 'GET', '/v1/events')).status, 200);
      assert.equal((await ask(path, 'GET', '/v1/containers')).status, 403);
    });
  });

  test('has no time-out: not before the first request, not within one, not between two', async () => {
    await withConsole(['ident'], async (path) => {
      const socket = await connect(path);
      const received = readAll(socket);
      const request = ['GET /v1/ident HT', 'TP/1.1\r\n', '\r\n'];
      for (const part of [...request, ...request]) {
        await pause(150);
        socket.write(part);
      }
      await pause(150);
      socket.end();
      assert.equal((await received).match(/HTTP\/1.1 200/g)?.length, 2);
    });
  });

  test('ends its connections at once when it is closed, with a stream under way', async () => {
    await withConsole('full', async (path, opened) => {
      const [idle, follows] = [await connect(path), await connect(path)];
      follows.write('GET /v1/events?follow HTTP/1.1\r\n\r\n');
      await once(follows, 'data');
      const ended = Promise.all([readAll(idle), readAll(follows)]);
      const began = performance.now();
      await opened.close();
      await ended;
      assert.ok(performance.now() - began < 900);
    });
  });

  test('listens when there is somebody to ask, and refuses a place that is taken', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'console.sock');
    const consoles = new ContainerConsoles();
    let listens = false;
    const opening = consoles.open({ id: 'a:1.0.0', path, permissions: [], ...owner }).then(() => (listens = true));
    await pause(20);
    assert.equal(listens, false);
    consoles.serve(new FakeControl());
    await opening;
    await consoles.close();
    writeFileSync(path, '');
    await assert.rejects(consoles.open({ id: 'a:1.0.0', path, permissions: [], ...owner }), { code: 'TH7005' });
  });
});

test('every permission of a manifest opens a route, or is named as one that opens none', () => {
  const schema = JSON.parse(readFileSync('schemas/manifest.schema.json', 'utf8')) as {
    properties: { console: { properties: { permissions: { items: { enum: string[] } } } } };
  };
  const words = schema.properties.console.properties.permissions.items.enum;
  const needed = new Set<string | null>(routes.flatMap(({ permission, permissionOr }) => [permission, permissionOr]));
  assert.deepEqual(
    words.filter((word) => !needed.has(word) && word !== 'notifications'),
    idlePermissions.toSorted((a, b) => words.indexOf(a) - words.indexOf(b)),
  );
  for (const permission of needed) assert.ok(permission === null || words.includes(permission), String(permission));
});
