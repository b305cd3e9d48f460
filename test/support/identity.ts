import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import type { Manifest } from '../../src/manifest/index.ts';
import { gatherFacts } from '../../src/runtime/index.ts';

/** The capabilities that this process can hand on. */
export const ownCapabilities: string[] = gatherFacts().capabilities ?? [];

/** Sections of a manifest whose program is root. */
export const asRoot: Partial<Manifest> = { uid: 0, gid: 0, process: { privileged: true } };

/** Root with everything that root has here: the strongest program that a manifest can ask for. */
export const almighty: Partial<Manifest> = { ...asRoot, capabilities: ownCapabilities };

/** A field of /proc/<pid>/status. */
export function field(status: string, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? `no ${name} in the status`;
}

export function statusOf(pid: number | string): string {
  return readFileSync(`/proc/${pid}/status`, 'utf8');
}

export function parentOf(pid: number): number {
  return Number(field(statusOf(pid), 'PPid'));
}

/** Descriptors of a process by number, with what they lead to. */
export function descriptorsOf(pid: number): Record<string, string> {
  const folder = `/proc/${pid}/fd`;
  return Object.fromEntries(readdirSync(folder).map((fd) => [fd, readlinkSync(`${folder}/${fd}`)]));
}

/** Mount points with their options, innermost last. */
export function mountsOf(mountinfo: string): Map<string, { options: string[]; root: string; type: string }> {
  const found = new Map<string, { options: string[]; root: string; type: string }>();
  for (const line of mountinfo.trim().split('\n')) {
    const words = line.split(' ');
    const type = words[words.indexOf('-') + 1] ?? '';
    found.set(words[4] ?? '', { options: (words[5] ?? '').split(','), root: words[3] ?? '', type });
  }
  return found;
}
