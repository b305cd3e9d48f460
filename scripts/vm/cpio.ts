/** One entry of an archive: a folder, or a file with its bytes. Owner and group are root. */
export interface CpioEntry {
  path: string;
  mode: number;
  data?: Buffer;
}

const FOLDER = 0o040000;
const FILE = 0o100000;

/**
 * An archive in the `newc` format that the kernel unpacks into its first root (Documentation/driver-api/early-userspace/buffer-format).
 * Several may follow each other in one file; a later entry replaces an earlier one of the same path.
 */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap(({ path, mode, data }, at) =>
    record(path, (data === undefined ? FOLDER : FILE) | mode, at + 1, data ?? Buffer.alloc(0)),
  );
  return Buffer.concat([...parts, ...record('TRAILER!!!', 0, 0, Buffer.alloc(0))]);
}

function record(path: string, mode: number, inode: number, data: Buffer): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const [uid, gid, links, time, device, deviceMinor, special, specialMinor, check] = [0, 0, 1, 0, 0, 0, 0, 0, 0];
  const fields = [
    ...[inode, mode, uid, gid, links, time, data.length],
    ...[device, deviceMinor, special, specialMinor, name.length, check],
  ];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(header.length + name.length), data, padding(data.length)];
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
