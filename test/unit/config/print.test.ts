import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { printConfig } from '../../../src/config/index.ts';
import { permissions } from '../../../src/config/config.ts';
import { accept, acceptAll, load } from './support.ts';

describe('printing', () => {
  it('shows every value with its source, aligned', () => {
    const { config, origins } = acceptAll({
      file: 'run_dir: /run/board\nlogs:\n  size: 1 MiB\n',
      dropIns: { '10-console.yaml': 'console:\n  sockets:\n    - {path: /run/a.sock, permissions: [list]}\n' },
      env: { THUBAN_CFG_CONSOLE__EVENT_HISTORY: '500' },
      flags: { 'repositories.default.dir': '/srv' },
    });
    const text = printConfig(config, origins);
    assert.deepEqual(text.split('\n').slice(0, 32), [
      'run_dir: /run/board             # file thuban.yaml:1',
      'data_dir: /var/lib/thuban       # default',
      'repositories:',
      '  default:',
      '    type: dir                   # default',
      '    dir: /srv                   # flag --repository',
      '    keys: []                    # default',
      '    require_signature: false    # default',
      '    capacity_number: unlimited  # default',
      '    capacity_size: unlimited    # default',
      'watch:',
      '  debounce: 500 ms              # default',
      '  rescan: 1 min                 # default',
      'cgroups:',
      '  parent: self                  # default',
      '  name: thuban                  # default',
      '  enforce: strict               # default',
      '  supervisor_memory_min: 0      # default',
      'console:',
      '  sockets:',
      '    - path: /run/a.sock         # drop-in thuban.d/10-console.yaml:3',
      '      mode: 0o660               # default',
      '      owner: root               # default',
      '      group: thuban             # default',
      '      permissions: [list]       # drop-in thuban.d/10-console.yaml:3',
      '  limits:',
      '    connections: 64             # default',
      '    requests_per_second: 1000   # default',
      '    request_size: 1 MiB         # default',
      '    install_size: 256 MiB       # default',
      '    stream_timeout: 10 s        # default',
      '    idle_timeout: unlimited     # default',
    ]);
    assert.match(text, /^ {2}event_history: 500 +# environment THUBAN_CFG_CONSOLE__EVENT_HISTORY$/m);
    assert.match(text, /^ {2}size: 1 MiB +# file thuban.yaml:3$/m);
    for (const line of text.trimEnd().split('\n')) assert.match(line, /:$| {2}# /, line);
  });

  it('does not let the name of a file speak to the terminal', () => {
    const { config } = acceptAll('');
    const origins = new Map([['run_dir', { layer: 'file', where: 'a\u001b[2J\nb:1' } as const]]);
    assert.match(printConfig(config, origins), /^run_dir: \/run\/thuban {2}# file a\^\[\[2J\^Jb:1$/m);
  });
});

/** Text as it stands in YAML, where JSON has no form for it: modes. */
function yaml(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"(0o[0-7]+)"/g, '$1');
}

const word = fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,4})?$/);
const path = fc
  .array(
    fc.string({ minLength: 1, maxLength: 6 }).filter((name) => !/[\0/]/.test(name) && name !== '..'),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((names) => `/${names.join('/')}`)
  .filter((text) => text.split('/').some((name) => name !== '' && name !== '.'));
const duration = (least: number, most: number): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.double({ min: least, max: most, noNaN: true }),
    fc.integer({ min: Math.ceil(least), max: most }).map((n) => `${n} s`),
    fc.integer({ min: Math.ceil(least * 1000), max: most * 1000 }).map((n) => `${n} ms`),
  );
const socket = fc.record(
  {
    path,
    mode: fc.integer({ min: 0, max: 0o777 }).map((mode) => `0o${mode.toString(8)}`),
    owner: word,
    group: fc.oneof(word, fc.nat().map(String)),
    permissions: fc.oneof(fc.constant('full'), fc.subarray([...permissions])),
  },
  { requiredKeys: ['path'] },
);
const repository = fc.record(
  {
    dir: path,
    keys: fc.uniqueArray(path, { maxLength: 3 }),
    capacity_number: fc.oneof(fc.constant('unlimited'), fc.integer({ min: 1, max: 1_000_000 })),
    capacity_size: fc.oneof(fc.constant('unlimited'), fc.integer({ min: 4096, max: 2 ** 40 })),
  },
  { requiredKeys: ['dir'] },
);
const configuration = fc.record(
  {
    run_dir: path,
    data_dir: path,
    watch: fc.record({ debounce: duration(0.01, 60), rescan: duration(1, 86_400) }, { requiredKeys: [] }),
    schedule: fc.record(
      { clock_gate: fc.constantFrom('auto', 'off'), time_zone: fc.constantFrom('UTC', 'Asia/Tokyo') },
      { requiredKeys: [] },
    ),
    repositories: fc.dictionary(word, repository, { minKeys: 1, maxKeys: 3 }),
    cgroups: fc.record(
      {
        parent: path,
        enforce: fc.constantFrom('strict', 'best_effort'),
        supervisor_memory_min: fc.integer({ min: 0, max: 1024 ** 3 }),
      },
      { requiredKeys: [] },
    ),
    console: fc.record(
      {
        sockets: fc.array(socket, { minLength: 1, maxLength: 3 }),
        event_history: fc.integer({ min: 1, max: 100_000 }),
        limits: fc.record(
          {
            request_size: fc.integer({ min: 1024, max: 1024 ** 2 }),
            idle_timeout: fc.oneof(fc.constant('unlimited'), duration(1, 1000)),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    restart: fc.record(
      {
        initial_delay: duration(0.01, 60),
        max_delay: duration(60, 2_073_600),
        multiplier: fc.double({ min: 1, max: 100, noNaN: true }),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      },
      { requiredKeys: [] },
    ),
    logs: fc.record({ size: fc.integer({ min: 16384, max: 1024 ** 2 }) }, { requiredKeys: [] }),
    daemon: fc.record({ lease: duration(1, 3600), log_level: fc.constantFrom('info', 'debug') }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

describe('any configuration', () => {
  it('reads back equal when it is printed', () => {
    let accepted = 0;
    fc.assert(
      fc.property(configuration, (input) => {
        const result = load({ file: yaml(input) });
        // Two sockets or repositories may have the same path by chance.
        if (!result.ok) return;
        accepted++;
        assert.deepEqual(accept(printConfig(result.config, result.origins)), result.config);
      }),
      { numRuns: 300 },
    );
    assert.ok(accepted > 200, `${accepted} accepted`);
  });

  it('knows the source of every value', () => {
    fc.assert(
      fc.property(configuration, (input) => {
        const result = load({ file: yaml(input) });
        if (!result.ok) return;
        const bare = printConfig(result.config, result.origins)
          .split('\n')
          .filter((line) => !/:$| {2}# |^$/.test(line));
        assert.deepEqual(bare, []);
      }),
      { numRuns: 50 },
    );
  });

  const key = fc.constantFrom(
    'run_dir',
    'repositories',
    'cgroups',
    'console',
    'restart',
    'logs',
    'daemon',
    '__proto__',
  );
  it('of any JSON values is judged, never thrown at', () => {
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue({ maxDepth: 4 })),
        fc.dictionary(key, fc.jsonValue()),
        (file, dropIn) => {
          const result = load({ file: JSON.stringify(file), dropIns: { 'a.yaml': JSON.stringify(dropIn) } });
          for (const { line, column, length, code } of result.diagnostics) {
            assert.ok(line >= 1 && column >= 1 && length >= 1);
            assert.notEqual(code, 'TH9001');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of any text is judged, never thrown at', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...Array.from('{}[]:- ,\n\t#&*!|>%@`"\'a0')) }),
    );
    fc.assert(
      fc.property(
        text,
        fc.dictionary(
          fc.string().map((name) => `THUBAN_CFG_${name}`),
          text,
        ),
        (file, env) => {
          const ok = load({ file, env }).ok;
          assert.equal(typeof ok, 'boolean');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is set by variables alone just as well', () => {
    fc.assert(
      fc.property(configuration, (input) => {
        const env = Object.fromEntries(
          Object.entries(input).map(([section, value]) => [
            `THUBAN_CFG_${section.toUpperCase()}`,
            typeof value === 'string' ? value : yaml(value),
          ]),
        );
        const byFile = load({ file: yaml(input) });
        // A path may begin or end with blanks, or be what is left out in a variable.
        if (!byFile.ok || input.run_dir !== undefined || input.data_dir !== undefined) return;
        assert.deepEqual(accept({ env }), byFile.config);
      }),
      { numRuns: 100 },
    );
  });
});
