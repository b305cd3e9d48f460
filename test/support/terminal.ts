import { styled, type Terminal } from '../../src/cli/terminal.ts';

/** A terminal of 80 columns without colour, or what is asked for. */
export function fakeTerminal({ isTTY = true, columns = 80, color = false, ascii = false } = {}): Terminal {
  return {
    isTTY,
    columns,
    color,
    ascii,
    style: (style, text) => (color ? styled(style, text) : text),
  };
}

/** The same text without its colours. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- the colours are control sequences
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '');
}
