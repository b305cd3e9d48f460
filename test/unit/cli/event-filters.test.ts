import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventTypes } from '../../../src/cli/events/types.ts';
import { thuban, withConsole } from './support.ts';

describe('thuban events', () => {
  test('names a type that there is not', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(bench, 'events', '--type', 'oom,exitd');
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /^error\[TH6011\]: `exitd` is not a type of event\n {2}hint: did you mean `exited`\?\n$/);
      assert.match((await thuban(bench, 'events', '--type', 'nope')).stderr, /hint: types are started, exited, oom, /);
      assert.deepEqual(bench.control.calls, []);
    }));

  test('says of a container that there is not that nobody is called so, and goes on', () =>
    withConsole({}, async (bench) => {
      const { code, stdout, stderr } = await thuban(
        bench,
        'events',
        '--container',
        'nope,cam*,x*',
        '--container',
        'oom',
      );
      assert.deepEqual([code, stdout], [0, '']);
      assert.equal(
        stderr,
        'no container is called `nope` now   (thuban ps)\nno container matches `x*` now   (thuban ps)\n',
      );
      assert.equal((await thuban(bench, 'events', '-q', '--container', 'nope')).stderr, '');
    }));

  test('knows every type that the console takes', () => {
    const path = join(import.meta.dirname, '../../../schemas/console.openapi.json');
    const { paths } = JSON.parse(readFileSync(path, 'utf8')) as {
      paths: Record<string, { get: { parameters: { name: string; schema: { items?: { enum?: string[] } } }[] } }>;
    };
    const type = paths['/v1/events']?.get.parameters.find(({ name }) => name === 'type');
    assert.deepEqual(type?.schema.items?.enum, [...eventTypes]);
  });
});
