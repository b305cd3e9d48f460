/** Why bytes are no text that can be read: the place of the first one that is not, or 0 when it is about the file as a whole. */
export interface NotText {
  message: string;
  hint: string;
  at: number;
}

/** Encodings that editors on Windows write, by the bytes that a file in them begins with. The longer ones stand first. */
const BEGINNINGS: readonly [encoding: string, bytes: RegExp][] = [
  ['UTF-32', /^(\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0])/],
  ['UTF-16', /^(\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/],
];

/**
 * Reads UTF-8. A byte order mark is dropped; a carriage return that stands alone ends a line, as in YAML, for readers that know the line feed
 * only. Offsets stay the same.
 */
export function decode(bytes: Uint8Array): { text: string } | NotText {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const body = bytes.subarray(start);
  const encoding = encodingOf(bytes);
  if (encoding !== undefined)
    return {
      message: `the file is ${encoding}, not UTF-8`,
      hint: `save it as UTF-8: \`iconv -f ${encoding} -t UTF-8 OLD > NEW\``,
      at: 0,
    };
  const nul = body.indexOf(0);
  if (nul >= 0)
    return {
      message: `byte 0x00 at ${start + nul} is not UTF-8 text`,
      hint: 'remove the NUL byte; a file with many of them is not a text file',
      at: start + nul,
    };
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    return { text: unixLines(text) };
  } catch {
    return badByte(bytes, start + firstBadByte(body));
  }
}

/** Every line end as a line feed, with the carriage return before it, if there is one, left in place. */
export function unixLines(text: string): string {
  return text.includes('\r') ? text.replaceAll(/\r(?!\n)/g, '\n') : text;
}

function encodingOf(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  return BEGINNINGS.find(([, pattern]) => pattern.test(beginning))?.[0];
}

function badByte(bytes: Uint8Array, at: number): NotText {
  const byte = bytes[at] ?? 0;
  const latin = byte < 0xa0 ? '' : `; in Latin-1 this byte is \`${String.fromCharCode(byte)}\``;
  const hex = `0x${byte.toString(16).padStart(2, '0')}`;
  return { message: `byte ${hex} at ${at} is not UTF-8 text`, hint: `save the file as UTF-8${latin}`, at };
}

/** Halves the search: a prefix that decodes as a stream holds no bad byte. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (good < bad) {
    const middle = (good + bad + 1) >> 1;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle - 1;
    }
  }
  // It may end within a character, which then begins with the bad byte: the next one does not go on with it.
  while (!isText(bytes.subarray(Math.max(0, good - 3), good))) good--;
  return good;
}

/** The last bytes of what is a text up to here, perhaps from the middle of a character on. */
function isText(bytes: Uint8Array): boolean {
  const start = bytes.findIndex((byte) => (byte & 0xc0) !== 0x80);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(Math.max(start, 0)));
    return true;
  } catch {
    return start < 0;
  }
}
