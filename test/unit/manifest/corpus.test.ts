import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadManifest, toNorthstarJson } from '../../../src/manifest/index.ts';

/** A folder of manifests with `expected.json`: verdict and parsed value of Northstar for each file. */
const corpus = process.env['THUBAN_CORPUS'];

interface Expected {
  expect: 'accept' | 'reject';
  parsed?: Record<string, unknown>;
}

/** The page that names every manifest whose verdict differs, in two tables. */
const page = readFileSync('docs/reference/northstar.md', 'utf8');
const filesIn = (heading: string): string[] =>
  Array.from(
    (page.split(`## ${heading}\n`)[1] ?? '').split('\n## ')[0]?.matchAll(/`([a-z0-9-]+\.yaml)` \|$/gm) ?? [],
    (match) => match[1] ?? '',
  );
const WIDER = filesIn('Accepted here, refused by Northstar');
const STRICTER = filesIn('Refused here, accepted by Northstar');

describe(
  'manifests of Northstar',
  { skip: corpus === undefined && 'set THUBAN_CORPUS to a folder with expected.json' },
  () => {
    const folder = corpus ?? '';
    const text = corpus === undefined ? '{}' : readFileSync(join(folder, 'expected.json'), 'utf8');
    for (const [file, expected] of Object.entries(JSON.parse(text) as Record<string, Expected>))
      it(`keep their meaning in ${file}`, () => {
        const result = loadManifest(readFileSync(join(folder, file)), file);
        const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
        if (expected.expect === 'reject') assert.equal(result.ok, WIDER.includes(file), 'the verdict differs');
        else if (STRICTER.includes(file)) assert.equal(result.ok, false, 'the page says that it is refused');
        else {
          assert.deepEqual(errors, []);
          assert.deepEqual(result.ok && toNorthstarJson(result.manifest.manifest), expected.parsed);
        }
      });
  },
);
