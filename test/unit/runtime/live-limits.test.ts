import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadLimits, type CgroupsSection, type LoadedManifest } from '../../../src/manifest/index.ts';
import { keptLimits } from '../../../src/runtime/kept-limits.ts';
import { fixedParts, onlyLimitsDiffer } from '../../../src/runtime/live-obstacles.ts';
import type { Held } from '../../../src/runtime/restore.ts';
import type { RunRecord } from '../../../src/runtime/run-record.ts';
import type { SavedState } from '../../../src/runtime/saved-state.ts';
import { shell } from '../../support/containers.ts';

describe('what takes a new start', () => {
  for (const [key, to] of [
    ['cgroups.parent', { parent: 'elsewhere' }],
    ['cgroups.enforce', { enforce: 'best_effort' }],
    ['cgroups.memory.pressure', { memory: { pressure: { some: 0.1, window: 2, level: 'medium' } } }],
  ] as [string, CgroupsSection][]) {
    test(key, () => {
      assert.deepEqual(
        fixedParts({}, to).map((one) => one.key),
        [key],
      );
      assert.deepEqual(
        fixedParts(to, {}).map((one) => one.key),
        [key],
      );
      assert.deepEqual(fixedParts(to, structuredClone(to)), []);
    });
  }

  test('everything of a manifest but its limits, and what came in a package', () => {
    const one = shell('one', { cgroups: { pids: { limit: 1 } } });
    const image = { file: '/r/a.tar', offset: 0, size: 1, identity: { dev: '1', ino: '1', size: '1', ctime_ns: '1' } };
    assert.equal(onlyLimitsDiffer(one, shell('one', { cgroups: { pids: { limit: 2 } } })), true);
    assert.equal(onlyLimitsDiffer(one, shell('one')), true);
    assert.equal(onlyLimitsDiffer(one, shell('two', { cgroups: { pids: { limit: 2 } } })), false);
    assert.equal(onlyLimitsDiffer(one, { ...one, image }), false);
  });
});

describe('changed limits after the death of a daemon', () => {
  const loaded: LoadedManifest = shell('one', { cgroups: { pids: { limit: 1 } } });
  const { digest, manifest } = loaded;
  const changed: CgroupsSection = { pids: { limit: 2 } };
  const saved = (limits?: SavedState['limits']): SavedState => ({ limits }) as SavedState;
  const held = (record: Partial<RunRecord>): Held => ({ record: { digest, manifest, ...record } }) as Held;

  for (const [what, before, run, kept] of [
    ['were never changed', saved(), held({}), undefined],
    ['are noted with the run, and not saved yet', saved(), held({ cgroups: changed }), { digest, cgroups: changed }],
    [
      'were saved, and those of the manifest are noted with the run',
      saved({ digest, cgroups: changed }),
      held({}),
      undefined,
    ],
    ['were saved, and nothing runs', saved({ digest, cgroups: changed }), undefined, { digest, cgroups: changed }],
    ['were for another manifest', saved({ digest: 'other', cgroups: changed }), undefined, undefined],
    [
      'were for another manifest, and its run is not gone yet',
      saved({ digest: 'other', cgroups: changed }),
      held({ digest: 'other', manifest: shell('two').manifest, cgroups: changed }),
      undefined,
    ],
  ] as const) {
    test(`they ${what}`, () => {
      assert.deepEqual(keptLimits(before, run, loaded), kept);
    });
  }
});

describe('a file with limits', () => {
  const section = 'memory: {memory_hard_limit: 64 MiB}';
  const limits: CgroupsSection = { memory: { memory_hard_limit: 67_108_864 } };

  for (const [what, text, name] of [
    ['only the section', `cgroups:\n  ${section}\n`, undefined],
    ['only the section, on one line', `{cgroups: {${section}}}`, undefined],
    ['only the section, as JSON', '{"cgroups": {"memory": {"memory_hard_limit": "64 MiB"}}}', undefined],
    ['a manifest', `name: a\nversion: 1.0.0\nuid: 1000\ngid: 1000\ninit: /bin/a\ncgroups: {${section}}\n`, 'a'],
  ] as const) {
    test(`is ${what}`, () => {
      const read = loadLimits(text, 'f.yaml');
      assert.ok(read.ok);
      assert.deepEqual([read.cgroups, read.name], [limits, name]);
    });
  }

  test('that is normalised means the same once more', () => {
    const all: CgroupsSection = {
      enforce: 'best_effort',
      memory: { memory_hard_limit: 67_108_864, memory_swap_limit: -1, swappiness: 10, oom_group: false },
      cpu: { quota: 50_000, period: 100_000, burst: 1000, cpus: '0-1', shares: 512 },
      blkio: { throttle_read_bps_device: [{ device: '/dev/mmcblk0', rate: 1_000_000 }], weight: 100 },
      pids: { limit: 9 },
      hugetlb: [{ page_size: '2MB', limit: 2_097_152 }],
      unified: { 'memory.high': '60000000' },
    };
    const read = loadLimits(JSON.stringify({ cgroups: all }), 'f');
    assert.ok(read.ok);
    assert.deepEqual(read.cgroups, all);
  });

  test('is told where it is wrong', () => {
    for (const [text, place] of [
      ['cgroups:\n  memory:\n    memory_hard_limit: 64 Megs\n', [3, 24, 'TH1202']],
      ['cgroups:\n  memroy: {}\n', [2, 3, 'TH1102']],
    ] as const) {
      const read = loadLimits(text, 'f.yaml');
      assert.ok(!read.ok);
      assert.deepEqual(
        read.diagnostics.map(({ line, column, code }) => [line, column, code]),
        [place],
      );
    }
    assert.equal(loadLimits('', 'f.yaml').ok, false);
    assert.equal(loadLimits('name: a\n', 'f.yaml').ok, false);
  });
});
