import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { BUNDLE } from '../../support/cli.ts';

const directory = mkdtempSync(join(tmpdir(), 'thuban-across-'));
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

function validate(...args: string[]): { code: number | null; lines: string[]; json: () => Verdict[] } {
  const { status, stdout } = spawnSync(process.execPath, [BUNDLE, 'validate', ...args], {
    encoding: 'utf8',
    cwd: directory,
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' },
  });
  return { code: status, lines: stdout.trimEnd().split('\n'), json: () => JSON.parse(stdout) as Verdict[] };
}

interface Verdict {
  file: string;
  valid: boolean;
  manifest?: object;
  errors: { code: string; severity: string; line: number; elsewhere?: object[] }[];
}

function repository(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(directory, name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, name, file), text);
}

const sound = (name: string, rest = ''): string =>
  `name: ${name}\nversion: 1.0.0\ninit: /bin/true\nuid: 1000\ngid: 1000\nrootfs: host\n${rest}`;
const fonts = 'name: fonts\nversion: 1.0.0\nuid: 1000\ngid: 1000\nrootfs: /srv/fonts\n';
const mount = "mounts:\n  /f: {type: resource, name: fonts, version: '^1', dir: /}\n";

describe('thuban validate of a folder', () => {
  test('reports what is wrong between its files, sorted by file, and the last line counts it', () => {
    repository('two', { 'b.yaml': sound('a'), 'a.yaml': sound('a'), 'c.yaml': sound('c', mount) });
    const { code, lines } = validate('two');
    assert.equal(code, 1);
    assert.deepEqual(lines.slice(0, 2), [
      'two/b.yaml:1:7: error TH1401: `a:1.0.0` is also defined in two/a.yaml:1 (two/a.yaml:1:7 first here; change a version or remove one)',
      'two/c.yaml:8:30: error TH1402: no container satisfies `fonts ^1` (have none) (put a container `fonts` with files of its own into a repository, or change the version)',
    ]);
    assert.match(lines[2] ?? '', /^3 files, 2 errors, 0 warnings, \d/);
  });

  test('says so in JSON at the file that is to be changed', () => {
    const verdicts = validate('--json', 'two').json();
    assert.deepEqual(
      verdicts.map(({ file, valid, manifest, errors }) => [
        file,
        valid,
        manifest !== undefined,
        ...errors.map(({ code }) => code),
      ]),
      [
        ['two/a.yaml', true, true],
        ['two/b.yaml', false, false, 'TH1401'],
        ['two/c.yaml', false, false, 'TH1402'],
      ],
    );
    assert.deepEqual(verdicts[1]?.errors[0]?.elsewhere, [
      { file: 'two/a.yaml', line: 1, column: 7, label: 'first here' },
    ]);
  });

  test('takes several folders and files for one repository', () => {
    repository('app', { 'app.yaml': sound('app', mount) });
    repository('data', { 'fonts.yaml': fonts });
    assert.equal(validate('app').code, 1);
    assert.equal(validate('app', 'data').code, 0);
    assert.equal(validate('app', 'data/fonts.yaml').code, 0);
  });

  test('only warns of what is missing among files, and looks for nothing beside one file', () => {
    const { code, lines } = validate('app/app.yaml', 'two/a.yaml');
    assert.equal(code, 0);
    assert.match(lines[0] ?? '', /^app\/app\.yaml:8:30: warning TH1402: .*; it may lie elsewhere: name its file too/);
    assert.match(validate('app/app.yaml').lines[0] ?? '', /: 0 errors, 0 warnings$/);
    assert.equal(validate('app/app.yaml', './app/app.yaml').code, 0, 'the same file twice is no duplicate');
  });

  test('reports one error for one typo', () => {
    repository('typo', { 'app.yaml': sound('app', mount), 'fonts.yaml': `${fonts}colour: red\n` });
    assert.deepEqual(
      validate('--json', 'typo')
        .json()
        .flatMap(({ errors }) => errors.map(({ code }) => code)),
      ['TH1102'],
    );
  });

  test('reads what a daemon reads: no hidden files and no folders', () => {
    repository('odd', { 'a.yaml': sound('a'), '.b.yaml': 'x', 'notes.txt': 'x' });
    mkdirSync(join(directory, 'odd/sub.yaml'));
    assert.match(validate('odd').lines[0] ?? '', /^odd\/a\.yaml: 0 errors, 0 warnings$/);
  });
});
