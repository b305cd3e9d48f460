import { geteuid } from 'node:process';

/**
 * Options for a suite that needs root and the real kernel. Elsewhere it is skipped, and the reason says how to run it.
 * Usage: `describe('…', needsRoot(), () => { … })`
 */
export function needsRoot(): { skip: string | false } {
  if (geteuid?.() === 0) return { skip: false };
  return { skip: 'needs root and a real kernel: sudo npm test' };
}
