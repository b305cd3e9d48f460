import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { contextOf } from '../../../src/cli/context.ts';
import { printError } from '../../../src/cli/print-error.ts';

function printed(error: ThubanError): string {
  const write = mock.method(process.stderr, 'write', () => true);
  try {
    printError(error, contextOf({ color: 'never' }));
    return write.mock.calls.map(({ arguments: [text] }) => String(text)).join('');
  } finally {
    write.mock.restore();
  }
}

describe('an error', () => {
  test('shows its hint', () => {
    const error = new ThubanError('TH2013', 'the cgroup parent /x does not exist', { hint: 'mkdir /x' });
    assert.equal(printed(error), 'error[TH2013]: the cgroup parent /x does not exist\n  hint: mkdir /x\n');
  });

  test('without a hint names the page of its code', () => {
    const error = new ThubanError('TH3011', 'the launcher ended');
    assert.equal(printed(error), 'error[TH3011]: the launcher ended\n  hint: thuban explain TH3011\n');
  });
});
