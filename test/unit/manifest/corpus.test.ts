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

/** Differences from Northstar that are meant, each with its reason. */
const STRICTER: Record<string, string> = {
  'audit-resource-dir-traversal.yaml': 'a path with `..` leaves the place it names',
  'derived-cgroups-unknown-fields.yaml': 'unknown keys are errors everywhere',
  'derived-mount-dev-unknown-field.yaml': 'unknown keys are errors everywhere',
  'derived-env-duplicate-key.yaml': 'a key twice is an error everywhere',
  'derived-mount-bind-dotdot.yaml': 'a path with `..` leaves the place it names',
  'derived-mount-overlap-missed.yaml': 'all targets are compared, not only neighbours',
  'derived-name-dotdot.yaml': 'the name `..` would lead out of the data directory',
};
const WIDER: Record<string, string> = {
  'derived-cgroups-blkio-partial.yaml': 'device lists are optional',
  'derived-cgroups-memory-human-size.yaml': 'limits may have units',
  'derived-mount-tmpfs-fraction.yaml': 'a fraction that gives whole bytes is accepted',
  'derived-rlimits-unlimited-word.yaml': 'limits may be `unlimited`',
};

describe(
  'manifests of Northstar',
  { skip: corpus === undefined && 'set THUBAN_CORPUS to a folder with expected.json' },
  () => {
    const folder = corpus ?? '';
    const text = corpus === undefined ? '{}' : readFileSync(join(folder, 'expected.json'), 'utf8');
    for (const [file, expected] of Object.entries(JSON.parse(text) as Record<string, Expected>))
      it(`keep their meaning in ${file}`, (t) => {
        const result = loadManifest(readFileSync(join(folder, file)), file);
        const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
        if (expected.expect === 'reject') {
          assert.equal(result.ok, Object.hasOwn(WIDER, file), 'the verdict differs');
          return;
        }
        if (!result.ok) {
          if (Object.hasOwn(STRICTER, file)) return;
          assert.deepEqual(
            errors.filter(({ code }) => code !== 'TH1107'),
            [],
          );
          t.skip(`not supported yet: ${errors.map(({ path }) => path).join(', ')}`);
          return;
        }
        assert.deepEqual(toNorthstarJson(result.manifest.manifest), expected.parsed);
      });
  },
);
