import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadManifest } from '../../../src/manifest/index.ts';

interface Node {
  properties?: Record<string, Node>;
  additionalProperties?: boolean | Node;
  items?: Node;
  description?: string;
}

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/reference/manifest.md'), 'utf8');
const schema = JSON.parse(readFileSync(join(root, 'schemas/manifest.schema.json'), 'utf8')) as Node;

function sectionOf(key: string): string {
  return new RegExp(`^## ${key}$.*?(?=^## )`, 'ms').exec(page)?.[0] ?? '';
}

/** The names of all keys below a node. */
function* names(node: Node): Generator<string> {
  for (const [key, inner] of Object.entries(node.properties ?? {})) {
    yield key;
    yield* names(inner);
  }
  for (const inner of [node.items, node.additionalProperties]) if (typeof inner === 'object') yield* names(inner);
}

/** The blocks of YAML, those with several ways to write one thing taken apart. */
function blocks(): string[] {
  return [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, text = '']) => text.split('# or\n'));
}

const mandatory = ['name: page', 'version: 1.0.0', 'uid: 1000', 'gid: 1000', 'init: /bin/true'];

describe('docs/reference/manifest.md', () => {
  for (const [key, node] of Object.entries(schema.properties ?? {}))
    test(`tells of ${key} and of every key below it`, () => {
      const section = sectionOf(key);
      assert.notEqual(section, '');
      const told = [...section.matchAll(/^(?:\| `([^`]+)`|### (\S+))/gm)].map(
        ([, row, heading]) => row ?? heading ?? '',
      );
      const last = new Set(told.map((path) => path.split('.').at(-1)));
      assert.deepEqual(
        [...names(node)].filter((name) => !last.has(name)),
        [],
      );
    });

  test('has no example that the reader refuses', () => {
    const examples = blocks();
    assert.ok(examples.length > Object.keys(schema.properties ?? {}).length);
    for (const text of examples) {
      const missing = mandatory.filter((line) => !new RegExp(`^${line.split(':')[0] ?? ''}:`, 'm').test(text));
      const result = loadManifest(`${missing.join('\n')}\n${text}`, 'page.yaml');
      assert.ok(result.ok, `${text}\n${JSON.stringify(result.diagnostics, undefined, 1)}`);
    }
  });

  test('shows the units, ranges and defaults that the schema states', () => {
    const rows: [string, string][] = [
      ['restart', '| `initial_delay` | duration | seconds, or a duration | 10 ms to 24 d | 1 s |'],
      ['restart', '| `jitter` | share | part of the delay, 0 to 1, or percent | 0 % to 100 % | 20 % |'],
      ['cgroups', '| `period` | CPU time | microseconds, or `100 ms` | 1 ms to 1 s | 100 ms |'],
      [
        'cgroups',
        '| `throttle_read_bps_device[].rate` | rate | bytes per second, or a size | 0 and more | mandatory |',
      ],
      ['mounts', '| `size` | size | bytes, or a size | 1 B and more | mandatory for tmpfs |'],
    ];
    for (const [key, row] of rows) assert.ok(sectionOf(key).includes(row), row);
    assert.match(sectionOf('uid'), /\nType: whole number; range: 0 to 65535; mandatory\.\n/);
    assert.match(sectionOf('env'), /\nType: map of name to text; default: empty\.\n/);
  });
});
