import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { routes } from '../../../src/console/routes.ts';
import { answerCheck } from './document.ts';
import { ask, refusalIn, withConsole, type Asked } from './support.ts';

/** One good request for every route, what the supervisor is asked by it, and the status. */
const good: [
  method: string,
  path: string,
  operation: string,
  asked: object | undefined,
  body?: object | string,
  status?: number,
][] = [
  ['GET', '/v1/containers', 'listContainers', { action: 'list', options: {} }],
  ['GET', '/v1/containers?usage', 'listContainers', { action: 'list', options: { usage: true } }],
  ['GET', '/v1/containers?usage=0', 'listContainers', { action: 'list', options: { usage: false } }],
  ['GET', '/v1/containers/camera', 'inspectContainer', { action: 'inspect', name: 'camera' }],
  ['GET', '/v1/containers/camera:2.1.0', 'inspectContainer', { action: 'inspect', name: 'camera:2.1.0' }],
  ['GET', '/v1/containers/camera%3A2.1.0', 'inspectContainer', { action: 'inspect', name: 'camera:2.1.0' }],
  ['GET', '/v1/containers/sensors.yaml', 'inspectContainer', { action: 'inspect', name: 'sensors.yaml' }],
  ['POST', '/v1/containers/report/start', 'startContainer', { action: 'start', name: 'report', options: {} }],
  [
    'POST',
    '/v1/containers/report/start',
    'startContainer',
    { action: 'start', name: 'report', options: { args: ['-v'], env: { A: 'b' }, init: '/bin/sh' } },
    { args: ['-v'], env: { A: 'b' }, init: '/bin/sh' },
  ],
  ['POST', '/v1/containers/camera/stop', 'stopContainer', { action: 'stop', name: 'camera', options: {} }],
  [
    'POST',
    '/v1/containers/camera/stop',
    'stopContainer',
    { action: 'stop', name: 'camera', options: { timeout: 0.5 } },
    { timeout: 0.5 },
  ],
  [
    'POST',
    '/v1/containers/camera/restart',
    'restartContainer',
    { action: 'restart', name: 'camera', options: { timeout: 1 } },
    { timeout: 1 },
  ],
  ['POST', '/v1/containers/camera/pause', 'pauseContainer', { action: 'pause', name: 'camera' }],
  ['POST', '/v1/containers/camera/resume', 'resumeContainer', { action: 'resume', name: 'camera' }],
  ['POST', '/v1/containers/camera/kill', 'killContainer', { action: 'kill', name: 'camera', options: {} }],
  [
    'POST',
    '/v1/containers/camera/kill',
    'killContainer',
    { action: 'kill', name: 'camera', options: { signal: 'SIGHUP' } },
    { signal: 'SIGHUP' },
  ],
  ['GET', '/v1/containers/camera/logs', 'readLogs', { action: 'logs', name: 'camera', options: {} }],
  [
    'GET',
    '/v1/containers/camera/logs?tail=5&since=2026-01-31T10:00:00+02:00',
    'readLogs',
    { action: 'logs', name: 'camera', options: { tail: 5, since: '2026-01-31T10:00:00+02:00' } },
  ],
  ['GET', '/v1/containers/camera/stats', 'readStats', { action: 'stats', name: 'camera', options: {} }],
  [
    'GET',
    '/v1/containers/camera/stats?follow&interval=0.5',
    'readStats',
    { action: 'stats', name: 'camera', options: { follow: true, interval: 0.5 } },
  ],
  ['GET', '/v1/stats', 'readAllStats', { action: 'allStats', options: {} }],
  [
    'GET',
    '/v1/stats?follow&interval=2&container=cam*,gateway',
    'readAllStats',
    { action: 'allStats', options: { follow: true, interval: 2, containers: ['cam*', 'gateway'] } },
  ],
  ['GET', '/v1/events', 'readEvents', { action: 'events', options: {} }],
  [
    'GET',
    '/v1/events?since=7&epoch=0f3a&type=oom,exited&type=started&container=cam*,report',
    'readEvents',
    {
      action: 'events',
      options: { since: 7, epoch: '0f3a', types: ['oom', 'exited', 'started'], containers: ['cam*', 'report'] },
    },
  ],
  [
    'POST',
    '/v1/containers/camera/update',
    'updateContainer',
    { action: 'update', name: 'camera', options: { cgroups: { pids: { limit: 9 } }, dry_run: true } },
    { cgroups: { pids: { limit: 9 } }, dry_run: true },
  ],
  ['POST', '/v1/apply', 'applyRepositories', { action: 'apply', options: {} }],
  ['POST', '/v1/apply', 'applyRepositories', { action: 'apply', options: { dry_run: true } }, { dry_run: true }],
  ['GET', '/v1/repositories', 'listRepositories', { action: 'repositories' }],
  [
    'PUT',
    '/v1/repositories/default/packages',
    'installPackage',
    { action: 'install', name: 'default', options: { size: 7 } },
    'package',
    201,
  ],
  [
    'DELETE',
    '/v1/repositories/default/packages/camera%3A2.1.0',
    'uninstallPackage',
    { action: 'uninstall', name: 'camera:2.1.0', options: { repository: 'default' } },
  ],
  [
    'DELETE',
    '/v1/repositories/default/packages/camera%3A2.1.0?wipe=true',
    'uninstallPackage',
    { action: 'uninstall', name: 'camera:2.1.0', options: { repository: 'default', wipe: true } },
  ],
  ['GET', '/v1/ident', 'readIdentity', undefined],
  ['GET', '/v1/version', 'readVersion', { action: 'version' }],
  ['POST', '/v1/shutdown', 'shutDown', { action: 'shutdown', options: {} }, {}, 202],
  ['POST', '/v1/shutdown', 'shutDown', { action: 'shutdown', options: { keep: true } }, { keep: true }, 202],
];

describe('every route', () => {
  for (const [method, path, operation, asked, body, status = 200] of good) {
    test(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} is carried out and answered as described`, async () => {
      await withConsole({}, async ({ path: socket, control }) => {
        control.emit('started', 'camera:2.1.0', { pid: 1 });
        control.write('camera:2.1.0', 'hello');
        const answer = await ask(socket, method, path, askedWith(body));
        assert.equal(answer.status, status, answer.text);
        assert.deepEqual(control.calls, asked === undefined ? [] : [asked]);
        const check = answerCheck(operation, status);
        const values = check.isStream ? linesOf(answer.text) : [answer.json()];
        assert.equal(answer.headers['content-type'], check.isStream ? 'application/x-ndjson' : 'application/json');
        for (const value of values) assert.deepEqual(check.findings(value), []);
      });
    });
  }

  test('is among them', () => {
    // An upgrade has no answer of this kind: exec.test.ts.
    const answering = routes.filter(({ upgrade }) => upgrade === undefined);
    assert.deepEqual([...new Set(good.map((one) => one[2]))].length, answering.length);
  });
});

describe('what the supervisor refuses', () => {
  const refusals: [error: Error, status: string][] = [
    [new ThubanError('TH6005', '`camera:2.1.0` is running', { details: { state: 'running' } }), '409 TH6005'],
    [new ThubanError('TH6014', 'the daemon is about to end'), '503 TH6014'],
    [new ThubanError('TH1107', '`network` is not supported'), '422 TH1107'],
    [new ThubanError('TH2001', 'this kernel offers no memory controller'), '422 TH2001'],
    [
      new ThubanError('TH3001', '`/bin/x` does not exist', { position: { file: 'a.yaml', line: 1, column: 2 } }),
      '422 TH3001',
    ],
    [new ThubanError('TH5010', 'not trusted'), '422 TH5010'],
    [new ThubanError('TH7006', 'unsafe'), '500 TH7006'],
  ];
  for (const [error, status] of refusals) {
    test(`is answered with ${status} and the whole error`, async () => {
      await withConsole({}, async ({ path, control }) => {
        control.refusal = error;
        const answer = await ask(path, 'POST', '/v1/containers/camera/start');
        assert.equal(refusalIn(answer).code, status);
        assert.deepEqual(answer.json(), JSON.parse(JSON.stringify({ error })));
      });
    });
  }

  test('is 404 for a container that does not exist, also of a stream', async () => {
    await withConsole({}, async ({ path }) => {
      const paths = ['/v1/containers/nope', '/v1/containers/nope/logs', '/v1/containers/nope/logs?follow'];
      for (const one of paths) assert.equal(refusalIn(await ask(path, 'GET', one)).code, '404 TH6003');
    });
  });

  test('is told with its status also when a stream finds it only at its first record', async () => {
    await withConsole({}, async ({ path, control }) => {
      // eslint-disable-next-line require-yield -- it ends before
      control.events = async function* () {
        await Promise.resolve();
        throw new ThubanError('TH6003', 'no container `x`');
      };
      assert.equal(refusalIn(await ask(path, 'GET', '/v1/events?follow')).code, '404 TH6003');
    });
  });

  test('is 500 and a line in the log for anything that has no code', async () => {
    await withConsole({}, async ({ path, control, log }) => {
      for (const one of ['/v1/containers', '/v1/events']) {
        control.refusal = new TypeError('x is not a function');
        const refusal = refusalIn(await ask(path, 'GET', one));
        assert.deepEqual([refusal.code, refusal.message], ['500 TH9001', 'a bug in Thuban: x is not a function']);
      }
      const bugs = log.filter((line) => line.level === 'error');
      assert.equal(bugs.length, 2);
      assert.match(String(bugs[0]?.fields['stack']), /TypeError/);
    });
  });
});

describe('paths and methods', () => {
  const wrong: [method: string, path: string, code: string, allow?: string][] = [
    ['GET', '/', '404 TH6013'],
    ['GET', '/v1', '404 TH6013'],
    ['GET', '/v2/containers', '404 TH6013'],
    ['GET', '/V1/containers', '404 TH6013'],
    ['GET', '/v1/containers/', '404 TH6013'],
    ['GET', '//v1/containers', '404 TH6013'],
    ['GET', '/v1/containers/../version', '404 TH6013'],
    ['POST', '/v1/containers//start', '404 TH6013'],
    ['POST', '/v1/containers/camera/freeze', '404 TH6013'],
    ['GET', '/v1/containers/camera/start/', '404 TH6013'],
    ['GET', 'http://thuban/v1/version', '404 TH6013'],
    ['OPTIONS', '*', '404 TH6013'],
    ['DELETE', '/v1/containers/camera', '405 TH6013', 'GET, HEAD'],
    ['POST', '/v1/containers', '405 TH6013', 'GET, HEAD'],
    ['OPTIONS', '/v1/version', '405 TH6013', 'GET, HEAD'],
    ['GET', '/v1/shutdown', '405 TH6013', 'POST'],
    ['HEAD', '/v1/shutdown', '405', 'POST'],
    ['GET', '/v1/containers/%zz', '400 TH6012'],
    ['GET', '/v1/containers/%ff', '400 TH6012'],
    ['GET', '/v1/containers/%00', '400 TH6012'],
    ['GET', '/v1/containers/a%2Fb', '400 TH6012'],
    ['GET', '/v1/containers/a%0ab', '400 TH6012'],
    ['GET', `/v1/containers/${'x'.repeat(1301)}`, '400 TH6012'],
    ['GET', `/v1/containers/${'x'.repeat(1300)}`, '404 TH6003'],
    ['GET', '/v1/containers/%E2%98%83', '404 TH6003'],
    ['GET', '/v1/containers/..', '404 TH6003'],
    ['GET', '/v1/containers/__proto__', '404 TH6003'],
  ];
  for (const [method, path, code, allow] of wrong) {
    test(`${method} ${path.slice(0, 40)} is ${code}`, async () => {
      await withConsole({}, async ({ path: socket }) => {
        const answer = await ask(socket, method, path);
        assert.equal(method === 'HEAD' ? String(answer.status) : refusalIn(answer).code, code);
        assert.equal(answer.headers.allow, allow);
      });
    });
  }

  test('an unknown path is told which there are', async () => {
    await withConsole({}, async ({ path }) => {
      const { hint = '' } = refusalIn(await ask(path, 'GET', '/v1/nothing'));
      for (const { method, path: pattern } of routes)
        assert.ok(
          hint.includes(`${method} ${pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())}`),
          hint,
        );
    });
  });

  test('a path of an older, a newer or a half version is unknown, and told which version there is', async () => {
    await withConsole({}, async ({ path }) => {
      assert.equal((await ask(path, 'GET', '/v1/containers')).status, 200);
      for (const version of ['v0', 'v2', 'v1.1', 'v01', 'V1', '']) {
        const answer = await ask(path, 'GET', `/${version}/containers`);
        assert.equal(answer.status, 404, version);
        assert.match(refusalIn(answer).hint ?? '', /GET \/v1\/containers\b/, version);
      }
    });
  });

  test('HEAD has the headers of GET and no body', async () => {
    await withConsole({}, async ({ path }) => {
      const head = await ask(path, 'HEAD', '/v1/version');
      const get = await ask(path, 'GET', '/v1/version');
      assert.deepEqual(
        [head.status, head.text, head.headers['content-length']],
        [200, '', get.headers['content-length']],
      );
    });
  });

  test('HEAD of a stream that would go on for ever ends', async () => {
    await withConsole({}, async ({ path, control }) => {
      control.emit('started');
      const head = await ask(path, 'HEAD', '/v1/events?follow');
      assert.deepEqual([head.status, head.text], [200, '']);
      assert.equal(control.streams, 0);
    });
  });
});

/** Text is a package, anything else JSON. */
function askedWith(body: object | string | undefined): Asked {
  if (body === undefined) return {};
  if (typeof body === 'object') return { body: JSON.stringify(body) };
  return { body, headers: { 'content-type': 'application/x-tar' } };
}

function linesOf(text: string): unknown[] {
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}
