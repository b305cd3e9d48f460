import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkRequirement, compareVersions, loadManifest, satisfies } from '../../../src/manifest/index.ts';
import { accept, brief, HEAD, refuse } from './support.ts';

const mount = (keys: string): string => `mounts:\n  /r: {type: resource, ${keys}}\n`;

describe('a resource mount', () => {
  it('names a container, its versions and a folder of it', () => {
    const { mounts } = accept(mount("name: a.b-c_1, version: '>= 1.0,<2', dir: /, options: 'nosuid, noexec,nosuid'"));
    assert.deepEqual(mounts, {
      '/r': { type: 'resource', name: 'a.b-c_1', version: '>=1.0, <2', dir: '/', options: 'noexec,nosuid' },
    });
  });

  it('keeps `rw`, and warns that it has no effect', () => {
    const result = loadManifest(HEAD + mount("name: r, version: '*', dir: /, options: rw"), 'f.yaml');
    assert.ok(result.ok);
    assert.deepEqual(brief(result.diagnostics), ['TH1315 7:64 mounts./r.options']);
    assert.deepEqual(result.manifest.manifest.mounts, {
      '/r': { type: 'resource', name: 'r', version: '*', dir: '/', options: 'rw' },
    });
  });

  const faults: [what: string, keys: string, expected: string][] = [
    ['no name', "version: '*', dir: /", 'TH1104 7:3 mounts./r.name'],
    ['no version', 'name: r, dir: /', 'TH1104 7:3 mounts./r.version'],
    ['an empty version', 'name: r, version: , dir: /', 'TH1104 7:33 mounts./r.version'],
    ['no folder', "name: r, version: '*'", 'TH1104 7:3 mounts./r.dir'],
    ['a bad name', "name: 'a/b', version: '*', dir: /", 'TH1201 7:30 mounts./r.name'],
    ['the name ..', "name: .., version: '*', dir: /", 'TH1201 7:30 mounts./r.name'],
    ['a word for a version', 'name: r, version: latest, dir: /', 'TH1206 7:42 mounts./r.version'],
    ['a relative folder', "name: r, version: '*', dir: a", 'TH1211 7:52 mounts./r.dir'],
    ['a folder with ..', "name: r, version: '*', dir: /../etc", 'TH1211 7:52 mounts./r.dir'],
    ['rec', "name: r, version: '*', dir: /, options: 'rec,rw'", 'TH1201 7:64 mounts./r.options'],
    ['ro', "name: r, version: '*', dir: /, options: ro", 'TH1201 7:64 mounts./r.options'],
    ['a host', "name: r, version: '*', dir: /, host: /a", 'TH1102 7:55 mounts./r.host'],
    ['optional', "name: r, version: '*', dir: /, optional: true", 'TH1102 7:55 mounts./r.optional'],
  ];
  for (const [what, keys, expected] of faults)
    it(`with ${what} is refused with ${expected.slice(0, 6)} at its place`, () => {
      assert.deepEqual(brief(refuse(mount(keys))), [expected]);
    });

  it('lends its keys to no other mount', () => {
    assert.deepEqual(brief(refuse('mounts:\n  /a: {type: bind, host: /a, dir: /}\n')), ['TH1102 7:30 mounts./a.dir']);
  });
});

describe('a requirement of versions', () => {
  const forms: [text: string, form: string | undefined][] = [
    ['1.2.3', '^1.2.3'],
    ['1.2', '^1.2'],
    ['1', '^1'],
    ['1.*', '1.*'],
    ['1.*.*', '1.*'],
    ['1.2.X', '1.2.*'],
    ['>=1.*', '>=1'],
    ['*', '*'],
    [' x ', '*'],
    ['> 1.2.3', '>1.2.3'],
    ['~1.2', '~1.2'],
    ['=1.2.3', '=1.2.3'],
    ['>=1.0,<2.0', '>=1.0, <2.0'],
    ['>=1.0.0-rc.1+5', '>=1.0.0-rc.1'],
    ['', undefined],
    [',', undefined],
    ['>=1,', undefined],
    ['*, 1', undefined],
    ['1.*.3', undefined],
    ['>*', undefined],
    ['01', undefined],
    ['1.2.3.4', undefined],
    ['1.2-rc', undefined],
    ['1.2.3-01', undefined],
    ['v1', undefined],
    ['1 2', undefined],
    ['1 || 2', undefined],
    ['1 - 2', undefined],
    ['9007199254740992', undefined],
    [Array.from({ length: 33 }, () => '>1').join(','), undefined],
  ];
  for (const [text, form] of forms)
    it(`\`${text.slice(0, 20)}\` is ${form === undefined ? 'refused' : `read as \`${form}\``}`, () => {
      assert.equal(checkRequirement(text), form);
    });

  /** What Cargo's documentation says of each operator. */
  const meanings: [requirement: string, yes: string[], no: string[]][] = [
    ['1.2.3', ['1.2.3', '1.9.0'], ['1.2.2', '2.0.0', '0.9.9']],
    ['0.2.3', ['0.2.3', '0.2.9'], ['0.3.0', '1.0.0']],
    ['0.0.3', ['0.0.3'], ['0.0.4', '0.1.0']],
    ['0.0', ['0.0.0', '0.0.9'], ['0.1.0']],
    ['0', ['0.0.0', '0.9.9'], ['1.0.0']],
    ['~1.2.3', ['1.2.3', '1.2.9'], ['1.3.0', '1.2.2']],
    ['~1.2', ['1.2.0', '1.2.9'], ['1.3.0']],
    ['~1', ['1.0.0', '1.9.0'], ['2.0.0']],
    ['1.*', ['1.0.0', '1.9.0'], ['2.0.0']],
    ['1.2.*', ['1.2.0', '1.2.9'], ['1.3.0']],
    ['=1.2', ['1.2.0', '1.2.9'], ['1.3.0', '1.1.9']],
    ['=1', ['1.0.0', '1.9.9'], ['2.0.0']],
    ['>1.2', ['1.3.0'], ['1.2.0', '1.2.9']],
    ['>1', ['2.0.0'], ['1.9.9']],
    ['>=1.2', ['1.2.0', '2.0.0'], ['1.1.9']],
    ['<1.2', ['1.1.9', '0.0.0'], ['1.2.0']],
    ['<=1.2', ['1.2.9', '0.0.1'], ['1.3.0']],
    ['<=1', ['1.9.9'], ['2.0.0']],
    ['>=1.2.3, <1.5', ['1.2.3', '1.4.9'], ['1.5.0', '1.2.2']],
    ['>=1.0.0-rc.1', ['1.0.0'], ['0.9.9']],
    ['=1.0.0-rc.1', [], ['1.0.0']],
    ['*', ['0.0.0', '9.9.9'], []],
  ];
  for (const [requirement, yes, no] of meanings)
    it(`\`${requirement}\` means what Cargo means`, () => {
      for (const version of yes) assert.ok(satisfies(version, requirement), version);
      for (const version of no) assert.ok(!satisfies(version, requirement), version);
    });

  it('is never guessed', () => {
    assert.throws(() => satisfies('1.0.0', 'latest'), /not a requirement/);
  });

  it('is read once and for all: its form is its own form', () => {
    const text = fc
      .array(fc.constantFrom('1', '0', '.', '*', 'x', ',', ' ', '>', '=', '<', '~', '^', '-a', '+b'), { maxLength: 12 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (written) => {
        const form = checkRequirement(written);
        if (form === undefined) return;
        assert.equal(checkRequirement(form), form);
        assert.equal(typeof satisfies('1.0.0', form), 'boolean');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('versions', () => {
  it('are compared by number', () => {
    const sorted = ['0.0.1', '0.0.10', '0.1.0', '1.0.0', '1.9.0', '1.10.0', '10.0.0', '9007199254740991.0.0'];
    assert.deepEqual(sorted.toReversed().sort(compareVersions), sorted);
    assert.equal(compareVersions('1.0.0', '1.0.0'), 0);
  });
});
