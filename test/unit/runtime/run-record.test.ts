import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ImageFile } from '../../../src/base/index.ts';
import type { LoadedManifest } from '../../../src/manifest/index.ts';
import { plan } from '../../../src/runtime/index.ts';
import { readRecord, recordOf, type RunRecord } from '../../../src/runtime/run-record.ts';
import { meanTheSame } from '../../../src/runtime/same-meaning.ts';
import { manifestOf } from '../../../src/runtime/take-over.ts';
import { shell } from '../../support/containers.ts';
import { board } from '../../support/facts.ts';

const image: ImageFile = {
  file: '/repo/app-1.0.0.tar',
  offset: 1536,
  size: 8192,
  identity: { dev: '1', ino: '2', size: '12288', ctime_ns: '1795670400123456789' },
};

/** As another daemon reads it. */
function recorded(loaded: LoadedManifest): RunRecord {
  const facts = board('v2', { resources: [{ name: 'maps', version: '1.2.0', source: { type: 'image', image } }] });
  const launch = plan(loaded.manifest, facts, loaded.image === undefined ? {} : { image: loaded.image });
  const record = { ...recordOf(loaded, launch), degraded: [], before: null };
  const read = readRecord(Buffer.from(JSON.stringify(record)));
  assert.ok(read !== undefined);
  return read;
}

const loaded = shell('exit 0');
const packaged: LoadedManifest = { ...loaded, image };

describe('the record of a run', () => {
  test('has the image, so that a restart after the package is gone knows what it was', () => {
    const record = recorded(packaged);
    assert.deepEqual(manifestOf(record).image, image);
    assert.equal(manifestOf(recorded(loaded)).image, undefined);
  });

  test('names the containers whose files it uses', () => {
    const mounts = { '/maps': { type: 'resource', name: 'maps', version: '^1', dir: '/' } } as const;
    assert.deepEqual(recorded({ ...loaded, manifest: { ...loaded.manifest, mounts } }).resources, ['maps:1.2.0']);
    assert.deepEqual(recorded(loaded).resources, []);
  });

  test('tells whether the file still means what it was started from', () => {
    const record = recorded(packaged);
    const later = { ...image, identity: { ...image.identity, ctime_ns: '1795670400123456790' } };
    for (const same of [packaged, { ...packaged, image: later }]) assert.ok(meanTheSame(record, same));
    const repacked = { ...packaged, digest: 'another', image: later };
    for (const other of [repacked, { ...loaded, digest: 'another' }]) assert.ok(!meanTheSame(record, other));
    const comment = { ...loaded, digest: 'of a text with another comment' };
    assert.ok(meanTheSame(recorded(loaded), comment));
    assert.ok(!meanTheSame(recorded(loaded), { ...comment, manifest: { ...loaded.manifest, uid: 2000 } }));
  });
});
