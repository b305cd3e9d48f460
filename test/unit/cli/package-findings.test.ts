import assert from 'node:assert/strict';
import { relative, resolve } from 'node:path';
import { test } from 'node:test';
import type { Diagnostic } from '../../../src/base/index.ts';
import { findingsText } from '../../../src/cli/package/show.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';

test('a finding about a package itself has no frame of its manifest, however the file was named', () => {
  const terminal = { isTTY: true, color: false, columns: 80 } as Terminal;
  const file = resolve('camera-2.1.0.tar');
  const about = (of: string): Diagnostic => ({
    ...{ code: 'TH5003', severity: 'error', message: 'its checksum is another', file: of },
    ...{ line: 1, column: 1, length: 1, path: '' },
  });
  for (const named of [file, relative('.', file)]) {
    const shown = (of: string): string => findingsText([about(of)], { file: named, text: 'name: camera\n' }, terminal);
    assert.doesNotMatch(shown(file), /name: camera/);
    assert.match(shown(`${file}:manifest.yaml`), /name: camera/);
  }
});
