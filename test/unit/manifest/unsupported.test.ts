import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { unsupportedKeys, unsupportedValues } from '../../../src/manifest/unsupported.ts';
import { brief, refuse } from './support.ts';

/** `cgroups.cpu.attrs` as flow YAML around a value. */
function nest(pattern: string, value: string): string {
  const [first = '', ...rest] = pattern.replaceAll('*', '/data').split('.');
  return `${first}: ${rest.reduceRight((inner, key) => `{${key}: ${inner}}`, value)}\n`;
}

/** Other mandatory keys of the section are missing in the text; the refusal is what counts. */
function refusals(text: string): string[] {
  return refuse(text)
    .filter(({ code }) => code !== 'TH1104')
    .map(({ code, path }) => `${code} ${path}`);
}

describe('what this version cannot execute', () => {
  for (const pattern of unsupportedKeys)
    it(`refuses \`${pattern}\` with TH1107, whatever stands below it`, () => {
      const path = pattern.replaceAll('*', '/data');
      for (const value of ['{any: [1, {b: !tag c}], ../x: 0777}', '[]', 'word', '5'])
        assert.deepEqual(refusals(nest(pattern, value)), [`TH1107 ${path}`]);
    });
  for (const [pattern, values] of Object.entries(unsupportedValues))
    for (const value of values)
      it(`refuses \`${pattern}: ${value}\` with TH1107`, () => {
        assert.deepEqual(refusals(nest(pattern, value)), [`TH1107 ${pattern.replaceAll('*', '/data')}`]);
      });

  it('does not complain about other keys of a mount that is refused', () => {
    const text = 'mounts:\n  /dev/ttyUSB0: {type: device, host: /dev/ttyUSB0, access: rw, mode: 0o660, wait: 0 s}\n';
    assert.deepEqual(brief(refuse(text)), ['TH1107 7:24 mounts./dev/ttyUSB0.type']);
  });

  it('says which version it is, and what to do', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const [found] = refuse('health: {type: tcp}\n');
    assert.equal(found?.message, `\`health\` is understood but not supported by ${version}`);
    assert.equal(found.hint, 'remove it to start now');
  });
});
