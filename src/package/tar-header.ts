import { BLOCK } from './format.ts';
import { refusal, shown } from './refusal.ts';

/** What a header says: everything else in it is fixed. */
export interface Header {
  name: string;
  size: number;
}

/** POSIX.1-1988 (ustar): offset and length of each field. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  uname: [265, 32],
  gname: [297, 32],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
  rest: [500, 12],
} as const;

const MAGIC = 'ustar\0' + '00';
const MODE = 0o644;

const types: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '5': 'a folder',
  '6': 'a named pipe',
  '7': 'a contiguous file',
  S: 'a sparse file',
  L: 'a long name of GNU tar',
  K: 'a long name of GNU tar',
  g: 'a pax header',
  x: 'a pax header',
};

/** Whether a block could be a header of ustar at all: its sum is right, and it has the magic word. */
export function isHeader(block: Buffer): boolean {
  return field(block, 'magic') === MAGIC && hasSum(block);
}

/**
 * Reads the one form of header that a package may have: a regular file with plain numbers. Every byte counts, so that of one package there
 * are no two writings by accident, and nothing is left to a more lenient reader.
 *
 * @throws ThubanError TH5003 for a damaged header, TH5004 for another kind of entry.
 */
export function readHeader(block: Buffer): Header {
  const raw = field(block, 'name');
  const name = raw.replace(/\0.*$/s, '');
  const entry = `entry ${shown(name)}`;
  if (!hasSum(block)) throw refusal('TH5003', `the header of ${entry} is damaged`);
  const type = field(block, 'type');
  if (type !== '0')
    throw refusal('TH5004', `${entry} is ${types[type] ?? `of type ${shown(type)}`}, not a regular file`);
  if (field(block, 'magic') !== MAGIC)
    throw refusal('TH5004', `the header of ${entry} has not the form ustar`, 'write it with `tar --format=ustar`');
  const refuse = (what: string): Error => refusal('TH5004', `${entry} ${what}`);
  if (field(block, 'prefix').replaceAll('\0', '') !== '') throw refuse('has a name in two parts');
  if (!isText(raw)) throw refuse('has something behind the end of its name');
  if (name.startsWith('/')) throw refuse('has an absolute name');
  if (name.split('/').includes('..')) throw refuse('leaves the package');
  const size = number(block, 'size');
  if (size === undefined) throw refuse('has a size that is not in octal digits');
  const fixed = { mode: MODE, uid: 0, gid: 0, mtime: 0, devmajor: 0, devminor: 0 };
  for (const [key, value] of Object.entries(fixed)) {
    const found = number(block, key as keyof typeof fixed);
    if (found !== value && !(key.startsWith('dev') && isEmpty(block, key as keyof typeof fixed)))
      throw refuse(`has not \`${key}\` ${value === MODE ? '0644' : value}`);
  }
  for (const key of ['linkname', 'uname', 'gname', 'rest'] as const)
    if (!isEmpty(block, key)) throw refuse(`has something in the field \`${key}\``);
  return { name, size };
}

function field(block: Buffer, key: keyof typeof fields): string {
  const [offset, length] = fields[key];
  return block.toString('latin1', offset, offset + length);
}

function isEmpty(block: Buffer, key: keyof typeof fields): boolean {
  return /^\0*$/.test(field(block, key));
}

/** Characters, and then nothing but NUL. */
function isText(raw: string): boolean {
  return /^[^\0]*\0*$/.test(raw);
}

/** Octal digits, ended by blanks or NUL as POSIX wants it. No sign, no base-256, no digits behind the end. */
function number(block: Buffer, key: keyof typeof fields): number | undefined {
  const digits = /^([0-7]+)[ \0]+$/.exec(field(block, key))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** The sum of all bytes, its own field counted as blanks. The two endings are those of GNU tar and of tar-stream. */
function hasSum(block: Buffer): boolean {
  const digits = /^([0-7]{6})(?:\0 | \0)$/.exec(field(block, 'checksum'))?.[1];
  const [from, length] = fields.checksum;
  let sum = length * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < from || at >= from + length) sum += block[at] ?? 0;
  return digits !== undefined && Number.parseInt(digits, 8) === sum;
}
