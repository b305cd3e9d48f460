import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mutated } from '../../support/mutations.ts';
import { checkReader } from '../../support/reader-check.ts';

/** How many mutations are tried; more with THUBAN_FUZZ_RUNS. A failure prints its seed, for THUBAN_FUZZ_SEED. */
const RUNS = Number(process.env['THUBAN_FUZZ_RUNS'] ?? 1500);
const SEED = process.env['THUBAN_FUZZ_SEED'];

function manifestsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

/** The examples, the fixtures, and more manifests where there are some. */
const texts = ['examples/manifests', 'test/fixtures/manifests', process.env['THUBAN_CORPUS'] ?? []]
  .flat()
  .flatMap(manifestsIn);

describe('mutations of manifests', () => {
  it(`are read without a fault of ours, and read back equal when they are accepted (${RUNS} of ${texts.length} files)`, () => {
    let accepted = 0;
    fc.assert(
      fc.property(mutated(texts), (text) => {
        if (checkReader(text) !== undefined) accepted++;
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
    assert.ok(
      accepted > RUNS / 100,
      `only ${accepted} of ${RUNS} are accepted: the mutations are too wild to say anything`,
    );
  });
});
