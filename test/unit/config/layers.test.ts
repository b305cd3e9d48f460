import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { accept, acceptAll, brief, load, plainRepository, refuse, type Given } from './support.ts';

const history = (count: number): string => `console: {event_history: ${count}}\n`;

describe('layers', () => {
  const all: Required<Pick<Given, 'file' | 'dropIns' | 'env'>> = {
    file: 'run_dir: /run/file\n',
    dropIns: { '10.yaml': 'run_dir: /run/ten\n', '20.yaml': 'run_dir: /run/twenty\n' },
    env: { THUBAN_CFG_RUN_DIR: '/run/variable' },
  };
  const cases: [given: Given, value: string, layer: string, where: string | undefined][] = [
    [{}, '/run/thuban', 'default', undefined],
    [{ file: all.file }, '/run/file', 'file', 'thuban.yaml:1'],
    [{ file: all.file, dropIns: all.dropIns }, '/run/twenty', 'drop-in', 'thuban.d/20.yaml:1'],
    [all, '/run/variable', 'environment', 'THUBAN_CFG_RUN_DIR'],
    [{ ...all, flags: { run_dir: '/run/flag' } }, '/run/flag', 'flag', '--run-dir'],
  ];
  for (const [given, value, layer, where] of cases)
    it(`${layer} wins over what is below it`, () => {
      const { config, origins } = acceptAll(given);
      assert.equal(config.run_dir, value);
      assert.deepEqual(origins.get('run_dir'), where === undefined ? { layer } : { layer, where });
    });

  it('merge maps at every depth, and each value knows its source', () => {
    const { config, origins } = acceptAll({
      file: 'console:\n  event_history: 7\n  limits:\n    connections: 5\n    request_size: 2 MiB\n',
      dropIns: { 'a.yaml': '# two lines\nconsole: {limits: {connections: 6}}\n' },
      env: { THUBAN_CFG_CONSOLE__LIMITS__STREAM_TIMEOUT: '3 s' },
    });
    assert.deepEqual(config.console.limits, {
      connections: 6,
      requests_per_second: 1000,
      request_size: 2 * 1024 * 1024,
      install_size: 256 * 1024 * 1024,
      stream_timeout: 3,
      idle_timeout: 'unlimited',
    });
    const where = (key: string): unknown => origins.get(`console.${key}`)?.where;
    assert.equal(where('event_history'), 'thuban.yaml:2');
    assert.equal(where('limits.connections'), 'thuban.d/a.yaml:2');
    assert.equal(where('limits.request_size'), 'thuban.yaml:5');
    assert.equal(where('limits.stream_timeout'), 'THUBAN_CFG_CONSOLE__LIMITS__STREAM_TIMEOUT');
    assert.deepEqual(origins.get('console.limits.idle_timeout'), { layer: 'default' });
  });

  it('replace lists as a whole, also what a socket of the list below had said', () => {
    const { config, origins } = acceptAll({
      file: 'console: {sockets: [{path: /a, group: staff, mode: 0o600}, {path: /b}]}\n',
      dropIns: { 'a.yaml': 'console:\n  sockets:\n    - path: /c\n      owner: admin\n' },
    });
    assert.deepEqual(config.console.sockets, [
      { path: '/c', mode: 0o660, owner: 'admin', group: 'thuban', permissions: 'full' },
    ]);
    assert.deepEqual(origins.get('console.sockets[0].path'), { layer: 'drop-in', where: 'thuban.d/a.yaml:3' });
    assert.deepEqual(origins.get('console.sockets[0].owner'), { layer: 'drop-in', where: 'thuban.d/a.yaml:4' });
    assert.deepEqual(origins.get('console.sockets[0].group'), { layer: 'default' });
  });

  it('add repositories by name, and change one of those that are there', () => {
    const { repositories } = accept({
      file: 'repositories: {a: {dir: /a}, b: {dir: /b}}\n',
      dropIns: { 'x.yaml': 'repositories: {b: {dir: /other}, c: {dir: /c}}\n' },
    });
    assert.deepEqual(
      Object.entries(repositories).map(([name, { dir }]) => `${name} ${dir}`),
      ['a /a', 'b /other', 'c /c'],
    );
  });

  it('do not hide a fault below: every layer is checked', () => {
    const diagnostics = refuse({
      file: 'run_dir: run\n',
      dropIns: { 'a.yaml': 'run_dir: /run\ncolour: red\n' },
      env: { THUBAN_CFG_RUN_DIR: '/run/x', THUBAN_CFG_LOGS__FILES: '0' },
    });
    assert.deepEqual(brief(diagnostics), [
      'TH1211 thuban.yaml:1:10 run_dir',
      'TH1102 thuban.d/a.yaml:2:1 colour',
      'TH1205 THUBAN_CFG_LOGS__FILES:1:1 logs.files',
    ]);
  });

  it('show errors before warnings', () => {
    const given = { file: 'logs: {size: 1M}\n', env: { THUBAN_CFG_RUN_DIR: 'run' } };
    assert.deepEqual(
      refuse(given).map(({ severity }) => severity),
      ['error', 'warning'],
    );
  });

  it('see that two repositories of different files have one folder', () => {
    const [found] = refuse({
      file: 'repositories: {a: {dir: /srv}}\n',
      dropIns: { 'x.yaml': 'repositories: {b: {dir: /srv/}}\n' },
    });
    assert.equal(found?.file, 'thuban.d/x.yaml');
    assert.equal(found.related, undefined, 'a second place can only be shown in the same file');
  });
});

describe('drop-ins', () => {
  it('are read in the order of their names, without the file too', () => {
    const given = { dropIns: { '9.yaml': history(9), '10.yaml': history(10), 'B.yaml': history(11) } };
    assert.equal(accept(given).console.event_history, 11);
    assert.equal(accept({ dropIns: { '9.yaml': history(9), '10.yaml': history(10) } }).console.event_history, 9);
  });

  it('may be empty, and hidden files and other files are none', () => {
    const dropIns = { 'a.yaml': '', '.b.yaml': 'colour: red', 'c.yaml.bak': 'colour: red', README: 'colour: red' };
    assert.deepEqual(acceptAll({ dropIns }).diagnostics, []);
  });

  it('that end in `.yml` are not read, and a warning says so', () => {
    const { config, diagnostics } = acceptAll({ dropIns: { 'a.yml': history(9) } });
    assert.equal(config.console.event_history, 1000);
    assert.deepEqual(brief(diagnostics), ['TH7003 thuban.d/a.yml:1:1']);
    assert.equal(diagnostics[0]?.severity, 'warning');
  });

  it('are at most 100', () => {
    const dropIns = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.yaml`, '']));
    accept({ dropIns: dropIns(100) });
    assert.match(refuse({ dropIns: dropIns(101) })[0]?.message ?? '', /holds 101 drop-ins, at most 100 are read/);
  });
});

describe('the environment', () => {
  const read = (env: NodeJS.ProcessEnv): ReturnType<typeof accept> => accept({ env });

  it('sets any value, read like a scalar of YAML', () => {
    const config = read({
      THUBAN_CFG_CGROUPS__PARENT: ' /machine ',
      THUBAN_CFG_CONSOLE__LIMITS__CONNECTIONS: '0o20',
      THUBAN_CFG_LOGS__SIZE: '1 MiB',
      THUBAN_CFG_RESTART__JITTER: '0.5',
      HOME: '/root',
      THUBAN_SOCKET: '/other',
    });
    assert.equal(config.cgroups.parent, '/machine');
    assert.equal(config.console.limits.connections, 16);
    assert.equal(config.logs.size, 1024 * 1024);
    assert.equal(config.restart.jitter, 0.5);
  });

  it('sets a repository by name, with `_` for `-`', () => {
    const { repositories } = read({ THUBAN_CFG_REPOSITORIES__MY_APPS__DIR: '/srv/apps' });
    assert.deepEqual(repositories, { 'my-apps': plainRepository('/srv/apps') });
  });

  it('sets lists and maps in brackets; a variable for one value wins over one for its section', () => {
    const config = read({
      THUBAN_CFG_CONSOLE__SOCKETS: '[{path: /a, mode: 0o600, permissions: [list]}]',
      THUBAN_CFG_LOGS: '{files: 5, rate: 9}',
      THUBAN_CFG_LOGS__FILES: '6',
    });
    assert.deepEqual(config.console.sockets[0]?.permissions, ['list']);
    assert.equal(config.console.sockets[0]?.mode, 0o600);
    assert.deepEqual([config.logs.files, config.logs.rate], [6, 9]);
  });

  it('sets nothing with an empty variable', () => {
    assert.equal(read({ THUBAN_CFG_RUN_DIR: '', THUBAN_CFG_LOGS: ' ' }).run_dir, '/run/thuban');
  });

  const unknown: [variable: string, hint: RegExp][] = [
    ['THUBAN_CFG_CONSOLE__EVENT_HSTORY', /did you mean `THUBAN_CFG_CONSOLE__EVENT_HISTORY`\?/],
    ['THUBAN_CFG_CONSOLE_EVENT_HISTORY', /did you mean `THUBAN_CFG_CONSOLE__EVENT_HISTORY`\?/],
    ['THUBAN_CFG_run_dir', /did you mean `THUBAN_CFG_RUN_DIR`\?/],
    ['THUBAN_CFG_', /after `THUBAN_CFG_` comes one of RUN_DIR, DATA_DIR, REPOSITORIES/],
    ['THUBAN_CFG_CONSOLE__COLOUR_OF_IT', /after `THUBAN_CFG_CONSOLE__` comes one of SOCKETS, LIMITS, EVENT_HISTORY/],
    ['THUBAN_CFG_CONSOLE__SOCKETS__0__PATH', /`THUBAN_CFG_CONSOLE__SOCKETS` has one value, set it as a whole/],
    ['THUBAN_CFG_RUN_DIR__X', /`THUBAN_CFG_RUN_DIR` has one value/],
    ['THUBAN_CFG_LOGS__', /did you mean `THUBAN_CFG_LOGS`\?/],
    ['THUBAN_CFG___PROTO__', /comes one of/],
  ];
  for (const [variable, hint] of unknown)
    it(`refuses ${variable}, which names no key`, () => {
      const [found, ...others] = refuse({ env: { [variable]: 'x' } });
      assert.deepEqual(others, []);
      assert.equal(found?.code, 'TH7003');
      assert.equal(found.file, variable);
      assert.ok(found.message.includes(`\`${variable}\``), found.message);
      assert.match(found.hint ?? '', hint);
    });

  const bad: [variable: string, value: string, found: string][] = [
    ['RUN_DIR', 'run', 'TH1211 THUBAN_CFG_RUN_DIR:1:1 run_dir'],
    ['LOGS__RATE', '  many', 'TH1101 THUBAN_CFG_LOGS__RATE:1:3 logs.rate'],
    ['LOGS', 'many', 'TH1101 THUBAN_CFG_LOGS:1:1 logs'],
    ['LOGS', '{rate: many}', 'TH1101 THUBAN_CFG_LOGS:1:8 logs.rate'],
    ['LOGS', '{rate: 1, rate: 2}', 'TH1006 THUBAN_CFG_LOGS:1:11 logs.rate'],
    ['LOGS', '{rate: !x 1}', 'TH1103 THUBAN_CFG_LOGS:1:8 logs.rate'],
    ['LOGS', '{rate: 1', 'TH1001 THUBAN_CFG_LOGS:1:8'],
    ['CONSOLE__SOCKETS', '[{}]', 'TH1104 THUBAN_CFG_CONSOLE__SOCKETS:1:2 console.sockets[0].path'],
    ['CONSOLE__SOCKETS', '[{path: /a, mode: 660}]', 'TH1201 THUBAN_CFG_CONSOLE__SOCKETS:1:19 console.sockets[0].mode'],
    ['REPOSITORIES__A__COLOUR', 'red', 'TH7003 THUBAN_CFG_REPOSITORIES__A__COLOUR:1:1'],
    ['METRICS__SOCKET', '/x', 'TH1107 THUBAN_CFG_METRICS__SOCKET:1:1 metrics'],
    ['LOGS__TARGET', 'file', 'TH1107 THUBAN_CFG_LOGS__TARGET:1:1 logs.target'],
  ];
  for (const [variable, value, found] of bad)
    it(`names THUBAN_CFG_${variable}=${value} as the place of its fault`, () => {
      assert.deepEqual(brief(refuse({ env: { [`THUBAN_CFG_${variable}`]: value } })), [found]);
    });

  it('gives the values for the frames', () => {
    const env = { THUBAN_CFG_LOGS: '{rate: 1', THUBAN_CFG_RUN_DIR: 'run' };
    assert.deepEqual(Object.fromEntries(load({ env }).texts), env);
  });
});

describe('flags', () => {
  it('--repository replaces all repositories by one', () => {
    const given: Given = { file: 'repositories: {a: {dir: /a}}\n', flags: { 'repositories.default.dir': '/srv' } };
    const { config, origins } = acceptAll(given);
    assert.deepEqual(config.repositories, { default: plainRepository('/srv') });
    assert.deepEqual(origins.get('repositories.default.dir'), { layer: 'flag', where: '--repository' });
    assert.deepEqual(origins.get('repositories.default.type'), { layer: 'default' });
  });

  it('--repository replaces the entry of the same name too', () => {
    const given: Given = { file: 'repositories: {default: {dir: /a, type: dir}}\n' };
    const { origins } = acceptAll({ ...given, flags: { 'repositories.default.dir': '/srv' } });
    assert.deepEqual(origins.get('repositories.default.type'), { layer: 'default' });
  });

  for (const [key, file] of [
    ['require_signature', 'repositories: {a: {dir: /a, keys: [/k.pub], require_signature: true}}\n'],
    ['keys', 'repositories: {a: {dir: /a, keys: [/k.pub]}}\n'],
    ['keys', 'repositories: {b: {dir: /b}, a: {dir: /a, keys: [/k.pub]}}\n'],
  ] as const)
    it(`--repository is refused where it would take away ${key}`, () => {
      const [fault, ...others] = refuse({ file, flags: { 'repositories.default.dir': '/srv' } });
      assert.deepEqual(others, []);
      assert.equal(fault?.code, 'TH1306');
      assert.equal(fault.file, '--repository');
      assert.match(fault.message, new RegExp(`repository \`a\`, whose \`${key}\` \\(.*thuban.yaml:1\\)`));
    });

  it('--repository replaces what requires no signature, and has no keys', () => {
    const file = 'repositories: {a: {dir: /a, keys: [], require_signature: false}}\n';
    const { config } = acceptAll({ file, flags: { 'repositories.default.dir': '/srv' } });
    assert.deepEqual(config.repositories, { default: plainRepository('/srv') });
  });

  it('--socket replaces all sockets by one with the defaults of a socket', () => {
    const file = 'console: {sockets: [{path: /a, mode: 0o600, permissions: [list]}, {path: /b}]}\n';
    assert.deepEqual(accept({ file, flags: { 'console.sockets': '/c' } }).console.sockets, [
      { path: '/c', mode: 0o660, owner: 'root', group: 'thuban', permissions: 'full' },
    ]);
  });

  it('--run-dir moves the default socket, and no other', () => {
    const flags = { run_dir: '/run/other' };
    assert.equal(accept({ flags }).console.sockets[0]?.path, '/run/other/console.sock');
    const file = 'console: {sockets: [{path: /run/a.sock}]}\n';
    assert.equal(accept({ file, flags }).console.sockets[0]?.path, '/run/a.sock');
  });

  it('may name files from the current folder, but `self` is a word', () => {
    const { repositories, cgroups } = accept({
      flags: { 'repositories.default.dir': 'examples/manifests', 'cgroups.parent': 'self' },
    });
    assert.equal(repositories['default']?.dir, resolve('examples/manifests'));
    assert.equal(cgroups.parent, 'self');
  });

  it('are named as the place of their faults', () => {
    const flags = { run_dir: '', 'cgroups.parent': 'machine', data_dir: '/' };
    assert.deepEqual(brief(refuse({ flags })), [
      'TH1211 --run-dir:1:1 run_dir',
      'TH1211 --data-dir:1:1 data_dir',
      'TH1211 --cgroup-parent:1:1 cgroups.parent',
    ]);
  });
});
