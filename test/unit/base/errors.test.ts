import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errnoOf, errnoText, hasErrno, reasonOf } from '../../../src/base/index.ts';

function systemError(code: string): Error {
  return Object.assign(new Error('of the system'), { code });
}

test('an errno has the name that the kernel documents, whatever libuv calls it', () => {
  assert.equal(errnoOf(systemError('EBUSY')), 'EBUSY');
  assert.equal(errnoOf(systemError('ENOTSUP')), 'EOPNOTSUPP');
  assert.ok(hasErrno(systemError('ENOTSUP'), 'ENOENT', 'EOPNOTSUPP'));
  assert.equal(errnoText('EOPNOTSUPP'), 'operation not supported');
});

test('what is no system error has no errno', () => {
  for (const error of [systemError('ERR_INVALID_ARG_TYPE'), new Error('EBUSY'), 'EBUSY', undefined])
    assert.equal(errnoOf(error), undefined);
});

test('what the system said is words and an errno, without the call and the path that Node.js adds', () => {
  assert.throws(
    () => readFileSync('/nonexistent/x'),
    (error) => {
      assert.equal(reasonOf(error), 'no such file or directory (ENOENT)');
      return true;
    },
  );
  assert.equal(reasonOf(new Error('it is too long')), 'it is too long');
});
