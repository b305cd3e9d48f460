import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig, type Config } from '../../../src/config/index.ts';
import { permissions } from '../../../src/config/config.ts';
import { restartDefaults } from '../../../src/manifest/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { accept, acceptAll, brief, load, plainRepository, refuse } from './support.ts';

const defaults: Config = {
  run_dir: '/run/thuban',
  data_dir: '/var/lib/thuban',
  repositories: { default: plainRepository('/var/lib/thuban/repository') },
  watch: { debounce: 0.5, rescan: 60 },
  cgroups: { parent: 'self', name: 'thuban', enforce: 'strict', supervisor_memory_min: 0 },
  console: {
    sockets: [{ path: '/run/thuban/console.sock', mode: 0o660, owner: 'root', group: 'thuban', permissions: 'full' }],
    limits: {
      connections: 64,
      requests_per_second: 1000,
      request_size: 1024 * 1024,
      install_size: 256 * 1024 * 1024,
      stream_timeout: 10,
      idle_timeout: 'unlimited',
    },
    event_history: 1000,
  },
  start: { concurrency: 4 },
  shutdown: { timeout: 90 },
  restart: { initial_delay: 1, max_delay: 60, multiplier: 2, jitter: 0.2, reset_after: 60 },
  logs: { target: 'memory', size: 262144, files: 3, max_line: 16384, rate: 1000, total_size: 67108864 },
  schedule: { clock_gate: 'auto', clock_gate_timeout: 300, time_zone: 'UTC' },
  daemon: { log_level: 'info', lease: 10 },
};

describe('an empty configuration', () => {
  for (const [what, text] of [
    ['an empty file', ''],
    ['a file of comments', '# nothing\n---\n'],
    ['sections without values', 'console:\nrestart:\nrun_dir:\n'],
    ['empty sections', 'console: {limits: {}}\nlogs: {}\n'],
  ] as const)
    it(`${what} gives the defaults`, () => {
      assert.deepEqual(accept(text), defaults);
    });

  it('an absent default file gives the defaults, all of them marked as such', () => {
    const { config, origins } = acceptAll({});
    assert.deepEqual(config, defaults);
    assert.deepEqual(new Set(Array.from(origins.values(), ({ layer }) => layer)), new Set(['default']));
  });

  it('restarts as manifests do without a configuration', () => {
    const { policy: _policy, max_restarts: _max, ...restart } = restartDefaults;
    assert.deepEqual(accept('').restart, restart);
  });
});

describe('a configuration', () => {
  it('is normalised: bytes, seconds, shares, clean paths, permissions in one order', () => {
    const config = accept(
      'run_dir: /run//board/\n' +
        'repositories:\n  apps: {dir: /srv/./apps}\n  base-system: {type: dir, dir: /srv/base}\n' +
        'cgroups: {parent: /machine/, name: board, enforce: best_effort, supervisor_memory_min: 64 MiB}\n' +
        'console:\n  sockets:\n' +
        '    - {path: /run/board/a.sock, mode: 0o600, owner: 0, group: "100", permissions: [stop, list]}\n' +
        '    - {path: /run/board/b.sock, permissions: []}\n' +
        '  limits: {request_size: 64 KiB, stream_timeout: 250 ms, idle_timeout: 1 h 30 min, connections: 0x10}\n' +
        'restart: {initial_delay: 0.5, multiplier: 1.5, jitter: 12.5 %}\nlogs: {size: 1 MB}\ndaemon: {lease: 1500 ms}\n',
    );
    assert.equal(config.run_dir, '/run/board');
    assert.deepEqual(config.repositories, {
      apps: plainRepository('/srv/apps'),
      'base-system': plainRepository('/srv/base'),
    });
    assert.deepEqual(config.cgroups, {
      parent: '/machine',
      name: 'board',
      enforce: 'best_effort',
      supervisor_memory_min: 64 * 1024 ** 2,
    });
    assert.deepEqual(config.console.sockets, [
      { path: '/run/board/a.sock', mode: 0o600, owner: '0', group: '100', permissions: ['list', 'stop'] },
      { path: '/run/board/b.sock', mode: 0o660, owner: 'root', group: 'thuban', permissions: [] },
    ]);
    assert.deepEqual(config.console.limits, {
      ...defaults.console.limits,
      request_size: 65536,
      stream_timeout: 0.25,
      idle_timeout: 5400,
      connections: 16,
    });
    assert.deepEqual(config.restart, { ...defaults.restart, initial_delay: 0.5, multiplier: 1.5, jitter: 0.125 });
    assert.equal(config.logs.size, 1_000_000);
    assert.equal(config.daemon.lease, 2, 'the launcher counts whole seconds');
  });

  it('that names a repository has no default one', () => {
    assert.deepEqual(Object.keys(accept('repositories: {apps: {dir: /srv/apps}}\n').repositories), ['apps']);
  });

  it('has the default socket in its run directory', () => {
    assert.equal(accept('run_dir: /run/board\n').console.sockets[0]?.path, '/run/board/console.sock');
  });

  it('may grant every permission by name', () => {
    const socket = `{path: /a, permissions: [${permissions.join(', ')}]}`;
    assert.deepEqual(accept(`console: {sockets: [${socket}]}\n`).console.sockets[0]?.permissions, [...permissions]);
  });

  it('keeps its warnings', () => {
    const { diagnostics } = acceptAll('logs: {size: 1M}\n');
    assert.deepEqual(brief(diagnostics), ['TH1310 thuban.yaml:1:14 logs.size']);
    assert.equal(diagnostics[0]?.severity, 'warning');
  });
});

describe('a file that cannot be used', () => {
  it('is refused when it was named and is absent', () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'none', 'thuban.yaml');
    const { ok, diagnostics } = loadConfig({ file, env: {}, flags: {} });
    assert.equal(ok, false);
    assert.deepEqual(brief(diagnostics), [`TH1008 ${file}:1:1`]);
    assert.equal(diagnostics[0]?.hint, 'check the path');
  });

  const texts: [string, string | Uint8Array, string, RegExp][] = [
    ['bytes that are no text', Uint8Array.of(0x61, 0xff), 'TH1007', /0xff at 1/],
    ['YAML that ends too early', 'console: {limits: [\n', 'TH1001', /bracket/],
    ['a list', '- run_dir: /run\n', 'TH1101', /^the configuration is a list, expected a map$/],
    ['two documents', 'start: {}\n---\nlogs: {}\n', 'TH1004', /holds 2 documents, a configuration is one/],
    ['a tag', 'run_dir: !env HOME\n', 'TH1103', /`!env` is not a tag of the configuration/],
    ['a key twice', 'start: {}\nstart: {}\n', 'TH1006', /`start` appears twice/],
    ['a list as a key', '[a]: 1\n', 'TH1101', /a key in the configuration is a list/],
    ['more than a megabyte', '#'.repeat(1024 * 1024 + 1), 'TH1002', /at most 1 MiB is read/],
  ];
  for (const [what, file, code, message] of texts)
    it(`is refused for ${what}`, () => {
      const [first] = refuse({ file });
      assert.equal(first?.code, code);
      assert.match(first.message, message);
      assert.equal(first.file, 'thuban.yaml');
    });

  it('says everything that is wrong, in the order of the file', () => {
    const text = 'run_dir: run\ncolour: red\nstart: {concurrency: 0}\ndaemon: {log_level: loud}\n';
    assert.deepEqual(brief(refuse(text)), [
      'TH1211 thuban.yaml:1:10 run_dir',
      'TH1102 thuban.yaml:2:1 colour',
      'TH1205 thuban.yaml:3:22 start.concurrency',
      'TH1201 thuban.yaml:4:21 daemon.log_level',
    ]);
  });

  it('gives the texts for the frames', () => {
    assert.deepEqual(load({ file: 'run_dir: run\n' }).texts, new Map([['thuban.yaml', 'run_dir: run\n']]));
  });
});
