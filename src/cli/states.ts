import type { ContainerSummary } from '../runtime/index.ts';
import type { Style, Terminal } from './terminal.ts';

type Shown = ContainerSummary['state'];

/** How a state looks beside its word. */
const looks: Readonly<Record<Shown, { symbol: string; ascii: string; style: Style }>> = {
  stopped: { symbol: '○', ascii: 'o', style: 'dim' },
  starting: { symbol: '◐', ascii: '+', style: 'cyan' },
  running: { symbol: '●', ascii: '*', style: 'green' },
  stopping: { symbol: '◑', ascii: '-', style: 'cyan' },
  backoff: { symbol: '↻', ascii: '~', style: 'yellow' },
  failed: { symbol: '✗', ascii: 'x', style: 'red' },
  rejected: { symbol: '⊘', ascii: '!', style: 'red' },
};

/** Every word that a state can be. */
export const stateWords = Object.keys(looks) as Shown[];

/** A state that only a newer daemon knows has no look. */
export function lookOf(state: Shown, terminal: Terminal): { symbol: string; style: Style | undefined } {
  const look = looks[state] as (typeof looks)[Shown] | undefined;
  return { symbol: (terminal.ascii ? look?.ascii : look?.symbol) ?? ' ', style: look?.style };
}

/** The program runs, or will run again without anybody's doing. */
export function isActive({ state }: ContainerSummary): boolean {
  return state === 'running' || state === 'starting' || state === 'stopping' || state === 'backoff';
}

/** Marks that stand behind the state: a condition that wants to be known, and a container that is root on the board. */
export function marks(terminal: Terminal): { condition: string; privileged: string } {
  return { condition: terminal.ascii ? '^' : '▲', privileged: '#' };
}

/** A daemon that is newer than this client may know conditions that this one has no name for. */
export function conditionWords(container: ContainerSummary): string[] {
  return container.conditions.map((condition): string => condition.type);
}
