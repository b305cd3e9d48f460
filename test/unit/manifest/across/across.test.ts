import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkAcross, type Member } from '../../../../src/manifest/index.ts';
import { found, member } from './support.ts';

const FILES = 'name: fonts\nversion: 1.2.0\nrootfs: {type: dir, path: /srv/fonts}\n';
const mount = (name: string, version = "'*'"): string =>
  `name: app\nmounts:\n  /x:\n    type: resource\n    name: ${name}\n    version: ${version}\n    dir: /\n`;
const waits = (name: string, rest = ''): string => `name: app\ndepends_on:\n  ${name}: {${rest}}\n`;

describe('two files that define the same container', () => {
  it('are told of at the second, with the place of the first', () => {
    const members = [
      member('a.yaml', '\nname: a\n'),
      member('b.yaml', 'version: 1.0.0\nname: a\n'),
      member('c.yaml', 'name: c\n'),
    ];
    assert.deepEqual(found(members), [
      'TH1401 b.yaml:2:7 `a:1.0.0` is also defined in a.yaml:2 (change a version or remove one)',
    ]);
  });

  it('are not told of the rest of the second, which is wrong with the first as well', () => {
    assert.deepEqual(
      found([member('a.yaml', waits('none')), member('b.yaml', waits('none'))]).map((line) => line.slice(0, 13)),
      ['TH1403 a.yaml', 'TH1401 b.yaml'],
    );
  });

  it('may differ in their versions', () => {
    assert.deepEqual(found([member('a.yaml', 'name: a\n'), member('b.yaml', 'name: a\nversion: 1.0.1\n')]), []);
  });
});

describe('a mount of another container’s files', () => {
  it('finds a folder, an image, and a version that satisfies', () => {
    const image = {
      file: '/r/f.tar',
      offset: 0,
      size: 1,
      identity: { dev: '1', ino: '1', size: '1', mtimeNs: '1', ctimeNs: '1' },
    };
    const packed = { ...member('f.tar', 'name: fonts\nversion: 2.0.0\n'), image: image as never };
    assert.deepEqual(found([member('a.yaml', mount('fonts', '^1')), member('f.yaml', FILES)]), []);
    assert.deepEqual(found([member('a.yaml', mount('fonts', '^2')), packed]), []);
  });

  it('is told which versions there are', () => {
    const members = [
      member('a.yaml', mount('fonts', '^3')),
      member('f.yaml', FILES),
      member('g.yaml', FILES.replace('1.2.0', '1.10.0')),
    ];
    assert.deepEqual(found(members), [
      'TH1402 a.yaml:6:14 no container satisfies `fonts ^3` (have 1.10.0, 1.2.0) (put a container `fonts` with files of its own into a repository, or change the version)',
    ]);
  });

  it('is told what was probably meant', () => {
    const [finding] = checkAcross([member('a.yaml', mount('fnots')), member('f.yaml', FILES)], {
      absent: 'error',
    }).flat();
    assert.equal(finding?.hint, 'did you mean `fonts`?');
    assert.equal(`${finding.code} ${finding.line}:${finding.column} ${finding.path}`, 'TH1402 5:11 mounts./x.name');
  });

  it('does not take a container without files of its own', () => {
    const [finding] = checkAcross([member('a.yaml', mount('b')), member('b.yaml', 'name: b\nrootfs: {type: host}\n')], {
      absent: 'error',
    }).flat();
    assert.equal(finding?.message, 'no container satisfies `b *` (have none)');
    assert.equal(finding.label, '`b` has no files of its own');
  });

  it('lists eight versions and counts the rest', () => {
    const versions = Array.from({ length: 20 }, (_, i) => member(`${i}.yaml`, FILES.replace('1.2.0', `1.${i}.0`)));
    assert.match(
      found([member('a.yaml', mount('fonts', '^3')), ...versions])[0] ?? '',
      /\(have 1\.19\.0, .*, 1\.12\.0 and 12 more\)/,
    );
  });
});

describe('a dependency', () => {
  it('on a container that does not exist is told at its name', () => {
    assert.deepEqual(found([member('a.yaml', waits('databse')), member('d.yaml', 'name: database\n')]), [
      'TH1403 a.yaml:3:3 `databse` does not exist (did you mean `database`?)',
    ]);
    assert.deepEqual(found([member('a.yaml', waits('x'))]), [
      'TH1403 a.yaml:3:3 `x` does not exist (put a container `x` into the repository, or remove the dependency)',
    ]);
  });

  it('on a version that does not exist is told at the requirement', () => {
    assert.deepEqual(found([member('a.yaml', waits('d', "version: '^2'")), member('d.yaml', 'name: d\n')]), [
      'TH1403 a.yaml:3:16 no version of `d` satisfies `^2` (have 1.0.0) (put such a version into the repository, or change the requirement)',
    ]);
  });

  it('on a container without a program can never be met', () => {
    const resource = member('f.yaml', FILES);
    delete resource.manifest.init;
    const [finding] = checkAcross([member('a.yaml', waits('fonts')), resource], { absent: 'error' }).flat();
    assert.equal(finding?.code, 'TH1403');
    assert.equal(finding.message, '`fonts` is a resource container, which is never started');
    assert.deepEqual(finding.elsewhere, [{ file: 'f.yaml', line: 1, column: 7, label: '`fonts:1.2.0` has no `init`' }]);
  });

  it('may be healthy only where health is checked', () => {
    const healthy = member('a.yaml', waits('d', 'condition: healthy'));
    assert.deepEqual(found([healthy, member('d.yaml', 'name: d\nhealth: {type: tcp, port: 1}\n')]), []);
    const [finding] = checkAcross([healthy, member('d.yaml', '#\nname: d\n')], { absent: 'error' }).flat();
    assert.equal(`${finding?.code} ${finding?.line}:${finding?.column}`, 'TH1404 3:18');
    assert.equal(finding?.message, 'waits for `d` to be healthy, but it has no `health`');
    assert.deepEqual(finding.elsewhere, [{ file: 'd.yaml', line: 2, column: 7, label: '`d:1.0.0` has no `health`' }]);
  });

  it('means the newest version that is allowed', () => {
    const old = member('d1.yaml', 'name: d\nhealth: {type: tcp, port: 1}\n');
    const young = member('d2.yaml', 'name: d\nversion: 2.0.0\n');
    const codes = (version: string): string[] =>
      found([member('a.yaml', waits('d', `condition: healthy, version: '${version}'`)), old, young]).map((one) =>
        one.slice(0, 6),
      );
    assert.deepEqual(codes('^1'), []);
    assert.deepEqual(codes('*'), ['TH1404']);
  });
});

describe('what is not among the files', () => {
  const members = [member('a.yaml', waits('x')), member('b.yaml', mount('y').replace('app', 'b'))];

  it('is a warning where the rest may lie elsewhere, and says so', () => {
    const findings = checkAcross(members, { absent: 'warning' }).flat();
    assert.deepEqual(
      findings.map(({ code, severity }) => `${severity} ${code}`),
      ['warning TH1403', 'warning TH1402'],
    );
    for (const { hint } of findings)
      assert.match(hint ?? '', /; it may lie elsewhere: name its file too, or check the whole folder$/);
  });

  it('is nothing for a file alone, which may still depend on itself', () => {
    assert.deepEqual(found([members[0] as Member], 'ignore'), []);
    assert.match(
      found([member('a.yaml', waits('app'))], 'ignore')[0] ?? '',
      /^TH1405 a\.yaml:3:3 `app → app` waits for itself/,
    );
  });

  it('may be a file with errors, by the name in it or by its own', () => {
    assert.deepEqual(found([...members, { file: 'q.yaml', name: 'x' }, { file: '/r/y-1.0.0.tar' }]), []);
    assert.equal(found([...members, { file: 'xy.yaml' }, { file: 'y.yaml', name: 'z' }]).length, 2);
  });

  it('is not a file with errors whose version does not satisfy', () => {
    const wants = [member('a.yaml', waits('x', "version: '^2'"))];
    assert.deepEqual(found([...wants, { file: 'x.yaml', name: 'x', version: '2.1.0' }]), []);
    assert.equal(found([...wants, { file: 'x.yaml', name: 'x', version: '1.0.0' }]).length, 1);
  });
});
