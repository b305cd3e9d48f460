import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Code, Diagnostic } from '../../../src/base/index.ts';
import { findingsText } from '../../../src/cli/package/show.ts';
import { fakeTerminal } from '../../support/terminal.ts';

function finding(code: Code, file: string): Diagnostic {
  return {
    ...{ code, severity: 'error', message: 'it is another', file },
    ...{ line: 1, column: 1, length: 1, path: '' },
  };
}

test('a finding about a package itself has no place, and no frame of its manifest', () => {
  const of = (one: Diagnostic, isTTY: boolean): string =>
    findingsText([one], 'name: camera\n', fakeTerminal({ isTTY }));
  const [whole, inside] = [finding('TH5003', 'camera.tar'), finding('TH1102', 'camera.tar:manifest.yaml')];
  assert.equal(of(whole, true), 'camera.tar error[TH5003]: it is another\n');
  assert.equal(of(whole, false), 'camera.tar: error TH5003: it is another\n');
  assert.match(of(inside, true), /^camera\.tar:manifest\.yaml:1:1 error\[TH1102\].*\n.*name: camera/);
});
