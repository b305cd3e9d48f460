import { visible } from '../base/index.ts';

/** Text of a user inside a message: no control characters, not longer than a person reads. */
export function quote(text: string): string {
  // Cut between code points, not inside of one.
  const shown = Array.from(text.slice(0, 100)).slice(0, 40).join('');
  return `\`${visible(shown)}${shown.length < text.length ? '…' : ''}\``;
}

/** `a: 1` in one line for a hint. */
export function example(key: string, value: unknown): string {
  return `${key}: ${flow(value)}`;
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${key}: ${flow(inner)}`)
      .join(', ')}}`;
  return String(value);
}
