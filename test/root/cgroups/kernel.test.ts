import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { test, type TestContext } from 'node:test';
import { skipCorpus, vectors } from '../../unit/cgroups/corpus.ts';
import { kernelCases, runKernelCase, type KernelCase } from '../../unit/cgroups/kernel-cases.ts';
import { disk, facts, fs, onBoard, skipUnless, TOP } from './board.ts';

/** Files that a kernel has or has not, as it was configured (RT_GROUP_SCHED) or as a disk's scheduler was loaded. */
const OPTIONAL = /^(cpu\.rt_|blkio\.bfq\.)/;

/** Without CONFIG_NUMA a list of memory nodes has one bit, so a further node is no number of it, instead of one that is not there. */
const hasNodes = existsSync('/sys/devices/system/node');

function onTheseNodes(each: KernelCase): KernelCase {
  const isFurther = each.file === 'cpuset.mems' && each.result === 'EINVAL' && /^[1-9]\d*$/.test(each.write);
  return !hasNodes && isFurther ? { ...each, result: 'ERANGE' } : each;
}

/** Runs a case in a fresh group of the right hierarchy and removes it again. */
async function onKernel(t: TestContext, each: KernelCase, controller: string): Promise<void> {
  const mountpoint = each.version === 2 ? facts.unified?.mountpoint : facts.controllers[controller]?.mountpoint;
  assert.ok(mountpoint);
  await onBoard(async () => {
    const top = `${mountpoint}/${TOP}`;
    const directory = `${top}/case`;
    // A group becomes `domain invalid` by a threaded one beside it, never by a write of its own.
    const invalid = each.pre?.['cgroup.type'] === 'domain invalid';
    const sibling = `${top}/threads`;
    fs.mkdir(top);
    try {
      prepareTop(each, controller, mountpoint, top);
      if (invalid) {
        fs.mkdir(sibling);
        fs.write(`${sibling}/cgroup.type`, 'threaded');
      }
      fs.mkdir(directory);
      const sleeper = each.write.includes('<pid>') ? spawn('/bin/sleep', ['60']) : undefined;
      try {
        if (OPTIONAL.test(each.file) && !existsSync(`${directory}/${each.file}`)) {
          t.skip(`this kernel has no ${each.file}`);
          return;
        }
        const write = each.write.replace('<pid>', String(sleeper?.pid));
        runKernelCase(fs, directory, { ...onTheseNodes(each), write, ...(invalid ? { pre: {} } : {}) });
      } finally {
        if (sleeper !== undefined) {
          sleeper.kill('SIGKILL');
          await once(sleeper, 'exit');
        }
        fs.rmdir(directory);
      }
    } finally {
      if (invalid) fs.rmdir(sibling);
      fs.rmdir(top);
    }
  });
}

/** A new v1 cpuset is empty; a v2 group has the controllers that the one above hands down. */
function prepareTop(each: KernelCase, controller: string, mountpoint: string, top: string): void {
  if (each.version === 1 && controller === 'cpuset')
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      fs.write(`${top}/${file}`, fs.read(`${mountpoint}/${file}`).trim());
  // What the tree's own files answer is asked in a group without controllers: some answers depend on them.
  if (each.version === 2 && !each.file.startsWith('cgroup.'))
    fs.write(`${top}/cgroup.subtree_control`, `+${controller}`);
}

function controllerOf({ file, pre }: { file: string; pre?: Record<string, string> | undefined }): string {
  const name = (Object.keys(pre ?? {})[0] ?? file).split('.')[0] ?? '';
  return name === 'cgroup' ? 'cpuset' : name;
}

/** The disk that a case names, by the numbers that a disk has here. */
function onThisDisk(each: KernelCase): KernelCase {
  const numbers = /^(254|8):0 /;
  const block = disk();
  if (block === undefined || !numbers.test(each.write)) return each;
  const here = (text: string): string => text.replace(numbers, `${block.major}:${block.minor} `);
  return { ...each, write: here(each.write), ...(each.after === undefined ? {} : { after: here(each.after) }) };
}

/** Why a case cannot run on this board. */
function skipCase(each: KernelCase): string | false {
  const name = controllerOf(each);
  const base = skipUnless(each.version, ...(each.version === 2 && each.file.startsWith('cgroup.') ? [] : [name]));
  if (base !== false) return base;
  if (each.version === 2 && facts.unified === undefined) return 'no cgroup2 mount';
  if (/^(254|8):0 /.test(each.write) && disk() === undefined) return 'no disk in /sys/block';
  if (each.file === 'memory.pressure' && each.result === 'EINVAL') return 'root may watch any window of time';
  // The machine decides: more processors than this board may have.
  return /^0-1$|^0, 1$/.test(each.write) && availableParallelism() === 1 && 'one processor only';
}

for (const each of kernelCases) {
  test(
    `the kernel answers ${each.result} to ${JSON.stringify(each.write)} in ${each.file} (v${each.version}, after ${JSON.stringify(each.pre ?? {})})`,
    { skip: skipCase(each) },
    async (t) => {
      await onKernel(t, each, controllerOf(each));
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
  const each = onThisDisk({ ...input, result: vector.result ?? 'ok', ...(shown ? { after } : {}) });
  test(`the kernel answers as vector ${vector.id} says`, { skip: skipCase(each) }, async (t) => {
    await onKernel(t, each, controllerOf(each));
  });
}

test('the kernel vectors of the corpus are replayed on this kernel', { skip: skipCorpus }, () => {
  assert.ok(vectors('kernel').length > 0);
});
