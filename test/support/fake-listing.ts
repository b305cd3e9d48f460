import type { ContainerDetail, ContainerSummary } from '../../src/runtime/index.ts';

/** Whether a pattern with `*` means this container. */
export function matches(pattern: string, id: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const form = new RegExp(`^${parts.join('.*')}$`);
  return form.test(id) || form.test(id.replace(/:.*/, ''));
}

const detailOnly =
  'message loaded_at digest outdated manifest lines repository command restart restart_history last_run groups mounts memory cpu history';

export function summaryOf(detail: Omit<ContainerDetail, 'usage'>): ContainerSummary {
  const keys = new Set(detailOnly.split(' '));
  return Object.fromEntries(Object.entries(detail).filter(([key]) => !keys.has(key))) as unknown as ContainerSummary;
}
