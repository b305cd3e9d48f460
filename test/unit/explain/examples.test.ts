import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { across } from '../../../src/explain/across.ts';
import type { Example, Files } from '../../../src/explain/page.ts';
import { reading } from '../../../src/explain/reading.ts';
import { values } from '../../../src/explain/values.ts';
import { codesOfFile, codesOfFolder, codesOfText, completed } from '../../support/findings.ts';
import { temporaryFolder } from '../../support/folders.ts';

type Findings = Record<'bad' | 'good', string[]>;

const texts = (files: Files): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, lines]) => [name, completed(lines)]));

/** What Thuban finds in the example, and in the mended one. */
async function carriedOut(example: Example): Promise<Findings> {
  switch (example.type) {
    case 'manifest': {
      const text = (lines: readonly string[]): string =>
        example.whole === true ? [...lines, ''].join('\n') : completed(lines);
      return { bad: codesOfText(text(example.bad)), good: codesOfText(text(example.good)) };
    }
    case 'folder':
      return { bad: await codesOfFolder(texts(example.bad)), good: await codesOfFolder(texts(example.good)) };
    case 'commands':
      return typed(example);
    case 'session':
      throw new Error('a session cannot be carried out');
  }
}

function typed({ bad, good }: Example & { type: 'commands' }): Findings {
  using folder = temporaryFolder();
  const file = join(folder.path, 'camera.yaml');
  writeFileSync(file, completed([]));
  const after = (lines: readonly string[]): string[] => {
    const { status, stderr } = spawnSync('sh', ['-ec', lines.join('\n')], { cwd: folder.path, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return codesOfFile(file);
  };
  return { bad: after(bad), good: after(good) };
}

describe('the example of a code about manifests', () => {
  const pages = { ...reading, ...values, ...across };
  for (const [code, { example }] of Object.entries(pages))
    test(`${code}: gives exactly this code, and mended none`, async () => {
      const { bad, good } = await carriedOut(example);
      // What an example is about need not be executed yet: that is another finding.
      const others = (found: readonly string[]): string[] => found.filter((one) => one === code || one !== 'TH1107');
      assert.deepEqual({ bad: others(bad), good: others(good) }, { bad: [code], good: [] });
    });
});
