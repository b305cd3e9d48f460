import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { codes } from '../../../src/base/index.ts';
import { formatBytes } from '../../../src/base/index.ts';
import { defaultLimits } from '../../../src/console/index.ts';
import { routes } from '../../../src/console/routes.ts';
import { statusOf } from '../../../src/console/status.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { document, operations, root } from './document.ts';

/** DESIGN: the permissions of this version. `version` is for everybody. */
const permissions = [
  'list',
  'inspect',
  'events',
  'logs',
  'stats',
  'start',
  'stop',
  'restart',
  'kill',
  'pause',
  'update',
  'exec',
  'shutdown',
  'install',
  'uninstall',
  'repositories',
  'apply',
  'start_command',
  'ident',
];

function permissionsOf(operation: (typeof operations)[number]['operation']): (string | null)[] {
  return [operation['x-permission'], operation['x-permission-or'] ?? null];
}

describe('the OpenAPI document', () => {
  test('and the routes are the same, with the same permissions', () => {
    const described = operations.map(({ method, path, operation }) => [method, path, ...permissionsOf(operation)]);
    assert.deepEqual(
      routes.map(({ method, path, permission, permissionOr }) => [method, path, permission, permissionOr]),
      described,
    );
    const used = new Set(described.flatMap((one) => one.slice(2)).filter((name) => name !== null));
    assert.deepEqual([...used].sort(), [...permissions].sort());
  });

  test('has references that lead somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
    assert.ok(references.length > 20);
    for (const reference of references) {
      assert.ok(reference.startsWith('#/'), reference);
      let node: unknown = document;
      for (const step of reference.slice(2).split('/')) node = (node as Record<string, unknown> | undefined)?.[step];
      assert.ok(node !== undefined, reference);
    }
  });

  test('is version 3.1 with one name for each operation, and every parameter explained', () => {
    assert.match(document.openapi, /^3\.1\.\d+$/);
    const names = operations.map(({ operation }) => operation.operationId);
    assert.equal(new Set(names).size, names.length);
    for (const { path, operation } of operations) {
      assert.ok(operation.summary.length > 0);
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      assert.deepEqual(
        inPath.map((parameter) => `{${parameter.name}}`),
        path.match(/\{\w+\}/g) ?? [],
      );
      for (const parameter of operation.parameters ?? []) assert.ok(parameter.description.length > 0, parameter.name);
    }
  });

  test('tells of the refusals that its operations can meet', () => {
    for (const { operation } of operations) {
      const told = Object.keys(operation.responses);
      for (const status of ['400', '429', '503']) assert.ok(told.includes(status), operation.operationId);
      assert.equal(told.includes('403'), operation['x-permission'] !== null, operation.operationId);
      assert.equal(told.includes('413'), operation.requestBody !== undefined, operation.operationId);
    }
  });

  test('is what the generated files were made from', () => {
    using folder = temporaryFolder();
    execFileSync('node', ['scripts/compile-console.mjs', folder.path], { cwd: root });
    const committed = join(root, 'src/console/generated');
    assert.deepEqual(readdirSync(folder.path).sort(), readdirSync(committed).sort());
    for (const file of readdirSync(folder.path))
      assert.equal(
        readFileSync(join(committed, file), 'utf8'),
        readFileSync(join(folder.path, file), 'utf8'),
        `${file} is stale: node scripts/compile-console.mjs`,
      );
  });
});

describe('docs/reference/console.md', () => {
  const page = readFileSync(join(root, 'docs/reference/console.md'), 'utf8');

  test('names every route with its permission, and every parameter', () => {
    for (const { method, path, operation } of operations) {
      const row =
        page
          .split('\n')
          .find((line) =>
            line.includes(
              `\`${method} ${path.replace('{id}', 'ID').replace('{repository}', 'REPOSITORY').replace('{container}', 'NAME')}\``,
            ),
          ) ?? '';
      assert.notEqual(row, '', `${method} ${path}`);
      const needed = permissionsOf(operation).filter((name) => name !== null);
      assert.ok(row.includes(`| ${needed.join(', ') || 'none'} |`), row);
      for (const { name, in: place } of operation.parameters ?? [])
        if (place === 'query') assert.ok(row.includes(`\`${name}\``), `${row}: ${name}`);
    }
  });

  test('names every limit and its default', () => {
    for (const [name, value] of Object.entries(defaultLimits)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      const text = name.endsWith('_size') ? formatBytes(Number(value)) : String(value);
      assert.ok(row.includes(`| ${text}`), `${name}: ${row}`);
    }
  });

  test('gives the status of every code of the console as the table does', () => {
    const rows = [...page.matchAll(/^\| (\d{3}) \| ([^|]+) \|/gm)];
    const told = new Map(
      rows.flatMap((row) => [...(row[2] ?? '').matchAll(/TH\d{4}/g)].map((code) => [code[0], Number(row[1])])),
    );
    for (const code of [
      'TH6002',
      'TH6003',
      'TH6005',
      'TH5006',
      'TH5007',
      'TH5008',
      'TH5014',
      'TH4006',
      'TH6007',
      'TH6014',
      'TH9001',
    ] as const)
      assert.equal(told.get(code), statusOf(code), `${code} ${codes[code].name}`);
  });
});
