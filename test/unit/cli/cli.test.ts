import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { commands, nameOf } from '../../../src/cli/commands/index.ts';
import { loadConfig } from '../../../src/config/index.ts';

const root = join(import.meta.dirname, '../../..');
const examples = join(root, 'examples/manifests');
const directory = mkdtempSync(join(tmpdir(), 'thuban-cli-'));
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

function thuban(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  // The daemon will run without code generation from strings; so must everything it shares with the command line.
  const flags = ['--disallow-code-generation-from-strings', join(root, 'dist/thuban.mjs')];
  const result = spawnSync(process.execPath, [...flags, ...args], { encoding: 'utf8', cwd: directory });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const good = 'name: good\nversion: 1.0.0\ninit: /bin/true\nuid: 1000\ngid: 1000\nrootfs: host\n';

describe('thuban validate', () => {
  test('accepts every example', () => {
    const { code, stdout } = thuban('validate', examples);
    assert.match(stdout, /^\d+ files, 0 errors, \d+ warnings/m);
    assert.equal(code, 0);
    // Some of them teach what this version only plans.
    for (const line of stdout.split('\n').slice(0, -2)) assert.match(line, /: warning TH1107: /);
    assert.equal(thuban('validate', '--strict', examples).code, 1);
  });

  test('prints one line for each finding when piped, and fails', () => {
    const path = file('bad.yaml', `${good}cgroups:\n  memroy: {}\n`);
    const { code, stdout } = thuban('validate', path);
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^${path}:8:3: error TH1102: unknown key \`memroy\` in cgroups`, 'm'));
  });

  test('reports ranges that no board can change, and warns about what one cgroup version lacks', () => {
    const path = file('limits.yaml', `${good}cgroups:\n  cpu: {quota: 999}\n  network: {class_id: 5}\n`);
    const { code, stdout } = thuban('validate', '--json', path);
    const [verdict] = JSON.parse(stdout) as {
      valid: boolean;
      errors: { code: string; line: number; severity: string; path: string }[];
    }[];
    assert.equal(code, 1);
    assert.equal(verdict?.valid, false);
    const found = verdict?.errors.map((error) => [error.severity, error.code, error.line, error.path]);
    assert.deepEqual(found, [
      ['error', 'TH1205', 8, 'cgroups.cpu.quota'],
      ['warning', 'TH2003', 9, 'cgroups.network.class_id'],
    ]);
  });

  test('gives the normalised manifest as JSON', () => {
    const { code, stdout } = thuban('validate', '--json', file('good.yaml', good));
    const [verdict] = JSON.parse(stdout) as {
      file: string;
      valid: boolean;
      manifest: Record<string, unknown>;
      errors: unknown[];
    }[];
    assert.equal(code, 0);
    assert.equal(verdict?.valid, true);
    assert.deepEqual(verdict?.errors, []);
    assert.equal(verdict?.manifest['uid'], 1000);
  });

  test('a file that does not exist is a finding, not a crash', () => {
    const { code, stdout } = thuban('validate', join(directory, 'absent.yaml'));
    assert.equal(code, 1);
    assert.match(stdout, /TH1008/);
  });
});

describe('thuban plan', () => {
  test('prints the contract’s JSON for both cgroup versions, without root and without doing anything', () => {
    const limits = 'cgroups:\n  memory: {memory_hard_limit: 64 MiB, memory_swap_limit: 96 MiB}\n  cpu: {shares: 512}\n';
    const path = file('limited.yaml', good + limits);
    const writes = (version: string): unknown => {
      const { code, stdout } = thuban('plan', '--json', '--cgroups', version, path);
      assert.equal(code, 0);
      const json = JSON.parse(stdout) as {
        cgroup: { layout: string; groups: { path: string }[]; writes: { op: string; file?: string; value?: string }[] };
        launch: { steps: { op: string }[] };
      };
      assert.equal(json.cgroup.layout, version);
      assert.equal(json.launch.steps.at(-1)?.op, 'exec');
      return json.cgroup.writes
        .filter((write) => write.op === 'write' && write.file !== 'cgroup.subtree_control')
        .map((write) => `${write.file ?? ''}=${write.value ?? ''}`);
    };
    assert.deepEqual(writes('v1'), [
      'memory.limit_in_bytes=67108864',
      'memory.memsw.limit_in_bytes=100663296',
      'cpu.shares=512',
    ]);
    assert.deepEqual(writes('v2'), [
      'memory.swap.max=33554432',
      'memory.max=67108864',
      'memory.oom.group=1',
      'cpu.weight=59',
    ]);
  });

  test('plans for the board that facts were taken from', () => {
    const path = file('facts-good.yaml', good);
    const taken = file('facts.json', thuban('plan', '--json', '--cgroups', 'v2', path).stdout);
    const { code, stdout } = thuban('plan', '--facts', taken, path);
    assert.equal(code, 0);
    assert.match(stdout, /good:1\.0\.0 on cgroups v2 of the board in/);
    assert.match(thuban('plan', '--facts', path, path).stderr, /error\[TH6011\]/);
  });

  test('chooses among the resources of the board that facts were taken from, and prints where they come from', () => {
    const mount = 'mounts:\n  /maps: {type: resource, name: maps, version: ^1, dir: /share}\n';
    const path = file('reader.yaml', good + mount);
    const taken = JSON.parse(thuban('plan', '--json', path).stdout) as { facts: Record<string, unknown> };
    assert.deepEqual(taken.facts['resources'], []);
    assert.match(thuban('plan', path).stderr, /error\[TH1402\].*no container satisfies `maps \^1` \(have none\)/);
    const identity = { dev: '1', ino: '2', size: '5120', ctime_ns: '3' };
    const resources = ['1.0.0', '1.2.0'].map((version) => {
      const image = { file: `/repo/maps-${version}.tar`, offset: 512, size: 4096, identity };
      return { name: 'maps', version, source: { type: 'image', image } };
    });
    const facts = file('facts-maps.json', JSON.stringify({ facts: { ...taken.facts, resources } }));
    const { code, stdout } = thuban('plan', '--facts', facts, path);
    assert.match(stdout, /image +\/maps {2}from \/share of \/repo\/maps-1\.2\.0\.tar/);
    assert.equal(code, 0);
    const { resources: _, ...old } = taken.facts;
    const before = file('facts-old.json', JSON.stringify({ facts: old }));
    assert.match(thuban('plan', '--facts', before, path).stderr, /TH1402/, 'facts of a version that knew of none');
  });

  test('shows what it can of a manifest that cannot be started, names why, and fails', () => {
    const path = file('rootless.yaml', good.replace('rootfs: host\n', ''));
    const { code, stdout, stderr } = thuban('plan', path);
    assert.equal(code, 1);
    assert.match(stdout, /^launch, \d+ steps$/m);
    assert.match(stderr, /error\[TH3002\]: the manifest names no root filesystem/);
  });

  test('stays within 80 columns when nobody knows the width', () => {
    for (const name of readdirSync(examples)) {
      const lines = thuban('plan', '--cgroups', 'v2', join(examples, name)).stdout.split('\n');
      for (const line of lines) assert.ok(line.length <= 80, line);
    }
  });
});

describe('the command line', () => {
  test('alone prints the grouped list and exits with 2', () => {
    const { code, stdout, stderr } = thuban();
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /Declare:\n {2}validate/);
  });

  test('lists every command on one line each, within 80 columns', () => {
    const lines = thuban().stderr.split('\n');
    for (const entry of commands) {
      const line = lines.find((text) => text.startsWith(`  ${nameOf(entry)}`));
      assert.ok(line?.endsWith(`  ${entry.summary}`) === true && line.length <= 80, `${nameOf(entry)}: ${line ?? ''}`);
    }
  });

  test('says what is wrong with it in its own words', () => {
    const wrong: [string[], RegExp][] = [
      [
        ['ps', '--sort', 'x'],
        /^error\[TH6011\]: `x` is not a value of `--sort`\n {2}hint: one of cpu, mem, up, restarts {3}\(thuban ps --help\)/,
      ],
      [['version', 'x', 'y'], /: too many arguments for `version`: 2 instead of none\n/],
      [['inspect'], /: missing required argument `name`\n {2}hint: thuban inspect --help\n/],
      [['--color', 'x', 'ps'], /`x` is not a value of `--color`/],
      [
        ['inspect', '--jsn', 'x'],
        /: unknown option `--jsn`\n {2}hint: did you mean --json\? {3}\(thuban inspect --help\)/,
      ],
      [['kill', 'x', '--signal', 'TREM'], /`TREM` is not a signal\n {2}hint: did you mean `SIGTERM`\?/],
      [['stop'], /`stop` needs the name of a container\n/],
      [['stop', '--all', 'x'], /`--all` and names exclude each other\n/],
      [['start', 'x', '--env', 'novalue'], /`novalue` is not a variable\n/],
      [['start', 'x', 'y', '--', 'arg'], /are for one container\n/],
      [['ps', '--filter', 'x'], /`x` is not a filter\n/],
    ];
    for (const [args, text] of wrong) {
      const { code, stdout, stderr } = thuban(...args);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, text);
      assert.doesNotMatch(stderr, /\binvalid\b|failed to/);
    }
  });

  test('suggests the command that was meant', () => {
    const { code, stderr } = thuban('validte', 'x');
    assert.equal(code, 2);
    assert.match(stderr, /error\[TH6011\]: unknown command `validte`\n {2}hint: did you mean validate\?/);
  });

  test('every command explains itself with two examples and its exit codes', () => {
    for (const command of commands.map(nameOf)) {
      const { code, stdout } = thuban(...command.split(' '), '--help');
      assert.equal(code, 0);
      assert.match(stdout, /Examples:\n {2}\S.*\n( {2}\S.*\n)+\nExit codes: /, command);
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
    }
  });

  test('says errors as JSON on stderr when asked, and nothing else on stdout', () => {
    const { code, stdout, stderr } = thuban('plan', '--json', '--nonsense');
    assert.equal(code, 2);
    assert.equal(stdout, '');
    const { error } = JSON.parse(stderr) as { error: { code: string; name: string } };
    assert.deepEqual([error.code, error.name], ['TH6011', 'usage']);
  });

  test('prints its version for people and for programs', () => {
    assert.match(thuban('version').stdout, /^thuban \d+\.\d+\.\d+ /);
    const json = JSON.parse(thuban('version', '--json').stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(json), ['version', 'node', 'kernel', 'arch']);
  });
});

describe('help', () => {
  test('of what there is not is an error, not the whole list', () => {
    for (const [words, hint] of [
      ['help nope', 'thuban --help'],
      ['nope --help', 'thuban --help'],
      ['--json pz -h', undefined],
      ['help pss', 'did you mean ps?   (thuban --help)'],
      ['help key gen', 'did you mean generate?   (thuban key --help)'],
      ['key gen --help', 'did you mean generate?   (thuban key --help)'],
      ['key gen', 'did you mean generate?   (thuban key --help)'],
    ] as const) {
      const { code, stdout, stderr } = thuban(...words.split(' '));
      assert.deepEqual([code, stdout], [2, ''], words);
      if (hint === undefined) assert.equal((JSON.parse(stderr) as { error: { code: string } }).error.code, 'TH6011');
      else assert.match(stderr, /^error\[TH6011\]: unknown command `\w+`\n/);
      if (hint !== undefined) assert.ok(stderr.endsWith(`  hint: ${hint}\n`), stderr);
    }
  });

  test('of a command is the same whichever way it is asked for', () => {
    for (const name of ['ps', 'key generate', 'key']) {
      const [before, after] = [thuban('help', ...name.split(' ')), thuban(...name.split(' '), '--help')];
      assert.deepEqual([before.code, before.stdout], [0, after.stdout], name);
    }
    assert.match(thuban('help', 'key', 'generate').stdout, /^Usage: thuban key generate /);
    assert.match(thuban('key', '--help').stdout, /Examples:\n {2}thuban key generate acme\n {2}thuban key sign /);
  });

  test('of daemon has the defaults of the configuration', () => {
    const { stdout } = thuban('daemon', '--help');
    const loaded = loadConfig({ env: {}, flags: {}, defaultFile: '/nonexistent/thuban.yaml' });
    assert.ok(loaded.ok);
    const { config } = loaded;
    const dir = config.repositories['default']?.dir ?? '';
    for (const value of [dir, config.run_dir, config.data_dir, config.cgroups.parent])
      assert.ok(stdout.replaceAll(/\s+/g, ' ').includes(`(default: ${value})`), `${value}\n${stdout}`);
    assert.equal(config.console.sockets[0]?.path, `${config.run_dir}/console.sock`);
  });
});
