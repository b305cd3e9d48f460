import { readFileSync, readdirSync } from 'node:fs';

/** Processes of this machine, containers included, that have this word among their arguments. */
export function processesWith(word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && argumentsOf(name).includes(word))
    .map(Number);
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has just ended
  }
}

/** Long for an emulated board of which many others use the processors: what comes at all comes before. */
const PATIENCE_MS = 120_000;

/** Looks until it is so. What can be awaited is awaited; this is for what only the kernel knows. */
export async function until(what: string, holds: () => unknown): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    const began = performance.now();
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
    // A look through all processes is dear on a slow board, and must not take the processor from what it waits for.
    const took = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, Math.max(10, 2 * took)));
  }
}

/** Processes that this one is the parent of. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined; // it has just ended
  }
}
