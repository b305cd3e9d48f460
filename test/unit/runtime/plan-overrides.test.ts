import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Manifest } from '../../../src/manifest/index.ts';
import { plan, type PlanOptions } from '../../../src/runtime/index.ts';
import { board } from '../../support/facts.ts';

const files: Manifest = { name: 'tools', version: '1.0.0', uid: 1000, gid: 1000, rootfs: { type: 'host' } };

function executed(options: PlanOptions, manifest: Partial<Manifest> = { init: '/bin/camera' }): string {
  const { steps } = plan({ ...files, ...manifest }, board(), options).launch;
  const last = steps.at(-1);
  assert.ok(last?.op === 'exec');
  return last.path;
}

describe('a start with words of its own', () => {
  test('executes another program, in which the one of the manifest may stand', () => {
    assert.equal(executed({}), '/bin/camera');
    assert.equal(executed({ init: '/bin/sh' }), '/bin/sh');
    assert.equal(executed({ init: '/debug<INIT>' }), '/debug/bin/camera');
    assert.equal(executed({ init: '<INIT>' }, { init: "/bin/$&$'" }), "/bin/$&$'");
  });

  test('makes a program of files that are for others to mount, if it says which', () => {
    assert.equal(executed({ init: '/bin/sh' }, {}), '/bin/sh');
    for (const options of [{}, { init: '<INIT>' }]) assert.throws(() => executed(options, {}), { code: 'TH6005' });
  });

  test('cannot set what the runtime sets', () => {
    const env = { THUBAN_NAME: 'other', NORTHSTAR_X: '1', MY_THUBAN_X: '2' };
    const { problems } = plan({ ...files, init: '/bin/camera' }, board(), { env });
    assert.deepEqual(
      problems.map(({ code, message }) => `${code} ${message}`),
      ['TH1210 `THUBAN_NAME` is set by the runtime', 'TH1210 `NORTHSTAR_X` is set by the runtime'],
    );
  });
});
