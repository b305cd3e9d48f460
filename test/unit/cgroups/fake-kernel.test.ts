import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeKernelFs } from '../../../src/cgroups/index.ts';
import { skipCorpus, vectors } from './corpus.ts';
import { v1Board, v2Board, v2Group } from './fake-boards.ts';
import { kernelCases, runKernelCase, type KernelCase } from './kernel-cases.ts';

const HIERARCHY: Record<string, string> = { cgroup: 'cpuset' };

function place({ version, file, pre }: KernelCase): { fs: FakeKernelFs; directory: string } {
  if (version === 2) {
    const fs = v2Board();
    // The tree's own files are asked in a group that nobody gave controllers.
    if (!file.startsWith('cgroup.')) return { fs, directory: v2Group(fs) };
    fs.mkdir('/sys/fs/cgroup/case');
    return { fs, directory: '/sys/fs/cgroup/case' };
  }
  const fs = v1Board();
  const controller = (Object.keys(pre ?? {})[0] ?? file).split('.')[0] ?? '';
  const directory = `/sys/fs/cgroup/${HIERARCHY[controller] ?? controller}/case`;
  fs.mkdir(directory);
  return { fs, directory };
}

for (const each of kernelCases) {
  test(`the fake answers ${each.result} to ${JSON.stringify(each.write)} in ${each.file} (v${each.version}, after ${JSON.stringify(each.pre ?? {})})`, () => {
    const { fs, directory } = place(each);
    runKernelCase(fs, directory, each);
  });
}

for (const vector of vectors('kernel')) {
  test(`the fake answers as vector ${vector.id} says`, () => {
    const input = vector.input as unknown as {
      version: 1 | 2;
      file: string;
      write: string;
      pre?: Record<string, string>;
    };
    const { fs, directory } = place({ ...input, result: '' });
    const pre = { ...input.pre };
    if (pre['cgroup.type'] === 'domain invalid') {
      fs.group(directory).type = 'domain invalid';
      delete pre['cgroup.type'];
    }
    const write = input.write.replace('<pid>', () => String(fs.spawn()));
    const after = vector[`v${input.version}`][input.file];
    const readable = typeof after === 'string' && input.file !== 'memory.pressure' && vector.result !== 'ENOENT';
    runKernelCase(fs, directory, {
      ...input,
      pre,
      write,
      result: vector.result ?? 'ok',
      ...(readable || (typeof after === 'string' && input.file === 'cgroup.subtree_control') ? { after } : {}),
    });
  });
}

test('the kernel vectors of the corpus are replayed on the fake', { skip: skipCorpus }, () => {
  assert.ok(vectors('kernel').length > 0);
});
