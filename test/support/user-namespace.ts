import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { capabilityNames } from '../../src/launcher/index.ts';
import type { Manifest } from '../../src/manifest/index.ts';
import { gatherFacts, type Supervised } from '../../src/runtime/index.ts';
import { runToEnd, shell, type Result } from './containers.ts';
import { leavesNothingBehind } from './leaks.ts';

export const MiB = 1024 * 1024;
export const FIRST = 300_000;
export const users = { host_uid: FIRST, host_gid: FIRST + 1000, size: 65_536 };
export const aUser: Partial<Manifest> = { user_namespace: users };
export const asRoot: Partial<Manifest> = { uid: 0, gid: 0, user_namespace: users };
/** The strongest program there is in a user namespace: every capability, also one that Thuban itself may lack. */
export const almighty: Partial<Manifest> = { ...asRoot, capabilities: [...capabilityNames] };

export async function trial(
  script: string,
  sections: Partial<Manifest>,
  whenRunning?: (supervised: Supervised) => void | Promise<void>,
): Promise<Result> {
  let result: Result | undefined;
  await leavesNothingBehind(async () => {
    result = await runToEnd(shell(script, sections), whenRunning === undefined ? {} : { whenRunning });
  });
  assert.ok(result);
  return result;
}

/** Lines of what was printed, when the program ended by itself. */
export async function linesOf(script: string, sections: Partial<Manifest>): Promise<string[]> {
  const { exit, stdout, stderr } = await trial(script, sections);
  assert.deepEqual([exit.reason, exit.code], ['exited', 0], `${JSON.stringify(exit)} ${stderr}`);
  return stdout.trim().split('\n');
}

/** While it runs, as the host sees it. `up` is printed by the script first. */
export async function lookAt(sections: Partial<Manifest>, look: (pid: number) => void, script = ''): Promise<void> {
  const { exit } = await trial(`${script}exec sleep 1000`, sections, async (supervised) => {
    const pid = supervised.status.pid ?? 0;
    while (readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== 'sleep\x001000\x00')
      await new Promise((resolve) => setTimeout(resolve, 5));
    try {
      look(pid);
    } finally {
      await supervised.kill();
    }
  });
  assert.equal(exit.signal, 'SIGKILL', JSON.stringify(exit));
}

const SINCE: Readonly<Record<string, [number, number]>> = {
  ext4: [5, 12],
  xfs: [5, 12],
  btrfs: [5, 15],
  tmpfs: [6, 3],
};

export function isKernel(major: number, minor: number): boolean {
  const [ours = 0, and = 0] = gatherFacts().kernel.split('.').map(Number);
  return ours > major || (ours === major && and >= minor);
}

/** Whether ids of files of the folder can be mapped by this kernel, as the plan says. */
export function isMapped(folder: string): boolean {
  const { manifest } = shell('', { ...asRoot, mounts: { '/data': { type: 'bind', host: folder } } });
  const { filesystem = '' } = gatherFacts(manifest).paths[folder] ?? {};
  const since: [number, number] | undefined = SINCE[filesystem];
  return since !== undefined && isKernel(...since);
}
