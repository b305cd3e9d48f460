import assert from 'node:assert/strict';
import { readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { examples, needsMksquashfs, packExample, planned, thubanIn, type Ended } from '../support/examples.ts';
import { temporaryFolder } from '../support/folders.ts';
import { filesBelow } from '../support/imports.ts';

interface Step {
  op: string;
  image?: { file: string };
  dir?: string;
  target?: string;
}

function stepsOf({ stdout }: Ended): Step[] {
  return (JSON.parse(stdout) as { launch: { steps: Step[] } }).launch.steps;
}

describe('the examples', () => {
  test('have no errors, no warnings but of what is only planned yet, teach in at most 40 lines, and end with something to try', () => {
    const files = filesBelow(examples, '.').filter((path) => path.endsWith('.yaml'));
    assert.ok(files.length > 20);
    const { code, stdout } = thubanIn(examples, 'validate', '--json', ...files);
    assert.equal(code, 0, stdout);
    const verdicts = JSON.parse(stdout) as { file: string; errors: { code: string }[] }[];
    for (const { file, errors: all } of verdicts) {
      // What it mounts is in a package, which is made of the manifest beside it.
      const errors = all.filter(({ code }) => code !== 'TH1402' || !file.endsWith('texts/reader.yaml'));
      const isPlanned = planned.some((name) => file.includes(name));
      assert.ok(
        errors.every((error) => error.code === 'TH1107'),
        `${file}: ${JSON.stringify(errors)}`,
      );
      assert.equal(errors.length > 0, isPlanned, file);
      const lines = readFileSync(join(examples, file), 'utf8').split('\n');
      assert.ok(lines.length <= 41, file);
      if (file.startsWith('manifests/')) assert.match(lines.join('\n'), /^# yaml-language-server: [^]*\n# Try: /, file);
    }
  });

  test('can all be started on this machine, but for the one that is no program and those that are planned only', () => {
    for (const name of readdirSync(join(examples, 'manifests'))) {
      const { code, stdout, stderr } = thubanIn(examples, 'plan', '--cgroups', 'v2', `manifests/${name}`);
      if (name === '17-resource.yaml') {
        assert.deepEqual([code, stdout], [1, '']);
        assert.match(stderr, /^error\[TH6005\]: `tools:1\.2\.0` has no `init`: its files are for others to mount\n/);
        assert.match(stderr, /17-resource\.yaml:4:7\n {2}hint: mount them in .*: `type: resource`, `name: tools`\n$/);
      } else if (planned.includes(name.replace('.yaml', ''))) {
        assert.equal(code, 1, name);
        const errors = stderr.match(/^error\[TH\d+\]/gm) ?? [];
        assert.deepEqual([...new Set(errors)], ['error[TH1107]'], stderr);
        assert.match(stdout, /^launch, \d+ steps$/m);
      } else assert.equal(code, 0, `${name}: ${stderr}`);
    }
  });
});

describe('the examples of packages', needsMksquashfs(), () => {
  test('give the same bytes each time, are signed, verified and planned', () => {
    using folder = temporaryFolder();
    const { path } = folder;
    assert.equal(thubanIn(path, 'key', 'generate', 'acme').code, 0);
    const make = (): Buffer => {
      assert.equal(packExample(path, 'greeter', '--key', 'acme.key').code, 0);
      return readFileSync(join(path, 'greeter-1.0.0.tar'));
    };
    const first = make();
    renameSync(join(path, 'greeter-1.0.0.tar'), join(path, 'first.tar'));
    assert.ok(first.equals(make()));
    const verified = thubanIn(path, 'verify', 'greeter-1.0.0.tar', '--key', 'acme.pub');
    assert.match(verified.stdout, /greeter:1\.0\.0, signed by [0-9a-f]{16} \(acme\.pub\); 2 checksums hold\n$/);
    const planned = thubanIn(path, 'plan', '--json', 'greeter-1.0.0.tar', '--key', 'acme.pub');
    assert.deepEqual([planned.code, planned.stderr], [0, '']);
    const image = stepsOf(planned).find(({ op }) => op === 'root_image')?.image;
    assert.equal(image?.file, join(path, 'greeter-1.0.0.tar'));
  });

  test('that hold files are mounted from a folder of packages', () => {
    using folder = temporaryFolder();
    assert.equal(packExample(folder.path, 'texts').code, 0);
    const reader = join(examples, 'packages/texts/reader.yaml');
    const planned = thubanIn(folder.path, 'plan', '--json', reader, '--repository', '.');
    assert.deepEqual([planned.code, planned.stderr], [0, '']);
    const step = stepsOf(planned).find(({ op }) => op === 'image');
    assert.deepEqual(
      [step?.image?.file, step?.dir, step?.target],
      [join(folder.path, 'texts-1.0.0.tar'), '/texts', '/srv/texts'],
    );
    const alone = thubanIn(folder.path, 'plan', reader, '--cgroups', 'v2');
    assert.equal(alone.code, 1);
    assert.match(alone.stderr, /^error\[TH1402\]: no container satisfies `texts \^1` \(have none\)/);
  });
});
