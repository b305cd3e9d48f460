import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { checkReader } from '../../support/reader-check.ts';
import { schemaManifests } from '../../support/schema-arbitrary.ts';

describe('a manifest out of what the schema describes', () => {
  it('is read without a fault of ours, and reads back equal when it is accepted', () => {
    const seen = new Set<string>();
    let accepted = 0;
    let all = 0;
    fc.assert(
      fc.property(schemaManifests, (manifest) => {
        const read = checkReader(stringify(manifest));
        all++;
        if (read === undefined) return;
        accepted++;
        for (const key of Object.keys(read)) seen.add(key);
      }),
      { numRuns: 800 },
    );
    // Otherwise this would say nothing.
    assert.ok(accepted > all / 10, `${accepted} of ${all} are accepted`);
    assert.ok(seen.size > 20, `only these sections were ever accepted: ${[...seen].join(', ')}`);
  });
});
