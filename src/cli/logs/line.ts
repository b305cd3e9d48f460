import { visible } from '../../base/index.ts';
import type { LogRecord } from '../../runtime/index.ts';
import type { Terminal } from '../terminal.ts';
import { pad } from '../text-width.ts';
import { clockTime } from '../times.ts';

export interface LineStyle {
  /** The text byte for byte, with what speaks to the terminal. */
  raw: boolean;
  /** Time, stream and, of several containers, the name before each line. */
  marked: boolean;
  /** Cells of the longest name; 0 when there is only one container. */
  nameWidth: number;
}

/** Control characters are made visible; a tab is what a program may write to a terminal without harm. */
function harmless(text: string): string {
  return text.split('\t').map(visible).join('\t');
}

/** One line of output as a person reads it. What the runtime itself remarks stands between hyphens. */
export function logLine(record: LogRecord, name: string, terminal: Terminal, style: LineStyle): string {
  const text = style.raw ? record.line : harmless(record.line);
  const body = record.stream === 'thuban' ? terminal.style('dim', `- ${harmless(record.line)} -`) : text;
  if (!style.marked) return body;
  const time = clockTime(record.time, terminal, { milliseconds: true });
  const prefix = style.nameWidth > 0 ? [pad(name, style.nameWidth), time] : [time];
  if (record.stream === 'stderr')
    return [...prefix, `${terminal.style('red', 'E|')} ${terminal.style('red', body)}`].join(' ');
  return [...prefix, body].join(' ');
}
