import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loadManifest, renderDiagnostics } from '../../../src/manifest/index.ts';
import { HEAD } from './support.ts';

const WORDS = [
  ...[
    'name',
    'version',
    'init',
    'args',
    'env',
    'uid',
    'gid',
    'mounts',
    'cgroups',
    'memory',
    'cpu',
    'quota',
    'restart',
    'stop',
    'io',
    'rootfs',
    'schedule',
    'cron',
    'resource',
    'package',
  ],
  ...[
    'memory_hard_limit',
    'throttle_read_bps_device',
    'device',
    'rate',
    'type',
    'bind',
    'tmpfs',
    'size',
    'host',
    'sched',
    '__proto__',
    'constructor',
  ],
  ...[
    '64 MiB',
    '1.5 cpus',
    '20 %',
    '-1',
    '0777',
    '0x10',
    '~',
    'true',
    '*a',
    '&a',
    '!t',
    '<<',
    '..',
    '/a',
    '\0',
    '\t',
    '"',
    "'",
    '\u001b',
    '\ud800',
  ],
];
const SYNTAX = [': ', '\n', '\n  ', '\n    ', '- ', '{', '}', '[', ']', ', ', '|\n', '>\n', '? ', '---\n', '#', '\r\n'];

/** Texts that are nearly manifests, so that every stage is reached. */
const nearly = fc.array(fc.constantFrom(...WORDS, ...SYNTAX), { maxLength: 60 }).map((parts) => HEAD + parts.join(''));

/** Of this process: what others do on the machine does not count. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function check(input: string | Uint8Array): void {
  const start = cpuSeconds();
  const result = loadManifest(input, 'f.yaml');
  const text = typeof input === 'string' ? input : Buffer.from(input).toString();
  renderDiagnostics(result.diagnostics, text, { color: false, columns: 80 });
  assert.ok(cpuSeconds() - start < 2, 'it takes more than two seconds');
  for (const { code, line, column, length } of result.diagnostics) {
    assert.notEqual(code, 'TH9001');
    assert.ok(line >= 1 && column >= 1 && length >= 1);
  }
  if (!result.ok) {
    assert.ok(result.diagnostics.some(({ severity }) => severity === 'error'));
    return;
  }
  const again = loadManifest(JSON.stringify(result.manifest.manifest), 'f.yaml');
  assert.ok(again.ok, JSON.stringify(again.diagnostics));
  assert.deepEqual(again.manifest.manifest, result.manifest.manifest);
}

describe('loading', () => {
  it('never throws and always ends, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 300 });
  });

  it('never throws and always ends, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), check), { numRuns: 300 });
  });

  it('never throws on what is nearly a manifest, and what it accepts reads back equal', () => {
    fc.assert(fc.property(nearly, check), { numRuns: 2000 });
  });

  it('never throws on a manifest of any JSON values', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const sections = [
      'args',
      'env',
      'mounts',
      'cgroups',
      'rlimits',
      'restart',
      'stop',
      'io',
      'rootfs',
      'process',
      'capabilities',
      'schedule',
    ];
    const manifest = fc.dictionary(fc.constantFrom(...sections, 'name', 'uid'), value);
    fc.assert(
      fc.property(manifest, (extra) => {
        check(JSON.stringify({ name: 'a', version: '1.0.0', init: '/a', uid: 1, gid: 1, ...extra }));
      }),
      { numRuns: 500 },
    );
  });

  it('reads normalised cgroups back equal', () => {
    const size = fc.oneof(fc.integer(), fc.constantFrom('64 MiB', '1.5 GB', 'unlimited', '3k'));
    const memory = fc.record(
      { memory_hard_limit: size, memory_soft_limit: size, oom_group: fc.boolean() },
      { requiredKeys: [] },
    );
    const cpu = fc.record(
      {
        quota: fc.constantFrom('33.3 %', '1.25 cpus', 5000, -1, '7 ms'),
        period: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(12345, '50 ms')),
        shares: fc.integer(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(memory, cpu, (memory, cpu) => {
        check(HEAD + `cgroups: ${JSON.stringify({ memory, cpu })}\n`);
      }),
    );
  });

  const huge: [string, string][] = [
    ['opening brackets', '['.repeat(1 << 20)],
    ['opening braces', '{a: '.repeat(1 << 18)],
    ['dashes', '- '.repeat(1 << 19)],
    ['deepening lines', Array.from({ length: 1400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['empty lines', '\n'.repeat(1 << 20)],
    ['one long word', 'x'.repeat(1 << 20)],
    ['a block of short lines', `a: >\n${' a\n'.repeat(1 << 18)}`],
    ['unknown keys', Array.from({ length: 20_000 }, (_, i) => `hostnmae${i}: 1`).join('\n')],
    ['repeated capabilities', `capabilities: [${'CAP_KILL,'.repeat(30_000)}]`],
    ['wrong mount options', `mounts: {/a: {type: bind, host: /a, options: "${'x,'.repeat(500_000)}"}}`],
    [
      'nested targets',
      `mounts:\n${Array.from({ length: 500 }, (_, i) => `  ${'/a'.repeat(500)}${i}: {type: bind, host: /x}\n`).join('')}`,
    ],
    ['aliases', `a: &a [x]\nb: [${'*a, '.repeat(20_000)}]\n`],
    ['spaces in a schedule', `schedule: "0${' '.repeat(1 << 19)}0 * * *"`],
    ['lists in a schedule', `schedule: "${'1-5/2,'.repeat(1 << 17)}0 * * * *"`],
    ['commas in a requirement', `mounts: {/a: {type: resource, name: r, dir: /, version: "${'*,'.repeat(1 << 19)}"}}`],
    ['spaces in a quantity', `stop: {timeout: "1${' '.repeat(1 << 19)}s"}`],
  ];
  for (const [what, text] of huge)
    it(`takes less than two seconds for a megabyte of ${what}`, () => {
      check(text.slice(0, 1 << 20));
    });
});
