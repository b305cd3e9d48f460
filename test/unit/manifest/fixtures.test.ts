import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadManifest, readManifestFile, renderDiagnostics, toNorthstarJson } from '../../../src/manifest/index.ts';

const FOLDER = 'test/fixtures/manifests/';
const read = (file: string): string => readFileSync(FOLDER + file, 'utf8');

describe('the fixtures', () => {
  it('hold a manifest with every section, which becomes full.json', () => {
    const result = readManifestFile(`${FOLDER}full.yaml`);
    assert.ok(result.ok, JSON.stringify(result.diagnostics));
    const notes = result.diagnostics.filter(({ code }) => code !== 'TH1107'); // it says that some cannot run yet
    assert.deepEqual(notes, []);
    const json = toNorthstarJson(result.manifest.manifest);
    assert.deepEqual(json, JSON.parse(read('full.json')));
    const again = loadManifest(JSON.stringify(json), 'full.json');
    assert.deepEqual(again.ok && again.manifest.manifest, result.manifest.manifest);
  });

  it('hold a manifest with a fault on nearly every line, which is drawn as faults.txt', () => {
    const { diagnostics } = loadManifest(read('faults.yaml'), 'faults.yaml');
    const drawn = renderDiagnostics(diagnostics, read('faults.yaml'), { color: false, columns: 80 });
    assert.equal(drawn, read('faults.txt'));
  });
});
