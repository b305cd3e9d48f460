import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadManifest, unsupportedIn } from '../../../src/manifest/index.ts';
import { supportedValues, unsupportedKeys } from '../../../src/manifest/unsupported.ts';
import { accept, HEAD } from './support.ts';

/** A section that can be executed only in a later version, as somebody would write it, by its key. */
const SECTIONS: Readonly<Record<string, string>> = {
  standby: 'standby: true\nautostart: relaxed',
  health: 'health: {type: tcp, port: 80}',
  depends_on: 'depends_on: {db: healthy}',
  logs: 'logs: {target: file}',
  update: 'update: {strategy: replace}',
  'stop.pre_stop': 'stop: {pre_stop: {command: [a]}}',
  'stop.post_stop': 'stop: {post_stop: {command: [a]}}',
};

function pathsIn(text: string): string[] {
  return unsupportedIn(accept(`${text}\n`)).map(({ path }) => path.join('.'));
}

describe('what this version cannot execute', () => {
  it('is listed here with an example of each', () => {
    assert.deepEqual(Object.keys(SECTIONS).sort(), [...unsupportedKeys].sort());
  });

  for (const [key, text] of Object.entries(SECTIONS))
    it(`is sound, and named: ${key}`, () => {
      assert.deepEqual(pathsIn(text), [key]);
    });

  it('does not include a value that asks for what happens anyway', () => {
    for (const text of ['network: none', 'cgroups: {memory: {attrs: {}}}']) assert.deepEqual(pathsIn(text), []);
    assert.ok(Object.keys(supportedValues).every((key) => unsupportedKeys.includes(key)));
  });

  it('does not include what looks like it in `custom`', () => {
    assert.deepEqual(pathsIn('custom: {network: host, mounts: {/a: {type: persist}}}'), []);
  });

  it('is a warning of `validate`, at its place, that says the version and what to do', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const { ok, diagnostics } = loadManifest(`${HEAD}stop:\n  pre_stop: {command: [a]}\n`, 'a.yaml');
    assert.equal(ok, true);
    assert.deepEqual(
      diagnostics.map(({ code, severity, line, column, message, hint }) => [
        code,
        severity,
        line,
        column,
        message,
        hint,
      ]),
      [
        [
          'TH1107',
          'warning',
          7,
          3,
          `\`stop.pre_stop\` is understood but not supported by ${version}`,
          'remove it to start now',
        ],
      ],
    );
  });
});
