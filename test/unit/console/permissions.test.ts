import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ConsoleServer } from '../../../src/console/index.ts';
import { routes } from '../../../src/console/routes.ts';
import { FakeControl } from '../../support/fake-control.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { ask, refusalIn, requestFor, socketAt, withConsole } from './support.ts';

describe('permissions', () => {
  for (const route of routes) {
    const { path, asked } = requestFor(route);
    test(`${route.method} ${path} needs ${route.permission ?? 'none'}`, async () => {
      const others = routes.map((other) => other.permission).filter((one) => one !== null && one !== route.permission);
      await withConsole({ permissions: others.filter((one) => one !== null) }, async ({ path: socket, control }) => {
        const answer = await ask(socket, route.method, path, asked);
        if (route.permission === null) assert.equal(answer.status, 200);
        else {
          const refusal = refusalIn(answer);
          assert.deepEqual(
            [refusal.code, refusal.message],
            ['403 TH6002', `this connection lacks the permission \`${route.permission}\``],
          );
          assert.deepEqual(control.calls, []);
        }
      });
      if (route.permission !== null)
        await withConsole({ permissions: [route.permission] }, async ({ path: socket }) => {
          const { status } = await ask(socket, route.method, path, asked);
          // report is stopped, so stop and kill meet their wrong state: past the permission.
          assert.ok([200, 201, 202, 409].includes(status), String(status));
        });
    });
  }

  test('belong to the socket: two of one daemon differ', async () => {
    using folder = temporaryFolder();
    const [full, look] = [join(folder.path, 'full.sock'), join(folder.path, 'look.sock')];
    await using _server = await ConsoleServer.listen({
      control: new FakeControl(),
      sockets: [socketAt(full), socketAt(look, ['list'])],
    });
    assert.equal((await ask(look, 'GET', '/v1/containers')).status, 200);
    assert.equal(refusalIn(await ask(look, 'POST', '/v1/containers/report/start')).code, '403 TH6002');
    assert.equal((await ask(full, 'POST', '/v1/containers/report/start')).status, 200);
  });

  test('to start as the manifest says, and to start with something else, are two', async () => {
    const start = '/v1/containers/report/start';
    const other = { body: '{"args": []}' };
    await withConsole({ permissions: ['start'] }, async ({ path, control }) => {
      assert.equal((await ask(path, 'POST', start)).status, 200);
      assert.match(refusalIn(await ask(path, 'POST', start, other)).message, /lacks the permission `start_command`/);
      assert.equal(control.calls.length, 1);
    });
    await withConsole({ permissions: ['start_command'] }, async ({ path, control }) => {
      assert.equal((await ask(path, 'POST', start, other)).status, 200);
      assert.match(refusalIn(await ask(path, 'POST', start)).message, /lacks the permission `start`/);
      assert.equal(control.calls.length, 1);
    });
  });

  test('are known to who asks', async () => {
    await withConsole({ permissions: ['list', 'ident'] }, async ({ client }) => {
      assert.deepEqual(await client.identity(), { permissions: ['ident', 'list'] });
    });
    await withConsole({}, async ({ client }) => {
      assert.deepEqual(await client.identity(), { permissions: 'full' });
    });
  });

  test('an empty set leaves the version', async () => {
    await withConsole({ permissions: [] }, async ({ path }) => {
      assert.equal((await ask(path, 'GET', '/v1/version')).status, 200);
      assert.equal((await ask(path, 'GET', '/v1/containers')).status, 403);
    });
  });
});
