import { readFileSync } from 'node:fs';
import { ThubanError } from '../base/index.ts';

/** The system calls of one architecture, by name. */
export interface SyscallNumbers {
  /** AUDIT_ARCH_* of linux/audit.h. */
  arch: number;
  numbers: Record<string, number>;
}

/** Name of the first entry, whose number is the architecture: see syscalls.c. */
const FIRST = 'thuban system calls 1';
const NAME = 36;
const ENTRY = 40;

/** Reads what a launcher's binary knows about its architecture. TH7009 when it knows nothing: it is no launcher, or one of another version. */
export function readSyscallNumbers(launcher: string): SyscallNumbers {
  const binary = readFileSync(launcher);
  const start = binary.indexOf(Buffer.from(FIRST.padEnd(NAME, '\0')));
  const numbers: Record<string, number> = {};
  for (let at = start + ENTRY; start >= 0 && at + ENTRY <= binary.length; at += ENTRY) {
    const name = binary.toString('latin1', at, binary.indexOf(0, at));
    if (name === '') return { arch: binary.readUInt32LE(start + NAME), numbers };
    numbers[name] = binary.readUInt32LE(at + NAME);
  }
  throw new ThubanError('TH7009', `${launcher} has no table of system calls`, { hint: 'npm run build' });
}
