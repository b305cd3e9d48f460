/** Text of a user inside a message: no control characters, not longer than a person reads. */
export function quote(text: string): string {
  // Cut between code points, not inside of one.
  const shown = Array.from(text.slice(0, 100)).slice(0, 40).join('');
  return `\`${visible(shown)}${shown.length < text.length ? '…' : ''}\``;
}

/** Makes control characters visible as `^[`, and characters that reorder or hide text by their number. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
    if (code === 0x7f) return '^?';
    return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  });
}

/** `a`, `a and b`, `a, b and c`. */
export function andList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
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
