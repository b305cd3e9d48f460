import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { skipCorpus, vectors } from '../../unit/cgroups/corpus.ts';
import { kernelCases, runKernelCase, type KernelCase } from '../../unit/cgroups/kernel-cases.ts';
import { disk, facts, fs, skipUnless, TOP } from './board.ts';

/** Runs a case in a fresh group of the right hierarchy and removes it again. */
async function onKernel(each: KernelCase, controller: string): Promise<void> {
  const mountpoint = each.version === 2 ? facts.unified?.mountpoint : facts.controllers[controller]?.mountpoint;
  assert.ok(mountpoint);
  const top = `${mountpoint}/${TOP}`;
  const directory = `${top}/case`;
  fs.mkdir(top);
  try {
    if (controller === 'cpuset' && each.version === 1)
      for (const file of ['cpuset.cpus', 'cpuset.mems'])
        fs.write(`${top}/${file}`, fs.read(`${mountpoint}/${file}`).trim());
    fs.mkdir(directory);
    const sleeper = each.write.includes('<pid>') ? spawn('/bin/sleep', ['60']) : undefined;
    try {
      runKernelCase(fs, directory, { ...each, write: each.write.replace('<pid>', String(sleeper?.pid)) });
    } finally {
      if (sleeper !== undefined) {
        sleeper.kill('SIGKILL');
        await once(sleeper, 'exit');
      }
      fs.rmdir(directory);
    }
  } finally {
    fs.rmdir(top);
  }
}

function controllerOf({ file, pre }: { file: string; pre?: Record<string, string> | undefined }): string {
  const name = (Object.keys(pre ?? {})[0] ?? file).split('.')[0] ?? '';
  return name === 'cgroup' ? 'cpuset' : name;
}

/** Why a case cannot run on this board. */
function skipCase(each: KernelCase): string | false {
  if (each.version === 1) {
    const base = skipUnless(controllerOf(each));
    if (base !== false) return base;
    if (each.write.startsWith('254:0') && disk()?.major !== 254) return 'no disk 254:0 on this board';
    // The machine decides: more processors than this board may have.
    return (
      /^0-1$|^0, 1$/.test(each.write) &&
      !/[1-9]/.test(fs.read(`${facts.controllers['cpuset']?.mountpoint ?? ''}/cpuset.cpus`)) &&
      'one processor only'
    );
  }
  if (facts.unified === undefined) return 'no cgroup2 mount';
  const base = skipUnless();
  if (base !== false) return base;
  if (!each.file.startsWith('cgroup.')) return 'the v2 controllers of this kernel are bound to v1';
  return false;
}

for (const each of kernelCases) {
  test(
    `the kernel answers ${each.result} to ${JSON.stringify(each.write)} in ${each.file} (v${each.version}, after ${JSON.stringify(each.pre ?? {})})`,
    { skip: skipCase(each) },
    async () => {
      await onKernel(each, controllerOf(each));
    },
  );
}

for (const vector of vectors('kernel')) {
  const input = vector.input as unknown as Omit<KernelCase, 'result'>;
  const after = vector[`v${input.version}`][input.file];
  const shown =
    typeof after === 'string' &&
    vector.result !== 'ENOENT' &&
    !/^(devices\.allow|cgroup\.kill|memory\.pressure)$/.test(input.file);
  const each: KernelCase = { ...input, result: vector.result ?? 'ok', ...(shown ? { after } : {}) };
  const invalid =
    input.pre?.['cgroup.type'] === 'domain invalid' && 'a group becomes `domain invalid` only through its parent';
  test(`the kernel answers as vector ${vector.id} says`, { skip: invalid || skipCase(each) }, async () => {
    await onKernel(each, controllerOf(each));
  });
}

test('the kernel vectors of the corpus are replayed on this kernel', { skip: skipCorpus }, () => {
  assert.ok(vectors('kernel').length > 0);
});
