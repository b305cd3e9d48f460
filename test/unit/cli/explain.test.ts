import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listText } from '../../../src/cli/explain/list.ts';
import { pageText } from '../../../src/cli/explain/page.ts';
import { styled } from '../../../src/cli/terminal.ts';
import { codes } from '../../../src/base/index.ts';
import { explanations, find } from '../../../src/explain/index.ts';
import { Cli, type CliEnd } from '../../support/cli.ts';
import { fakeTerminal, plain } from '../../support/terminal.ts';

function explain(...args: string[]): Promise<CliEnd> {
  const cli = new Cli(['explain', ...args]);
  cli.process.stdin?.end();
  return cli.ended;
}

describe('what is asked for', () => {
  const cases: [asked: string, name: string][] = [
    ['TH1102', 'unknown_key'],
    ['th1102', 'unknown_key'],
    ['1102', 'unknown_key'],
    ['unknown_key', 'unknown_key'],
    ['Unknown-Key', 'unknown_key'],
    ['unknown key', 'unknown_key'],
    ['error[TH1102]:', 'unknown_key'],
    ['docs/reference/errors.md#th1102', 'unknown_key'],
    ['backoff', 'backoff'],
    ['OOM_KILLED', 'oom_killed'],
    ['own_limit', 'oom_killed'],
    ['degraded', 'degraded'],
  ];
  for (const [asked, name] of cases)
    test(`\`${asked}\` is ${name}`, () => {
      assert.equal(find(asked).name, name);
    });

  const unknown: [asked: string, hint: RegExp][] = [
    ['bakcoff', /did you mean backoff\?/],
    ['unknwon_key', /did you mean unknown_key\?/],
    ['TH1999', /has no such code/],
    ['TH11021', /lists all codes/],
    ['weather', /^thuban explain lists all codes and words$/],
    ['', /lists all/],
    ['x'.repeat(100_000), /lists all/],
  ];
  for (const [asked, hint] of unknown)
    test(`\`${asked.slice(0, 20)}\` is nothing, and the hint says what to type`, () => {
      assert.throws(() => find(asked), { code: 'TH6016', hint });
    });

  test('finds every code by its number and its name, and every word', () => {
    for (const one of explanations()) {
      assert.equal(find(one.name).name, one.name);
      if (one.kind === 'code') assert.equal(find(one.code).name, one.name);
    }
  });
});

describe('a page', () => {
  const terminal = fakeTerminal();

  test('says what it is, why it happens, what it looks like and what to do', () => {
    assert.deepEqual(pageText(find('TH1310'), terminal), [
      'TH1310  ambiguous_unit   warning',
      'A bare `M` is read as 1000000 bytes.',
      '',
      'Cause',
      '  - `64M` is 64000000 bytes here, as in Northstar. Other programs mean 67108864',
      '    bytes by it.',
      '',
      'Example',
      '    mounts:',
      '      /tmp: {type: tmpfs, size: 4M}',
      'Mended',
      '    mounts:',
      '      /tmp: {type: tmpfs, size: 4 MiB}',
      '',
      'What to do',
      '  - Say which one: `4 MB` is 4000000 bytes, `4 MiB` is 4194304.',
    ]);
  });

  test('of a word says what kind of word it is', () => {
    assert.equal(pageText(find('stopped'), terminal)[0], 'stopped   state, exit reason');
  });

  test('is no wider than 80 columns, and in ASCII, on any terminal', () => {
    for (const one of explanations())
      for (const line of [80, 200].flatMap((columns) => pageText(one, fakeTerminal({ columns })))) {
        assert.ok(line.length <= 80, `${one.name}: ${line}`);
        assert.match(line, /^[\t\x20-\x7e]*$/, one.name);
      }
  });

  test('has colours on a terminal that has them, which repeat what the words say', () => {
    const page = find('TH1102');
    const coloured = pageText(page, fakeTerminal({ color: true }));
    assert.ok(coloured[0]?.includes(styled('red', 'error')));
    assert.deepEqual(coloured.map(plain), pageText(page, terminal));
  });
});

describe('the list', () => {
  test('fits into 80 columns, and has every code and word once', () => {
    const lines = listText(explanations(), fakeTerminal());
    for (const line of lines) assert.ok(line.length <= 80, line);
    for (const one of explanations()) {
      const begin = one.kind === 'code' ? `  ${one.code}  ${one.name} ` : `  ${one.name} `;
      assert.equal(lines.filter((line) => line.startsWith(begin)).length, 1, one.name);
    }
  });

  test('has one line for each in a pipe, so that it can be searched', () => {
    const lines = listText(explanations(), fakeTerminal({ isTTY: false }));
    const line = lines.find((text) => text.startsWith('  TH1206  bad_version '));
    assert.equal(line?.replace(/ {2,}(?=\S)/g, '|'), `|TH1206|bad_version|${codes.TH1206.summary}`);
  });
});

describe('thuban explain', () => {
  test('prints a page and ends with 0', async () => {
    const { code, stdout, stderr } = await explain('oom_killed');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^oom_killed {3}exit reason\n/);
  });

  test('ends with 1 for what there is not, and says what was meant', async () => {
    const { code, stdout, stderr } = await explain('bakcoff');
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal(
      stderr,
      'error[TH6016]: there is nothing to explain about `bakcoff`\n  hint: did you mean backoff?   (thuban explain backoff)\n',
    );
  });

  test('ends with 2 for two words', async () => {
    assert.equal((await explain('TH1102', 'TH1103')).code, 2);
  });

  test('--json gives one object for a word, and an array of all without one', async () => {
    const one = JSON.parse((await explain('--json', 'th1202')).stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(one).sort(), [
      'causes',
      'code',
      'example',
      'fixes',
      'kind',
      'name',
      'severity',
      'summary',
    ]);
    assert.deepEqual(one['example'], {
      type: 'manifest',
      bad: ['mounts:', '  /tmp: {type: tmpfs, size: 4 Megs}'],
      good: ['mounts:', '  /tmp: {type: tmpfs, size: 4 MiB}'],
    });
    const all = JSON.parse((await explain('--json')).stdout) as { name: string }[];
    assert.deepEqual(
      all.map(({ name }) => name),
      explanations().map(({ name }) => name),
    );
    const nothing = await explain('--json', 'weather');
    assert.equal((JSON.parse(nothing.stderr) as { error: { name: string } }).error.name, 'unknown_word');
  });

  test('--quiet lists nothing but the codes and words', async () => {
    const { stdout } = await explain('--quiet');
    assert.match(stdout, /^TH1001\nTH1002\n[^ ]*$/);
  });
});
