import { statSync } from 'node:fs';

export interface DeviceNumbers {
  type: 'b' | 'c';
  major: number;
  minor: number;
}

/** Which device a node is of; nothing where it is none, or not there. */
export function deviceFact(path: string): { device?: DeviceNumbers } {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (found?.isBlockDevice() !== true && found?.isCharacterDevice() !== true) return {};
  const { rdev } = found;
  // makedev(3): 12 bits of the major number stand between 8 and 12 of the minor one.
  const major = Number((rdev >> 8n) & 0xfffn);
  const minor = Number((rdev & 0xffn) | ((rdev >> 12n) & 0xfff00n));
  return { device: { type: found.isBlockDevice() ? 'b' : 'c', major, minor } };
}
