import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ThubanError } from '../../../src/base/index.ts';
import { operations } from '../../../src/console/generated/operations.js';
import { check, readQuery } from '../../../src/console/input.ts';
import { ask, refusalIn, withConsole } from './support.ts';

describe('the query', () => {
  const kinds = operations.readEvents.kinds;
  const logs = '/v1/containers/camera/logs';
  const wrong: [path: string, message: string, hint: string][] = [
    ['/v1/events?folow', 'unknown parameter `folow` in the query', 'did you mean `follow`?'],
    ['/v1/events?x=1', 'unknown parameter `x` in the query', 'parameters here: follow, since, epoch, type, container'],
    ['/v1/version?x', 'unknown parameter `x` in the query', 'this route has no parameters'],
    [
      '/v1/events?__proto__=1',
      'unknown parameter `__proto__` in the query',
      'parameters here: follow, since, epoch, type, container',
    ],
    ['/v1/events?follow=maybe', '`follow` in the query is `maybe`', 'expected true or false'],
    ['/v1/events?since=-1', '`since` in the query is `-1`', 'expected the `seq` of an event'],
    ['/v1/events?since=1e3', '`since` in the query is `1e3`', 'expected the `seq` of an event'],
    [
      '/v1/events?since=9999999999999999',
      '`since` in the query is `10000000000000000`',
      'expected the `seq` of an event',
    ],
    ['/v1/events?epoch=a%20b', '`epoch` in the query is `a b`', 'expected the `epoch` of an event'],
    ['/v1/events?type=ooom', '`type.0` in the query is `ooom`, expected a type of event', 'did you mean `oom`?'],
    ['/v1/events?container=', '`container.0` in the query is ``', 'expected an id, a name or a pattern with `*`'],
    [`${logs}?tail=many`, '`tail` in the query is `many`', 'expected a number of lines'],
    [
      `${logs}?since=yesterday`,
      '`since` in the query is `yesterday`',
      'expected a time of RFC 3339, for example `2026-01-31T10:00:00Z`',
    ],
    [
      `${logs}?since=2026-13-31T10:00:00Z`,
      'there is no such time as `2026-13-31T10:00:00Z`',
      'write it as `2026-01-31T10:00:00Z`',
    ],
    [`${logs}?tail=1%`, '`1%` is not percent-encoded UTF-8', 'write a percent sign as `%25`'],
  ];
  for (const [path, message, hint] of wrong) {
    test(`${path} is refused in words`, async () => {
      await withConsole({}, async ({ path: socket, control }) => {
        assert.deepEqual(refusalIn(await ask(socket, 'GET', path)), { code: '400 TH6012', message, hint });
        assert.deepEqual(control.calls, []);
      });
    });
  }

  test('does not take the same parameter twice', () => {
    assert.throws(() => readQuery('since=1&since=2', kinds), /the query holds `since` twice/);
  });

  test('is read in every spelling of yes and no', () => {
    for (const text of ['follow', 'follow=', 'follow=true', 'follow=1'])
      assert.equal(readQuery(text, kinds)['follow'], true);
    for (const text of ['follow=false', 'follow=0']) assert.equal(readQuery(text, kinds)['follow'], false);
  });

  test('names a key as it was sent, made visible and cut', async () => {
    await withConsole({}, async ({ path }) => {
      const { message } = refusalIn(await ask(path, 'GET', `/v1/version?%1b%5b2J${'x'.repeat(100)}`));
      assert.equal(message, `unknown parameter \`^[[2J${'x'.repeat(60)}…\` in the query`);
    });
  });

  test('of any text is either of the described form or refused', () => {
    const words = fc.constantFrom(
      'follow',
      'since',
      'epoch',
      'type',
      'container',
      '=',
      '&',
      ',',
      '%',
      '+',
      '1',
      'oom',
      '__proto__',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            check(operations.readEvents.query, 'query', readQuery(text, kinds));
          } catch (error) {
            assert.ok(error instanceof ThubanError && error.code === 'TH6012', String(error));
          }
        },
      ),
    );
  });
});

describe('the body', () => {
  const start = '/v1/containers/report/start';
  const wrong: [path: string, body: string, message: string | RegExp, hint?: string][] = [
    [start, '{"arg": []}', 'unknown key `arg` in the body', 'did you mean `args`?'],
    [start, '{"network": 1}', 'unknown key `network` in the body', 'keys here: args, env, init'],
    [start, '{"__proto__": {}}', 'unknown key `__proto__` in the body', 'keys here: args, env, init'],
    [start, '[]', 'the body is an array', 'expected an object'],
    [start, 'null', 'the body is `null`', 'expected an object'],
    [start, '"x"', 'the body is `x`', 'expected an object'],
    [start, '{"args": "x"}', '`args` in the body is `x`', 'expected a list of at most 4096 texts'],
    [start, '{"args": ["a", 1]}', '`args.1` in the body is `1`', 'expected text without NUL'],
    [start, '{"args": ["a\\u0000b"]}', '`args.0` in the body is `a^@b`', 'expected text without NUL'],
    [start, '{"env": []}', '`env` in the body is an array', 'expected a map of names to texts'],
    [start, '{"env": {"A": 1}}', '`env.A` in the body is `1`', 'expected text without NUL'],
    [start, '{"env": {"A=B": "x"}}', '`env` in the body has the key `A=B`', 'a name without `=` and NUL'],
    [start, '{"env": {"__proto__": "x"}}', '`env` in the body has the key `__proto__`', 'a name without `=` and NUL'],
    [start, '{"init": ""}', '`init` in the body is ``', 'expected a path without NUL'],
    [start, '{"args": [', /^cannot read the body as JSON: /],
    [start, '{"a": "\xff"}', /^cannot read the body as JSON: /],
    ['/v1/containers/camera/stop', '{"timeout": -1}', '`timeout` in the body is `-1`', 'expected seconds, 0 to 86400'],
    [
      '/v1/containers/camera/stop',
      '{"timeout": "10 s"}',
      '`timeout` in the body is `10 s`',
      'expected seconds, 0 to 86400',
    ],
    ['/v1/containers/camera/kill', '{"signal": 9}', '`signal` in the body is `9`', 'expected the name of a signal'],
    [
      '/v1/containers/camera/kill',
      '{"signal": "SIGTREM"}',
      '`signal` in the body is `SIGTREM`, expected the name of a signal',
      'did you mean `SIGTERM`?',
    ],
    ['/v1/shutdown', '{"keep": 1}', '`keep` in the body is `1`', 'expected true or false'],
  ];
  for (const [path, body, message, hint] of wrong) {
    test(`${JSON.stringify(body)} to ${path} is refused in words`, async () => {
      await withConsole({}, async ({ path: socket, control }) => {
        const refusal = refusalIn(await ask(socket, 'POST', path, { body: Buffer.from(body, 'latin1') }));
        assert.equal(refusal.code, '400 TH6012');
        if (typeof message === 'string') assert.equal(refusal.message, message);
        else assert.match(refusal.message, message);
        assert.equal(refusal.hint, hint);
        assert.deepEqual(control.calls, []);
      });
    });
  }

  for (const headers of [{}, { 'content-length': '0' }, { 'transfer-encoding': 'chunked' }]) {
    test(`may be empty: ${JSON.stringify(headers)}`, async () => {
      await withConsole({}, async ({ path, control }) => {
        const type = { 'content-type': 'application/json' };
        const answer = await ask(path, 'POST', start, { headers: { ...type, ...headers } });
        assert.equal(answer.status, 200, answer.text);
        assert.deepEqual(control.calls, [{ action: 'start', name: 'report', options: {} }]);
      });
    });
  }

  const types: [type: string, status: number][] = [
    ['application/json', 200],
    ['application/json; charset=utf-8', 200],
    ['Application/JSON;charset="UTF-8"', 200],
    ['application/json; charset=latin1', 400],
    ['application/jsonx', 400],
    ['text/plain', 400],
    ['application/x-www-form-urlencoded', 400],
    ['', 400],
  ];
  for (const [type, status] of types) {
    test(`of the type '${type}' is ${status}`, async () => {
      await withConsole({}, async ({ path }) => {
        const answer = await ask(path, 'POST', start, { body: '{}', headers: { 'content-type': type } });
        assert.equal(answer.status, status, answer.text);
        if (status === 400) assert.equal(refusalIn(answer).hint, 'send the header `Content-Type: application/json`');
      });
    });
  }

  test('is refused where none belongs', async () => {
    await withConsole({}, async ({ path }) => {
      const refusal = refusalIn(await ask(path, 'GET', '/v1/version', { body: '{}' }));
      assert.deepEqual([refusal.code, refusal.message], ['400 TH6012', 'GET takes no body here']);
    });
  });

  test('of any JSON is carried out or refused, and the console lives on', async () => {
    await withConsole({ limits: { requests_per_second: 1_000_000 } }, async ({ path, control }) => {
      const near = fc.record(
        { args: fc.anything(), env: fc.anything(), init: fc.anything(), x: fc.anything() },
        { requiredKeys: [] },
      );
      const bodies = fc.oneof(
        fc.json(),
        near.map((value) => JSON.stringify(value)),
        fc.string(),
      );
      await fc.assert(
        fc.asyncProperty(bodies, async (body) => {
          control.containers.forEach((container) => (container.state = 'stopped'));
          const answer = await ask(path, 'POST', start, { body: Buffer.from(body) });
          assert.ok(answer.status === 200 || refusalIn(answer).code === '400 TH6012', answer.text);
        }),
        { numRuns: 200 },
      );
    });
  });

  test('may be nested as deeply as it is long', async () => {
    await withConsole({}, async ({ path }) => {
      const deep = refusalIn(await ask(path, 'POST', start, { body: '['.repeat(500_000) + ']'.repeat(500_000) }));
      assert.equal(deep.code, '400 TH6012');
    });
  });
});
