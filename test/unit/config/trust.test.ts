import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { geteuid } from 'node:process';
import { describe, it } from 'node:test';
import { loadConfig, validateConfigFile, type ConfigResult } from '../../../src/config/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { writeFile } from './support.ts';

const DROP_IN = 'thuban.d/10.yaml';
const needsChown = { skip: geteuid?.() === 0 ? false : 'needs root to give a file away: sudo npm test' };

/** A folder with a configuration and a drop-in, both sound, which the test then spoils. */
function judge(spoil: (folder: string) => void, how: 'load' | 'validate' = 'load'): ConfigResult {
  using folder = temporaryFolder();
  const file = join(folder.path, 'thuban.yaml');
  writeFile(file, 'start: {concurrency: 2}\n');
  writeFile(join(folder.path, DROP_IN), 'logs: {files: 2}\n');
  spoil(folder.path);
  return how === 'load' ? loadConfig({ file, env: {}, flags: {} }) : validateConfigFile(file, () => undefined);
}

/** `TH5010 NAME: what`, with the file's name. */
function findings(result: ConfigResult): string[] {
  return result.diagnostics.map(({ code, file, message }) => `${code} ${file.split('/').at(-1) ?? ''}: ${message}`);
}

describe('who may write the configuration', () => {
  it('is its owner alone', () => {
    const result = judge(() => undefined);
    assert.ok(result.ok, JSON.stringify(result.diagnostics));
    assert.deepEqual([result.config.start.concurrency, result.config.logs.files], [2, 2]);
  });

  const cases: [what: string, spoil: (folder: string) => void, found: RegExp][] = [
    [
      'a file that everybody may write',
      (folder) => {
        chmodSync(join(folder, 'thuban.yaml'), 0o646);
      },
      /^TH5010 thuban.yaml: .*0646/,
    ],
    [
      'a file that a group may write',
      (folder) => {
        chmodSync(join(folder, 'thuban.yaml'), 0o664);
      },
      /^TH5010 thuban.yaml: .*0664/,
    ],
    [
      'a drop-in that everybody may write',
      (folder) => {
        chmodSync(join(folder, DROP_IN), 0o666);
      },
      /^TH5010 10.yaml: .*0666/,
    ],
    [
      'a folder of drop-ins that everybody may write',
      (folder) => {
        chmodSync(join(folder, 'thuban.d'), 0o777);
      },
      /^TH5010 thuban.d: .*thuban.d.*0777/,
    ],
    [
      'a folder that everybody may write',
      (folder) => {
        chmodSync(folder, 0o777);
      },
      /^TH5010 thuban-files-.*0777/,
    ],
    [
      'a symbolic link',
      (folder) => {
        renameSync(join(folder, 'thuban.yaml'), join(folder, 'other'));
        symlinkSync('other', join(folder, 'thuban.yaml'));
      },
      /^TH5010 thuban.yaml: .*symbolic link/,
    ],
    [
      'a folder that is called like a drop-in',
      (folder) => {
        mkdirSync(join(folder, 'thuban.d/20.yaml'));
      },
      /^TH1008 20.yaml: .*not a regular file/,
    ],
  ];
  for (const [what, spoil, found] of cases)
    it(`${what} is refused`, () => {
      const result = judge(spoil);
      assert.equal(result.ok, false);
      assert.equal(result.diagnostics.length, 1, JSON.stringify(result.diagnostics));
      assert.match(findings(result)[0] ?? '', found);
      assert.ok(result.diagnostics[0]?.hint !== undefined);
    });

  it('an empty folder of drop-ins that everybody may write is refused before there is a drop-in', () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'thuban.d'));
    chmodSync(join(folder.path, 'thuban.d'), 0o777);
    const result = loadConfig({ defaultFile: join(folder.path, 'thuban.yaml'), env: {}, flags: {} });
    assert.equal(result.ok, false);
    assert.match(findings(result)[0] ?? '', /^TH5010 thuban.d: .*0777/);
  });

  it('a file of another user is refused', needsChown, () => {
    const result = judge((folder) => {
      chownSync(join(folder, 'thuban.yaml'), 1000, 1000);
    });
    assert.match(findings(result)[0] ?? '', /^TH5010 thuban.yaml: .*owned by uid 1000/);
  });

  it('is not the business of `validate`, which warns', () => {
    const result = judge((folder) => {
      chmodSync(join(folder, 'thuban.yaml'), 0o666);
      chmodSync(join(folder, DROP_IN), 0o666);
    }, 'validate');
    assert.ok(result.ok);
    assert.deepEqual(
      result.diagnostics.map(({ code, severity }) => `${code} ${severity}`),
      ['TH5010 warning', 'TH5010 warning'],
    );
    assert.deepEqual([result.config.start.concurrency, result.config.logs.files], [2, 2]);
  });
});
