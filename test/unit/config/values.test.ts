import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shape } from '../../../src/config/generated/shape.js';
import { writeValue } from '../../../src/config/write-value.ts';
import { readQuantity, type Shape } from '../../../src/manifest/index.ts';
import { accept, brief, plainRepository, refuse } from './support.ts';

/** Every key with a range, outside of lists. */
function* ranged(node: Shape, path: string[] = []): Generator<[string[], Shape, readonly (string | number)[]]> {
  if (node.range !== undefined) yield [path, node, node.range];
  for (const [key, inner] of Object.entries(node.keys ?? {})) yield* ranged(inner, [...path, key]);
}

function nest(path: readonly string[], value: string | number): string {
  const [first = '', ...rest] = path;
  return `${first}: ${rest.reduceRight((inner, key) => `{${key}: ${inner}}`, String(value))}\n`;
}

function numberOf(node: Shape, written: string | number): number {
  const reading = node.quantity === undefined ? { value: Number(written) } : readQuantity(node.quantity, written);
  assert.ok(reading !== undefined && 'value' in reading);
  return reading.value;
}

/** What else must be said so that a value at the end of its range fits the others. */
const companions: Record<string, string> = {
  'restart.initial_delay': 'max_delay: 24 d',
  'restart.max_delay': 'initial_delay: 10 ms',
  'logs.size': 'max_line: 4 KiB, total_size: 1 GiB',
  'logs.max_line': 'size: 1 MiB',
  'logs.total_size': 'size: 4 KiB, max_line: 4 KiB',
};

function within(path: string[], value: string | number): string {
  const companion = companions[path.join('.')];
  const text = nest(path, value);
  return companion === undefined ? text : text.replace('{', `{${companion}, `);
}

describe('ranges', () => {
  const all = Array.from(ranged(shape));

  it('are given for every number', () => {
    assert.equal(all.length, 24);
  });

  for (const [path, node, [least = 0, most = 0]] of all) {
    const key = path.join('.');
    it(`${key}: ${least} and ${most} are allowed`, () => {
      for (const value of [least, most]) accept(within(path, value));
    });

    it(`${key}: less than ${least} and more than ${most} are refused`, () => {
      const [low, high] = [numberOf(node, least), numberOf(node, most)];
      const isWhole = node.types.includes('integer');
      const below = isWhole ? low - 1 : low === 0 ? -1 : low / 2;
      for (const value of [below, isWhole ? high + 1 : high * 2]) {
        const found = refuse(within(path, value)).map(({ code, path }) => `${code} ${path}`);
        assert.ok(found.includes(`TH1205 ${key}`), JSON.stringify(found));
      }
    });
  }

  it('are named with the nearest value that is allowed', () => {
    const [found] = refuse('console: {limits: {request_size: 1 GiB}}\n');
    assert.equal(found?.message, '`console.limits.request_size` is 1 GiB, allowed 1 KiB to 64 MiB');
    assert.equal(found.hint, 'write `request_size: 64 MiB`');
  });
});

const socket = (text: string): string => `console:\n  sockets:\n    - {path: /run/a.sock, ${text}}\n`;
const long = (length: number): string => `/${'x'.repeat(length - 1)}`;

describe('values that are refused', () => {
  const cases: [text: string, found: string, message: RegExp][] = [
    ['run_dir: run\n', 'TH1211 1:10 run_dir', /`run` is not an absolute path/],
    ['run_dir: ""\n', 'TH1211 1:10 run_dir', /the path is empty/],
    ['run_dir: /run/../tmp\n', 'TH1211 1:10 run_dir', /contains `\.\.`/],
    ['run_dir: //\n', 'TH1211 1:10 run_dir', /is the root of the file system/],
    [`run_dir: ${long(85)}\n`, 'TH1205 1:10 run_dir', /is 85 bytes long, allowed 2 to 84/],
    ['run_dir: "/run/\\0"\n', 'TH1201 1:10 run_dir', /NUL byte/],
    ['run_dir: [/run]\n', 'TH1101 1:10 run_dir', /is a list, expected text/],
    ['data_dir: lib\n', 'TH1211 1:11 data_dir', /not an absolute path/],
    ['data_dir: /a/../b\n', 'TH1211 1:11 data_dir', /contains `\.\.`/],
    ['watch: {debounce: often}\n', 'TH1203 1:19 watch.debounce', /as a duration/],
    ['watch: {rescan: 0}\n', 'TH1205 1:17 watch.rescan', /allowed 1 s to 1 d/],
    ['schedule: {time_zone: Europe/Berln}\n', 'TH1208 1:23 schedule.time_zone', /no time zone `Europe\/Berln`/],
    ['schedule: {clock_gate: on}\n', 'TH1201 1:24 schedule.clock_gate', /not a way to wait for the clock/],
    ['repositories: {a: {dir: /a, keys: /k}}\n', 'TH1101 1:35 repositories.a.keys', /expected a list of files/],
    ['repositories: {a: {dir: /a, keys: [k]}}\n', 'TH1211 1:36 repositories.a.keys[0]', /not an absolute path/],
    ['repositories: {a: {dir: /a, keys: [/k, //k]}}\n', 'TH1006 1:40 repositories.a.keys[1]', /appears twice/],
    [
      `repositories: {a: {dir: /a, keys: [${Array.from({ length: 65 }, (_, i) => `/${i}`).join(', ')}]}}\n`,
      'TH1205 1:35 repositories.a.keys',
      /has 65 keys, allowed 0 to 64/,
    ],
    [
      'repositories: {a: {dir: /a, require_signature: yes}}\n',
      'TH1101 1:48 repositories.a.require_signature',
      /expected `true` or `false`/,
    ],
    [
      'repositories: {a: {dir: /a, capacity_number: 0}}\n',
      'TH1205 1:46 repositories.a.capacity_number',
      /is 0, allowed 1 to 1000000/,
    ],
    ['repositories: {a: {dir: /a, capacity_size: much}}\n', 'TH1202 1:44 repositories.a.capacity_size', /as a size/],
    ['repositories: {}\n', 'TH1104 1:1 repositories', /names no repository/],
    ['repositories: /srv\n', 'TH1101 1:15 repositories', /expected a map of name to repository/],
    ['repositories: {a: /srv}\n', 'TH1101 1:19 repositories.a', /expected a map, for example/],
    ['repositories: {a: {type: dir}}\n', 'TH1104 1:16 repositories.a.dir', /is missing/],
    ['repositories: {a: {dir: srv}}\n', 'TH1211 1:25 repositories.a.dir', /not an absolute path/],
    ['repositories: {My_Apps: {dir: /srv}}\n', 'TH1201 1:16 repositories.My_Apps', /not a name of a repository/],
    ['repositories: {a--b: {dir: /srv}}\n', 'TH1201 1:16 repositories.a--b', /not a name of a repository/],
    ['repositories: {__proto__: {dir: /srv}}\n', 'TH1201 1:16 repositories.__proto__', /not a name/],
    [`repositories: {${'a'.repeat(64)}: {dir: /srv}}\n`, `TH1201 1:16 repositories.${'a'.repeat(64)}`, /not a name/],
    ['repositories: {a: {dir: /x}, b: {dir: /x/}}\n', 'TH1306 1:39 repositories.b.dir', /`a` and `b` have the same/],
    ['cgroups: {parent: machine}\n', 'TH1211 1:19 cgroups.parent', /neither `self` nor an absolute path/],
    ['cgroups: {parent: /a/../b}\n', 'TH1211 1:19 cgroups.parent', /contains `\.\.`/],
    ['cgroups: {name: a/b}\n', 'TH1201 1:17 cgroups.name', /not a name of a group/],
    ['cgroups: {name: cgroup.procs}\n', 'TH1201 1:17 cgroups.name', /not a name of a group/],
    ['cgroups: {name: tasks}\n', 'TH1201 1:17 cgroups.name', /is taken/],
    ['cgroups: {name: thuban-supervisor}\n', 'TH1201 1:17 cgroups.name', /is taken/],
    ['cgroups: {enforce: loose}\n', 'TH1201 1:20 cgroups.enforce', /not a way to enforce limits/],
    ['console: {sockets: []}\n', 'TH1205 1:20 console.sockets', /has 0 sockets, allowed 1 to 16/],
    ['console: {sockets: /a}\n', 'TH1101 1:20 console.sockets', /expected a list of sockets/],
    ['console: {sockets: [/a]}\n', 'TH1101 1:21 console.sockets[0]', /expected a map, for example/],
    ['console: {sockets: [{mode: 0o600}]}\n', 'TH1104 1:21 console.sockets[0].path', /is missing/],
    ['console: {sockets: [{path: a.sock}]}\n', 'TH1211 1:28 console.sockets[0].path', /not an absolute path/],
    [`console: {sockets: [{path: ${long(108)}}]}\n`, 'TH1205 1:28 console.sockets[0].path', /108 bytes long/],
    ['console: {sockets: [{path: /a}, {path: //a}]}\n', 'TH1306 1:40 console.sockets[1].path', /two sockets/],
    [socket('mode: 0660'), 'TH1209 3:33 console.sockets[0].mode', /`0660` is octal for some programs/],
    [socket('mode: 660'), 'TH1201 3:33 console.sockets[0].mode', /decimal; as a file mode it is `0o1224`/],
    [socket('mode: 384'), 'TH1201 3:33 console.sockets[0].mode', /decimal; as a file mode it is `0o600`/],
    [socket('mode: 0o1777'), 'TH1205 3:33 console.sockets[0].mode', /is 0o1777, allowed 0o000 to 0o777/],
    [socket('mode: "0o660"'), 'TH1101 3:33 console.sockets[0].mode', /expected a file mode/],
    [socket('owner: a:b'), 'TH1201 3:34 console.sockets[0].owner', /not a user/],
    [socket('group: ""'), 'TH1201 3:34 console.sockets[0].group', /not a group/],
    [socket('permissions: ful'), 'TH1201 3:40 console.sockets[0].permissions', /not a set of permissions/],
    [socket('permissions: list'), 'TH1101 3:40 console.sockets[0].permissions', /alone is not a list/],
    [socket('permissions: [lst]'), 'TH1201 3:41 console.sockets[0].permissions[0]', /not a permission/],
    [socket('permissions: [version]'), 'TH1201 3:41 console.sockets[0].permissions[0]', /not a permission/],
    [socket('permissions: [list, list]'), 'TH1006 3:47 console.sockets[0].permissions[1]', /appears twice/],
    ['console: {limits: {idle_timeout: never}}\n', 'TH1203 1:34 console.limits.idle_timeout', /as a duration/],
    ['console: {limits: {request_size: big}}\n', 'TH1202 1:34 console.limits.request_size', /as a size/],
    ['console: {limits: {connections: 1.5}}\n', 'TH1101 1:33 console.limits.connections', /a whole number/],
    ['shutdown: {timeout: 5 m}\n', 'TH1203 1:21 shutdown.timeout', /as a duration/],
    ['restart: {jitter: half}\n', 'TH1201 1:19 restart.jitter', /as a share/],
    ['restart: always\n', 'TH1101 1:10 restart', /expected a map/],
    ['logs: {total_size: 9007199254740993}\n', 'TH1205 1:20 logs.total_size', /out of range/],
    ['daemon: {log_level: warning}\n', 'TH1201 1:21 daemon.log_level', /not a log level/],
  ];
  for (const [text, found, message] of cases)
    it(JSON.stringify(text).slice(0, 90), () => {
      const diagnostics = refuse(text);
      assert.deepEqual(
        brief(diagnostics).map((line) => line.replace('thuban.yaml:', '')),
        [found],
      );
      assert.match(diagnostics[0]?.message ?? '', message);
    });

  it('17 sockets, but 16 are not', () => {
    const sockets = (count: number): string =>
      `console: {sockets: [${Array.from({ length: count }, (_, i) => `{path: /run/${i}}`).join(', ')}]}\n`;
    assert.equal(accept(sockets(16)).console.sockets.length, 16);
    assert.match(refuse(sockets(17))[0]?.message ?? '', /has 17 sockets/);
  });

  it('paths that are as long as can be are not', () => {
    assert.equal(accept(`run_dir: ${long(84)}\n`).run_dir.length, 84);
    const path = `console: {sockets: [{path: ${long(107)}}]}\n`;
    assert.equal(accept(path).console.sockets[0]?.path.length, 107);
  });
});

describe('values that must fit each other', () => {
  const cases: [text: string, found: string[]][] = [
    ['restart: {initial_delay: 2 min}\n', ['TH1205 thuban.yaml:1:26 restart.initial_delay']],
    ['restart: {max_delay: 500 ms}\n', ['TH1205 thuban.yaml:1:22 restart.max_delay']],
    ['restart: {initial_delay: 3, max_delay: 2}\n', ['TH1205 thuban.yaml:1:40 restart.max_delay']],
    ['run_dir: /var/lib\n', ['TH1306 thuban.yaml:1:10 run_dir']],
    ['data_dir: /run/thuban/data\n', ['TH1306 thuban.yaml:1:11 data_dir']],
    ['data_dir: /srv\nrun_dir: /srv/\n', ['TH1306 thuban.yaml:1:11 data_dir']],
    [
      'repositories: {a: {dir: /a, require_signature: true}}\n',
      ['TH1104 thuban.yaml:1:48 repositories.a.require_signature'],
    ],
    ['logs: {max_line: 512 KiB}\n', ['TH1205 thuban.yaml:1:18 logs.max_line']],
    ['logs: {size: 128 MiB}\n', ['TH1205 thuban.yaml:1:14 logs.size']],
    ['logs: {total_size: 128 KiB}\n', ['TH1205 thuban.yaml:1:20 logs.total_size']],
  ];
  for (const [text, found] of cases)
    it(text.trimEnd(), () => {
      assert.deepEqual(brief(refuse(text)), found);
    });

  it('may have the keys of a signature in another place than its demand', () => {
    const file = 'repositories: {a: {dir: /a, require_signature: true}}\n';
    const dropIns = { 'keys.yaml': 'repositories: {a: {keys: [/etc/keys/a.pub]}}\n' };
    assert.deepEqual(accept({ file, dropIns }).repositories['a'], {
      ...plainRepository('/a'),
      keys: ['/etc/keys/a.pub'],
      require_signature: true,
    });
  });

  it('may be folders beside each other, or the one of the run in the other', () => {
    accept('run_dir: /srv/run\ndata_dir: /srv/running\n');
    accept('run_dir: /srv/data/run\ndata_dir: /srv/data\n');
  });

  it('are equal at the least', () => {
    accept('restart: {initial_delay: 1 min}\nlogs: {max_line: 64 KiB, size: 64 KiB, total_size: 64 KiB}\n');
  });

  it('may stand in different places: the finding is at the value that somebody set, with both values', () => {
    const given = { file: 'restart: {initial_delay: 5 s}\n', env: { THUBAN_CFG_RESTART__MAX_DELAY: '2 s' } };
    const [found] = refuse(given);
    assert.deepEqual(brief(found === undefined ? [] : [found]), [
      'TH1205 THUBAN_CFG_RESTART__MAX_DELAY:1:1 restart.max_delay',
    ]);
    assert.equal(found?.message, '`restart.max_delay` is 2 s, less than `restart.initial_delay`, which is 5 s');
  });
});

describe('writing a value', () => {
  const node = (quantity: string): Shape => ({ types: ['number', 'string'], quantity });
  const cases: [value: unknown, quantity: string, text: string][] = [
    [65536, 'bytes', '64 KiB'],
    [1024 ** 3 * 3, 'bytes', '3 GiB'],
    [1_000_000, 'bytes', '1000000'],
    [0, 'bytes', '0'],
    [1024, 'bytes_limit', '1 KiB'],
    ['unlimited', 'bytes_limit', 'unlimited'],
    [60, 'number_limit', '60'],
    [90, 'duration', '90 s'],
    [5400, 'duration', '90 min'],
    [86_400, 'duration', '1 d'],
    [0.25, 'duration', '250 ms'],
    [0.0005, 'duration', '0.5 ms'],
    [1.5, 'duration', '1.5'],
    [0, 'duration', '0'],
    [0.2, 'share', '20 %'],
    [1 / 3, 'share', '0.3333333333333333'],
    [0o60, 'file_mode', '0o060'],
  ];
  for (const [value, quantity, text] of cases)
    it(`${String(value)} as ${quantity} is ${text}`, () => {
      assert.equal(writeValue(value, node(quantity)), text);
    });

  it('quotes what is not plain text to every reader of YAML', () => {
    for (const text of ['', 'null', 'true', 'no', '1000', '~', 'a b', 'a: b', '# a', "it's", '"', '[a]', '-', 'a\nb'])
      assert.equal(writeValue(text, undefined), JSON.stringify(text));
    for (const text of ['/run/thuban', 'thuban', 'full', 'best_effort', 'a.b-c'])
      assert.equal(writeValue(text, undefined), text);
  });
});
