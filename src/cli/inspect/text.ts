import { nextStep, visible } from '../../base/index.ts';
import type { ContainerDetail } from '../../runtime/index.ts';
import { conditionWords, lookOf } from '../states.ts';
import type { Terminal } from '../terminal.ts';
import { pad, wrapWords } from '../text-width.ts';
import { ago, clockTime } from '../times.ts';
import { factsOf } from './facts.ts';

/** Two blanks, the label, and two blanks. */
const LABEL = 10;
const INDENT = LABEL + 3;
/** Below this a text beside its label cannot be read any more. */
const NARROWEST = 20;

/** More containers than these are named above. */
const MOST_USERS = 2;

/** What to type next, by the state. */
function nextCommands(container: ContainerDetail): string[] {
  const { id, state, file, errors, resource, mounted_by } = container;
  // There is nothing to start; who mounts it is what one may want to know more of.
  if (resource === true && (state === 'stopped' || state === 'failed'))
    return (mounted_by ?? []).slice(0, MOST_USERS).map((user) => `thuban inspect ${user}`);
  switch (state) {
    case 'rejected':
      return [errors?.[0] === undefined ? `thuban validate ${file}` : nextStep(errors[0], file)];
    case 'failed':
    case 'backoff':
      return [`thuban logs ${id}`, `thuban start ${id}`, ...explained(container)];
    case 'stopped':
      return [`thuban start ${id}`, `thuban logs ${id}`];
    case 'stopping':
      return [`thuban wait ${id}`, `thuban kill ${id}`];
    case 'starting':
    case 'running':
    default: // a state that only a newer daemon knows
      return [`thuban logs -f ${id}`, `thuban events -f --container ${id}`];
  }
}

/** What there is a page about: the code of a start that was refused, or what ended the program in spite of itself. */
function explained({ last_exit: exit }: ContainerDetail): string[] {
  const code = exit?.reason === 'start_failed' ? exit.error?.['code'] : undefined;
  if (typeof code === 'string') return [`thuban explain ${code}`];
  return exit?.reason === 'oom_killed' || exit?.reason === 'signalled' ? [`thuban explain ${exit.reason}`] : [];
}

/** Everything about one container that is set or has happened. Long lines continue below, so that nothing is lost. */
export function inspectText(
  container: ContainerDetail,
  terminal: Terminal,
  options: { wide: boolean; now: number },
): string[] {
  const { now } = options;
  const width = terminal.isTTY && !options.wide ? Math.max(NARROWEST, terminal.columns - INDENT) : Infinity;
  const { style, symbol } = lookOf(container.state, terminal);
  const state = style === undefined ? container.state : terminal.style(style, container.state);
  const conditions = conditionWords(container).map((word) => ` ${word}`);
  const since = `since ${clockTime(container.since, terminal, { now })} (${ago(container.since, now)})`;
  const lines = [
    `${terminal.isTTY ? `${symbol} ` : ''}${terminal.style('bold', visible(container.id))}  ${state}${conditions.join('')}  ${since}`,
  ];
  for (const { label, parts } of factsOf(container, terminal, now)) {
    const [first = '', ...others] = wrapWords(parts.map(visible).join('  '), width);
    lines.push(`  ${pad(label, LABEL)} ${first}`, ...others.map((line) => ' '.repeat(INDENT) + line));
  }
  // A command is typed as it stands, so it is not broken; those that do not fit beside each other stand below each other.
  const next = nextCommands(container);
  const beside = `next: ${next.join('    ')}`;
  if (next.length === 0) return lines;
  return [
    ...lines,
    ...(beside.length <= width + INDENT
      ? [beside]
      : next.map((command, at) => (at === 0 ? 'next: ' : '      ') + command)),
  ];
}
