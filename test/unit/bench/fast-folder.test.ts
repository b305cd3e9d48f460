import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inMemory } from '../../../bench/fast-folder.ts';

const TMPFS = 0x01021994;
const EXT4 = 0xef53;

test('run directories go to the first folder that is in memory', () => {
  const types: Record<string, number> = { '/run': EXT4, '/dev/shm': TMPFS, '/mem': TMPFS };
  assert.equal(
    inMemory(Object.keys(types), (folder) => types[folder] ?? 0),
    '/dev/shm',
  );
});

test('a folder that is not there or on a disk is not in memory', () => {
  assert.equal(inMemory(['/nowhere', '/proc']), undefined);
});
