import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { unsupported } from '../../../src/config/unsupported.ts';
import { version } from '../../../src/base/index.ts';
import { refuse } from './support.ts';

function nest(pattern: string, value: string): string {
  const [first = '', ...rest] = pattern.replace('*', 'a').split('.');
  return `${first}: ${rest.reduceRight((inner, key) => `{${key}: ${inner}}`, value)}\n`;
}

/** A repository without a folder is another fault of the same text. */
function refusals(text: string): string[] {
  return refuse(text)
    .filter(({ code }) => code !== 'TH1104')
    .map(({ code, path }) => `${code} ${path}`);
}

describe('what this version has no part for', () => {
  for (const pattern of unsupported.keys)
    it(`\`${pattern}\` is refused with TH1107, whatever stands below it`, () => {
      for (const value of ['{any: [1, {b: 0777}]}', '[]', 'word', '5'])
        assert.deepEqual(refusals(nest(pattern, value)), [`TH1107 ${pattern.replace('*', 'a')}`]);
    });

  for (const [pattern, values] of Object.entries(unsupported.values))
    for (const value of values)
      it(`\`${pattern}: ${value}\` is refused with TH1107`, () => {
        assert.deepEqual(refusals(nest(pattern, value)), [`TH1107 ${pattern.replace('*', 'a')}`]);
      });

  it('is named with the version and what to do', () => {
    const [found] = refuse('metrics: {socket: /run/metrics.sock}\n');
    assert.equal(found?.message, `\`metrics\` is understood but not supported by ${version}`);
    assert.equal(found.hint, 'remove it to start now');
  });

  it('is suggested for a typing error, so that the next message says why it cannot be', () => {
    assert.equal(refuse('metrcis: {}\n')[0]?.hint, 'did you mean `metrics`?');
  });

  it('stands in docs/reference/configuration.md', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/configuration.md'), 'utf8');
    const list = page.split('## Understood but refused')[1] ?? '';
    const values = Object.entries(unsupported.values).flatMap(([key, words]) => words.map((word) => `${key}: ${word}`));
    for (const entry of [...unsupported.keys, ...values])
      assert.ok(list.includes(`- \`${entry.replace('*', 'NAME')}\``), entry);
  });
});
