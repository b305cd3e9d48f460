import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { nextStep, type Code } from '../../../src/base/index.ts';
import { scanRepository } from '../../../src/runtime/index.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { thuban, withConsole } from './support.ts';

const FILE = '/srv/repository/camera.yaml';
const manifest = 'name: camera\nversion: 2.1.0\ninit: /bin/true\nuid: 1000\ngid: 1000\nrootfs: host\n';

describe('the next step', () => {
  const cases: [code: Code, hint: string | undefined, step: string][] = [
    ['TH1102', 'did you mean `memory`?', `thuban validate ${FILE}`],
    ['TH5001', undefined, `thuban verify ${FILE} --key KEY.pub`],
    ['TH5001', 'sign it: `thuban key sign x --key NAME.key`', 'sign it: `thuban key sign x --key NAME.key`'],
    ['TH5002', 'add its public key if you trust it', `thuban verify ${FILE} --key KEY.pub`],
    ['TH5003', 'copy or download the package again', `thuban validate ${FILE}`],
    ['TH5010', 'chmod go-w /srv', 'chmod go-w /srv'],
    ['TH5010', 'put the file itself there', 'put the file itself there'],
    ['TH5010', undefined, `stat ${FILE}`],
    ['TH5012', 'check who may read it', 'check who may read it'],
    ['TH1008', 'check that it exists and may be read', 'check that it exists and may be read'],
  ];
  for (const [code, hint, step] of cases)
    test(`of ${code} with ${hint === undefined ? 'no hint' : `the hint "${hint}"`} is ${step}`, () => {
      assert.equal(nextStep({ code, message: '', ...(hint === undefined ? {} : { hint }) }, FILE), step);
    });

  test('of a duplicate names both files, because each alone has no errors', async () => {
    using folder = temporaryFolder();
    const [first, second] = ['a.yaml', 'b.yaml'].map((name) => join(folder.path, name));
    for (const file of [first, second]) writeFileSync(file ?? '', manifest, { mode: 0o644 });
    const { rejected } = await scanRepository(folder.path);
    const [finding] = rejected[0]?.diagnostics ?? [];
    assert.ok(finding !== undefined);
    assert.equal(
      nextStep(finding, rejected[0]?.file ?? ''),
      `change the version in ${second} or ${first}, or remove one of them`,
    );
  });

  test('of files that are rejected for several reasons is told by every command', () =>
    withConsole({}, async (bench) => {
      const { control } = bench;
      const about = { severity: 'error', line: 1, column: 1, length: 1, path: '' } as const;
      const of = (file: string, code: Code): (typeof control.applied.rejected)[number] => ({
        file: `/r/${file}`,
        errors: [{ ...about, code, message: 'no', file: `/r/${file}` }],
        repository: 'default',
        keeps: [],
      });
      const rejected = [of('a.yaml', 'TH1102'), of('b.tar', 'TH5002'), of('c.yaml', 'TH1101')];
      control.applied = { changes: [], rejected, unsettled: [] };
      assert.equal(
        (await thuban(bench, 'diff')).stderr,
        '3 rejected.   thuban validate /r/a.yaml /r/c.yaml   thuban verify /r/b.tar --key KEY.pub\n',
      );
      const [folder] = control.folders;
      assert.ok(folder !== undefined);
      control.folders = [{ ...folder, rejected: rejected.slice(1, 2).map((one) => ({ ...one })) }];
      assert.match(
        (await thuban(bench, 'repositories')).stderr,
        /^b\.tar: 1 error \(thuban verify \/r\/b\.tar --key KEY\.pub\)\n/,
      );
      const [container] = control.containers.filter(({ state }) => state === 'rejected');
      assert.ok(container !== undefined);
      Object.assign(container, { file: '/r/b.tar', errors: rejected[1]?.errors });
      const seen = [(await thuban(bench, 'ps')).stderr, (await thuban(bench, 'inspect', container.id)).stdout];
      for (const text of seen) assert.match(text.replaceAll('\n', ' '), /thuban verify \/r\/b\.tar --key KEY\.pub/);
    }));
});
