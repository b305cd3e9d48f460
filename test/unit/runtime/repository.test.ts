import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { scanRepository, type Repository } from '../../../src/runtime/repository/index.ts';
import { temporaryFolder } from '../../support/folders.ts';

const manifest = (name: string, version = '1.0.0'): string =>
  `name: ${name}\nversion: ${version}\nuid: 1000\ngid: 1000\nrootfs: host\ninit: /bin/true\n`;

/** A folder with these files. */
function repositoryOf(files: Record<string, string | Buffer>): { path: string; [Symbol.dispose](): void } {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text, { mode: 0o644 });
  return folder;
}

const accepted = ({ manifests }: Repository): string[] =>
  manifests.map((loaded) => `${loaded.manifest.name}:${loaded.manifest.version}`);
const rejected = (found: Repository): [string, string[]][] =>
  found.rejected.map(({ file, diagnostics }) => [
    file.slice(file.lastIndexOf('/') + 1),
    diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code),
  ]);

describe('a repository', () => {
  test('gives its manifests in the order of their files', async () => {
    using folder = repositoryOf({
      'b.yaml': manifest('one'),
      'a.yaml': manifest('two'),
      'c.yaml': manifest('one', '2.0.0'),
    });
    const found = await scanRepository(folder.path);
    assert.deepEqual(accepted(found), ['two:1.0.0', 'one:1.0.0', 'one:2.0.0']);
    assert.deepEqual(found.rejected, []);
    assert.equal(found.problem, undefined);
    assert.deepEqual(
      found.manifests.map(({ file }) => file),
      ['a', 'b', 'c'].map((name) => join(folder.path, `${name}.yaml`)),
    );
    assert.match(found.manifests[0]?.digest ?? '', /^[0-9a-f]{64}$/);
    assert.deepEqual(
      (await scanRepository(`${relative('.', folder.path)}/`)).manifests[0]?.file,
      join(folder.path, 'a.yaml'),
    );
  });

  test('does not look at hidden files, folders and files of other names', async () => {
    using folder = repositoryOf({
      '.a.yaml': manifest('a'),
      'b.yml': manifest('b'),
      'c.yaml~': manifest('c'),
      yaml: manifest('d'),
      'e.yaml.bad': '{',
    });
    mkdirSync(join(folder.path, 'f.yaml'));
    assert.deepEqual(await scanRepository(folder.path), { manifests: [], rejected: [] });
  });

  test('rejects what this version cannot start, so that it replaces nothing that runs; files to mount are taken', async () => {
    using folder = repositoryOf({
      'camera.yaml': `${manifest('camera')}health: {type: tcp, port: 80}\nlogs: {}\n`,
      'files.yaml': manifest('files').replace('init: /bin/true\n', 'user_namespace: {}\n'),
      'same.yaml': `${manifest('same')}network: none\n`,
    });
    const found = await scanRepository(folder.path);
    assert.deepEqual(accepted(found), ['files:1.0.0', 'same:1.0.0']);
    assert.deepEqual(rejected(found), [['camera.yaml', ['TH1107', 'TH1107']]]);
    const [first] = found.rejected;
    assert.deepEqual([first?.name, first?.version], ['camera', '1.0.0']);
    assert.deepEqual(first?.diagnostics.map(({ line, column, path }) => `${line}:${column} ${path}`).sort(), [
      '7:9 health',
      '8:7 logs',
    ]);
  });

  test('has the bad manifests beside the good ones, with all their errors', async () => {
    using folder = repositoryOf({
      '1.yaml': manifest('good'),
      '2.yaml': manifest('typo').replace('init:', 'inti:').replace('uid: 1000', 'uid: many'),
      '3.yaml': '{ this is no YAML',
      '4.yaml': '',
      '5.yaml': Buffer.from([0xff, 0xfe, 0x00]),
      '6.yaml': `${manifest('large')}#${'x'.repeat(1 << 20)}`,
      '7.yaml': manifest('last'),
    });
    const found = await scanRepository(folder.path);
    assert.deepEqual(accepted(found), ['good:1.0.0', 'last:1.0.0']);
    assert.deepEqual(
      rejected(found).map(([name]) => name),
      ['2.yaml', '3.yaml', '4.yaml', '5.yaml', '6.yaml'],
    );
    const codes = Object.fromEntries(rejected(found));
    assert.deepEqual(codes['2.yaml'], ['TH1101', 'TH1102']);
    assert.deepEqual(codes['6.yaml'], ['TH1002']);
    const [typo] = found.rejected;
    assert.equal(typo?.name, 'typo');
    assert.equal(typo.version, '1.0.0');
    assert.match(typo.digest ?? '', /^[0-9a-f]{64}$/);
    assert.equal(typo.diagnostics[0]?.file, join(folder.path, '2.yaml'));
  });

  test('says who is meant by a manifest that cannot be read, where its text is plain', async () => {
    const cases: [text: string, name: string | undefined, version: string | undefined][] = [
      ['name: cam.era-2_x # a comment\nversion: "1.2.3"\nuid: [', 'cam.era-2_x', '1.2.3'],
      ["name: 'camera'\r\nversion: 1.2.3\r\nuid: [\r\n", 'camera', '1.2.3'],
      [`name: ${'x'.repeat(1024)}\nuid: [`, 'x'.repeat(1024), undefined],
      ['mounts:\n  name: no\nversion: latest\nuid: [', undefined, undefined],
      ['name: two words\nversion: 1.2\nuid: [', undefined, undefined],
    ];
    for (const [text, name, version] of cases) {
      using folder = repositoryOf({ 'a.yaml': text });
      const [found] = (await scanRepository(folder.path)).rejected;
      assert.deepEqual([found?.name, found?.version], [name, version], text.slice(0, 40));
    }
  });

  test('has each container once: the first file counts, the second says where it is', async () => {
    using folder = repositoryOf({
      'a.yaml': `# first\n${manifest('twice')}`,
      'b.yaml': manifest('twice'),
      'c.yaml': manifest('twice', '1.0.1'),
      'd.yaml': manifest('twice'),
    });
    const found = await scanRepository(folder.path);
    assert.deepEqual(accepted(found), ['twice:1.0.0', 'twice:1.0.1']);
    assert.equal(found.manifests[0]?.file, join(folder.path, 'a.yaml'));
    assert.deepEqual(rejected(found), [
      ['b.yaml', ['TH1401']],
      ['d.yaml', ['TH1401']],
    ]);
    const [second] = found.rejected;
    assert.deepEqual([second?.name, second?.version], ['twice', '1.0.0']);
    assert.match(second?.digest ?? '', /^[0-9a-f]{64}$/);
    const [diagnostic] = second?.diagnostics ?? [];
    assert.equal(diagnostic?.message, `\`twice:1.0.0\` is also defined in ${join(folder.path, 'a.yaml')}:2`);
    assert.deepEqual([diagnostic?.file, diagnostic?.line], [join(folder.path, 'b.yaml'), 1]);
  });

  test('has at most ten thousand files', async () => {
    using folder = temporaryFolder();
    for (let i = 0; i <= 10_000; i++) writeFileSync(join(folder.path, `${i}.yaml`), '');
    const found = await scanRepository(folder.path);
    assert.equal(found.problem?.code, 'TH1002');
    assert.deepEqual([found.manifests, found.rejected], [[], []]);
    renameSync(join(folder.path, '0.yaml'), join(folder.path, '0'));
    assert.equal((await scanRepository(folder.path)).problem, undefined);
  });
});

describe('a repository that others may change', () => {
  test('is not read at all', async () => {
    using top = repositoryOf({});
    const folder = join(top.path, 'repository');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.yaml'), manifest('a'));
    chmodSync(folder, 0o775);
    const found = await scanRepository(folder);
    assert.equal(found.problem?.code, 'TH5010');
    assert.match(found.problem.message, /has mode 0775, so its group may write/);
    assert.deepEqual([found.manifests, found.rejected], [[], []]);
    chmodSync(folder, 0o755);
    assert.equal((await scanRepository(folder)).manifests.length, 1);
    chmodSync(top.path, 0o777);
    assert.equal((await scanRepository(folder)).problem?.details['path'], top.path);
  });

  test('is not confused with another one by `..` behind a link', async () => {
    using top = repositoryOf({});
    for (const name of ['good/sub', 'good/repository', 'repository'])
      mkdirSync(join(top.path, name), { recursive: true });
    symlinkSync('good/sub', join(top.path, 'link'));
    writeFileSync(join(top.path, 'repository/bad.yaml'), manifest('bad'));
    writeFileSync(join(top.path, 'good/repository/good.yaml'), manifest('good'));
    chmodSync(join(top.path, 'repository'), 0o777);
    const found = await scanRepository(`${top.path}/link/../repository`);
    assert.deepEqual(found.manifests, []);
    assert.equal(found.problem?.code, 'TH5010');
  });

  test('that is missing or a file is a problem', async () => {
    using top = repositoryOf({ file: '' });
    const missing = await scanRepository(join(top.path, 'missing'));
    assert.equal(missing.problem?.code, 'TH1008');
    assert.match(missing.problem.message, /ENOENT/);
    assert.equal((await scanRepository(join(top.path, 'file'))).problem?.code, 'TH5010');
  });

  test('by one file only loses that one: writable, a link, a pipe', async () => {
    using folder = repositoryOf({ 'a.yaml': manifest('a'), 'b.yaml': manifest('b'), 'z.yaml': manifest('z') });
    chmodSync(join(folder.path, 'b.yaml'), 0o664);
    symlinkSync('a.yaml', join(folder.path, 'c.yaml'));
    symlinkSync('/etc/shadow', join(folder.path, 'd.yaml'));
    execFileSync('mkfifo', [join(folder.path, 'e.yaml')]);
    const found = await scanRepository(folder.path);
    assert.deepEqual(accepted(found), ['a:1.0.0', 'z:1.0.0']);
    assert.deepEqual(rejected(found), [
      ['b.yaml', ['TH5010']],
      ['c.yaml', ['TH5010']],
      ['d.yaml', ['TH5010']],
      ['e.yaml', ['TH1008']],
    ]);
    const [first] = found.rejected;
    const file = join(folder.path, 'b.yaml');
    assert.deepEqual(first?.diagnostics, [
      {
        code: 'TH5010',
        severity: 'error',
        message: `\`${file}\` has mode 0664, so its group may write`,
        hint: `chmod go-w ${file}`,
        file,
        line: 1,
        column: 1,
        length: 1,
        path: '',
      },
    ]);
  });
});
