import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nodeTooOld, OLDEST_NODE } from '../../../src/cli/node-version.ts';

describe('the version of Node.js', () => {
  test('is refused when it is older than 20.11, whose import.meta.dirname is used', () => {
    for (const old of ['18.19.0', '20.10.0', '12.22.9', '20.9.1']) assert.equal(nodeTooOld(old)?.code, 'TH7007', old);
    for (const good of ['20.11.0', '20.20.2', '22.0.0', '100.1.0-nightly'])
      assert.equal(nodeTooOld(good), undefined, good);
    assert.equal(nodeTooOld(process.versions.node), undefined);
  });

  test('is the one that package.json asks for', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8');
    const { engines } = JSON.parse(text) as { engines: { node: string } };
    assert.match(engines.node, new RegExp(`^>=${OLDEST_NODE.join('\\.')}(\\.0)?$`));
  });
});
