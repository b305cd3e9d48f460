import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../support/folders.ts';
import { writeFile } from './support.ts';

const root = join(import.meta.dirname, '../../..');

function validate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const program = ['--import', 'tsx', join(root, 'src/main.ts'), 'validate', ...args];
  // A variable of the daemon is none of the file's business.
  const env = { ...process.env, THUBAN_CFG_RUN_DIR: 'nonsense' };
  return spawnSync(process.execPath, program, { cwd: root, encoding: 'utf8', env });
}

interface Verdict {
  file: string;
  valid: boolean;
  config?: { start: { concurrency: number }; logs: { files: number } };
  errors: { code: string; line: number; path: string }[];
}

describe('thuban validate --config', () => {
  it('gives a verdict for the file and each drop-in, and what they make together', () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'thuban.yaml');
    const dropIn = join(folder.path, 'thuban.d/a.yaml');
    writeFile(file, 'start: {concurrency: 2}\n');
    writeFile(dropIn, 'logs: {files: 2}\n');
    const { status, stdout } = validate('--json', '--config', file);
    const verdicts = JSON.parse(stdout) as Verdict[];
    assert.equal(status, 0);
    assert.deepEqual(
      verdicts.map((verdict) => [verdict.file, verdict.valid, verdict.errors.length]),
      [
        [file, true, 0],
        [dropIn, true, 0],
      ],
    );
    assert.deepEqual([verdicts[0]?.config?.start.concurrency, verdicts[0]?.config?.logs.files], [2, 2]);
  });

  it('names the drop-in that is wrong', () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'thuban.yaml');
    const dropIn = join(folder.path, 'thuban.d/a.yaml');
    writeFile(file, '');
    writeFile(dropIn, '# a\nlogs: {files: 0}\n');
    const { status, stdout } = validate('--config', file);
    assert.equal(status, 1);
    assert.ok(stdout.startsWith(`${dropIn}:2:15: error TH1205: \`logs.files\` is 0, allowed 1 to 100`), stdout);
    assert.match(stdout, /^2 files, 1 error, 0 warnings/m);
  });

  it('fails for a file that is not there', () => {
    const { status, stdout } = validate('--config', '/nonexistent/thuban.yaml');
    assert.equal(status, 1);
    assert.match(stdout, /^\/nonexistent\/thuban\.yaml: error TH1008: /);
  });

  it('warns of a key that is missing or holds none, at its place: it may be on the board only', () => {
    using folder = temporaryFolder();
    const [file, dropIn] = [join(folder.path, 'thuban.yaml'), join(folder.path, 'thuban.d/a.yaml')];
    const [good, bad] = ['good.pub', 'bad.pub'].map((name) => join(folder.path, name)) as [string, string];
    const { publicKey } = generateKeyPairSync('ed25519');
    writeFile(good, publicKey.export({ type: 'spki', format: 'pem' }).toString());
    writeFile(bad, 'hello\n');
    writeFile(file, `repositories:\n  default:\n    dir: /srv\n    keys: [/nonexistent/replaced.pub]\n`);
    writeFile(
      dropIn,
      `repositories:\n  default:\n    keys:\n      - ${good}\n      - /nonexistent/x.pub\n      - ${bad}\n`,
    );
    const { status, stdout } = validate('--config', file);
    assert.equal(status, 0, stdout);
    const lines = stdout.split('\n');
    assert.match(
      lines[0] ?? '',
      /thuban\.d\/a\.yaml:5:9: warning TH5012: key file `\/nonexistent\/x\.pub` cannot be read: no such file .*\(check the path; on the board/,
    );
    assert.match(lines[1] ?? '', /a\.yaml:6:9: warning TH5012: .*holds no public key/);
    assert.match(lines[2] ?? '', /^2 files, 0 errors, 2 warnings/);
    assert.equal(validate('--strict', '--config', file).status, 1);
  });

  it('or a manifest must be named', () => {
    const { status, stderr } = validate();
    assert.equal(status, 2);
    assert.match(stderr, /error\[TH6011\]: `validate` needs/);
  });
});
