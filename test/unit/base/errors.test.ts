import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errnoOf, errnoText, hasErrno } from '../../../src/base/index.ts';

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
