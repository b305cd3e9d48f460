import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ThubanError } from '../../../src/base/index.ts';
import { plainFacts, planCgroups, type CgroupFacts, type CgroupRequest } from '../../../src/cgroups/index.ts';
import { skipCorpus, vectors, type Vector } from './corpus.ts';
import { limits, request, withKnobs } from './requests.ts';

/** Only the kernel's answer can tell these. */
const KERNEL_ONLY = new Set(['no_such_device', 'above_parent', 'no_such_file']);
/** cgroup.freeze and freezer.state are operations of a running container, not limits. */
const NOT_A_LIMIT = new Set(['freeze', 'freezer-invalid']);

/** The words of the vectors as codes; whatever depends on the machine is one of several. */
const CODES: Record<string, string[]> = {
  out_of_range: ['TH1205'],
  needs_memory_limit: ['TH1302'],
  swap_below_memory: ['TH1302'],
  not_available: ['TH2001', 'TH2002', 'TH1205'],
  unsupported_on_v1: ['TH2003'],
  unsupported_on_v2: ['TH2003'],
  path_escape: ['TH1211'],
  forbidden_key: ['TH1201'],
  bad_format: ['TH1201'],
  conflict: ['TH1306'],
};

const SWAP = ['memory.memsw.limit_in_bytes', 'memory.swap.max'];
const MEMORY = [
  'memory.limit_in_bytes',
  'memory.soft_limit_in_bytes',
  'memory.max',
  'memory.low',
  'memory.oom.group',
  'memory.swappiness',
];

function factsFor(vector: Vector, version: 'v1' | 'v2'): CgroupFacts {
  let facts = plainFacts(version);
  const env = vector.env ?? {};
  if ('swap_files' in env)
    facts = withKnobs(facts, 'memory', env['swap_files'] === true ? [...MEMORY, ...SWAP] : MEMORY);
  if (env['rsvd'] === false)
    facts = withKnobs(
      facts,
      'hugetlb',
      ['2MB', '1GB'].flatMap((size) => [`hugetlb.${size}.limit_in_bytes`, `hugetlb.${size}.max`]),
    );
  const blkio = env[version];
  if (typeof blkio === 'string')
    facts = withKnobs(facts, version === 'v1' ? 'blkio' : 'io', blkioKnobs(blkio, version));
  return facts;
}

function blkioKnobs(text: string, version: 'v1' | 'v2'): string[] {
  if (text.startsWith('neither')) return ['blkio.throttle.read_bps_device', 'io.max'];
  if (version === 'v2') return text.includes('only io.weight') ? ['io.weight'] : ['io.bfq.weight', 'io.weight'];
  if (text.includes('only blkio.bfq.weight')) return ['blkio.bfq.weight'];
  return ['blkio.weight', 'blkio.leaf_weight', 'blkio.weight_device', 'blkio.leaf_weight_device'];
}

function requestFor(vector: Vector, version: 'v1' | 'v2'): CgroupRequest {
  const base = request(version, vector.input, { facts: factsFor(vector, version) });
  const nodes = vector.env?.['nodes_online'];
  return {
    ...base,
    machine: {
      ...base.machine,
      ...(vector.env?.['preempt_rt'] === true ? { preemptRt: true } : {}),
      ...(typeof nodes === 'string' ? { nodes } : {}),
    },
  };
}

/** The primary file of a pair is left out when an alternative stands beside it and neither is known to exist. */
function settled(vector: Vector, version: 'v1' | 'v2'): [string, string][] {
  const plan = planCgroups(requestFor(vector, version));
  const want = vector[version];
  const alternatives = new Set(
    plan.writes.filter((write) => write.instead_of !== undefined).map((write) => write.file),
  );
  return limits(plan).filter(
    ([file]) =>
      (file !== 'memory.oom.group' || file in want) &&
      (!file.startsWith('cpuset.') || file in want) &&
      (file in want || !alternatives.has(file)),
  );
}

for (const vector of vectors('apply').filter(({ id }) => !NOT_A_LIMIT.has(id))) {
  for (const version of ['v1', 'v2'] as const) {
    const error = vector.error?.[version] ?? vector.error?.['any'];
    if (error !== undefined && KERNEL_ONLY.has(error)) continue;
    test(`vector ${vector.id} holds on ${version}`, () => {
      if (error !== undefined) {
        assert.throws(
          () => settled(vector, version),
          (thrown: unknown) => thrown instanceof ThubanError && (CODES[error] ?? []).includes(thrown.code),
        );
        return;
      }
      const want = Object.entries(vector[version]).flatMap(([file, value]) =>
        [value].flat().map((line) => [file, line]),
      );
      assert.deepEqual(settled(vector, version).map(String).sort(), want.map(String).sort());
      const warned = planCgroups(requestFor(vector, version)).warnings.map(({ key }) => key?.split('.').at(-1));
      for (const word of vector.warnings?.[version] ?? []) assert.ok(warned.includes(word), `no warning about ${word}`);
    });
  }
}

test('the vectors of the corpus are replayed', { skip: skipCorpus }, () => {
  assert.ok(vectors('apply').length > 0);
});
