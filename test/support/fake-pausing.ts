import type { ContainerDetail, PauseResult, ResumeResult } from '../../src/runtime/index.ts';

/** What a pause leaves in the plain data of a fake board. */
export function pauseIn({ id, conditions }: ContainerDetail): { id: string } & PauseResult {
  const changed = !conditions.some(({ type }) => type === 'paused');
  if (changed) conditions.push({ type: 'paused', since: '2026-01-31T10:40:00.000Z', message: 'on request' });
  return { id, changed, processes: 4 };
}

export function resumeIn({ id, conditions }: ContainerDetail): { id: string } & ResumeResult {
  const at = conditions.findIndex(({ type }) => type === 'paused');
  if (at === -1) return { id, changed: false };
  conditions.splice(at, 1);
  return { id, changed: true, duration: 12.25 };
}
