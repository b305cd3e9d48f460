import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkAcross } from '../../../../src/manifest/index.ts';
import { found, member } from './support.ts';

const one = (name: string, users: string, version = '1.0.0') =>
  member(`${name}-${version}.yaml`, `name: ${name}\nversion: ${version}\nuser_namespace: ${users}\n`);
const range = (uid: number, gid: number, size: number): string => `{host_uid: ${uid}, host_gid: ${gid}, size: ${size}}`;

describe('ids of the board that two containers have in common', () => {
  it('are told at the later one, as a warning with a range that is free', () => {
    const members = [one('a', range(1000, 1000, 100)), one('b', range(1099, 5000, 10))];
    assert.deepEqual(found(members), [
      'TH1406 b-1.0.0.yaml:3:1 `b:1.0.0` and `a:1.0.0` have ids of the board in common: a file of one may belong to a user of the ' +
        'other (give each a range of its own, for example `user_namespace: {host_uid: 1109, host_gid: 1109}`)',
    ]);
    const [finding] = checkAcross(members, { absent: 'ignore' }).flat();
    assert.equal(finding?.severity, 'warning');
    assert.deepEqual(
      finding?.elsewhere?.map(({ file, line }) => `${file}:${line}`),
      ['a-1.0.0.yaml:3'],
    );
  });

  it('may be groups alone', () => {
    assert.equal(found([one('a', range(1, 1000, 10)), one('b', range(100, 1009, 10))]).length, 1);
  });

  it('are none where one range ends before the other begins', () => {
    assert.deepEqual(
      found([one('a', range(1000, 1000, 100)), one('b', range(1100, 1100, 100)), member('c', 'name: c\n')]),
      [],
    );
  });

  it('are those of all versions of one container', () => {
    const users = range(1000, 1000, 100);
    assert.deepEqual(found([one('a', users), one('a', users, '1.0.1')]), []);
  });
});
