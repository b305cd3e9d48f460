import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planCgroups, plainFacts, type Resources } from '../../../src/cgroups/index.ts';
import { planned, request, without } from './requests.ts';

type Version = 'v1' | 'v2';

describe('attrs of a section', () => {
  const ROWS: [string, Version, Resources, [string, string][]][] = [
    [
      'come after its keys and replace what they say of the same file',
      'v2',
      { cpu: { shares: 1024, quota: 50_000, attrs: { 'cpu.weight': '7', 'cpu.weight.nice': '1' } } },
      [
        ['cpu.max', '50000 100000'],
        ['cpu.weight', '7'],
        ['cpu.weight.nice', '1'],
      ],
    ],
    ['stand alone', 'v1', { memory: { attrs: { 'memory.swappiness': '7' } } }, [['memory.swappiness', '7']]],
    ['are files of blkio on v1', 'v1', { blkio: { attrs: { 'blkio.bfq.weight': '7' } } }, [['blkio.bfq.weight', '7']]],
    [
      'are files of io on v2, a line for each write',
      'v2',
      { blkio: { attrs: { 'io.max': '8:0 rbps=9\n8:16 wbps=9\n' } } },
      [
        ['io.max', '8:0 rbps=9'],
        ['io.max', '8:16 wbps=9'],
      ],
    ],
    [
      'give way to unified',
      'v2',
      { memory: { attrs: { 'memory.high': '8192' } }, unified: { 'memory.high': '4096' } },
      [['memory.high', '4096']],
    ],
  ];
  for (const [what, version, resources, writes] of ROWS)
    test(what, () => {
      assert.deepEqual(planned(version, resources), writes);
    });

  const REFUSED: [string, Version, Resources, string, string][] = [
    ['of another controller', 'v2', { memory: { attrs: { 'pids.max': '1' } } }, 'TH1201', 'cgroups.memory.attrs.pids.max'],
    ['of the tree', 'v2', { memory: { attrs: { 'cgroup.kill': '1' } } }, 'TH1201', 'cgroups.memory.attrs.cgroup.kill'],
    ['without a controller', 'v1', { cpu: { attrs: { tasks: '0' } } }, 'TH1201', 'cgroups.cpu.attrs.tasks'],
    ['elsewhere', 'v1', { cpu: { attrs: { '../cpu.shares': '2' } } }, 'TH1211', 'cgroups.cpu.attrs.../cpu.shares'],
    ['with a NUL', 'v2', { cpu: { attrs: { 'cpu.idle': '1\0' } } }, 'TH1201', 'cgroups.cpu.attrs.cpu.idle'],
    ['without a value', 'v2', { memory: { attrs: { 'memory.max': ' \n' } } }, 'TH1201', 'cgroups.memory.attrs.memory.max'],
    ['of v2 on v1', 'v1', { blkio: { attrs: { 'io.max': 'x' } } }, 'TH2003', 'cgroups.blkio.attrs.io.max'],
    ['of v1 on v2', 'v2', { blkio: { attrs: { 'blkio.weight': '9' } } }, 'TH2003', 'cgroups.blkio.attrs.blkio.weight'],
  ]; // prettier-ignore
  for (const [what, version, resources, code, key] of REFUSED)
    test(`are refused for files ${what}`, () => {
      assert.throws(
        () => planned(version, resources),
        (error: { code?: string; details?: { key?: string } }) => {
          assert.deepEqual([error.code, error.details?.key], [code, key]);
          return true;
        },
      );
    });

  test('are refused where the board lacks the controller', () => {
    const facts = without(plainFacts('v2'), 'memory');
    assert.throws(() => planned('v2', { memory: { attrs: { 'memory.high': '4096' } } }, { facts }), { code: 'TH2001' });
  });

  test('may say what becomes of swap, so that nothing is warned of', () => {
    const memory = { memory_hard_limit: 8192, attrs: { 'memory.swap.max': '0' } };
    assert.deepEqual(planCgroups(request('v2', { memory })).warnings, []);
  });
});
