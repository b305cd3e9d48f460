import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { ReleaseError } from './error.ts';

export const TARGET_NAMES = ['x86-64', 'aarch64', 'armhf'] as const;
export type TargetName = (typeof TARGET_NAMES)[number];

/** An architecture that there is a release for. */
export interface Target {
  name: TargetName;
  /** Node.js' name of it. */
  node: string;
  /** The compiler on a machine of another architecture, and Debian's packages with it and with its static libc. */
  cross: { command: string; packages: string };
  /** `e_machine` of its programs: elf(5). */
  machine: number;
}

const TARGETS: Readonly<Record<TargetName, Target>> = {
  'x86-64': {
    name: 'x86-64',
    node: 'x64',
    cross: { command: 'x86_64-linux-gnu-gcc', packages: 'gcc-x86-64-linux-gnu libc6-dev-amd64-cross' },
    machine: 62,
  },
  aarch64: {
    name: 'aarch64',
    node: 'arm64',
    cross: { command: 'aarch64-linux-gnu-gcc', packages: 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross' },
    machine: 183,
  },
  armhf: {
    name: 'armhf',
    node: 'arm',
    cross: { command: 'arm-linux-gnueabihf-gcc', packages: 'gcc-arm-linux-gnueabihf libc6-dev-armhf-cross' },
    machine: 40,
  },
};

export function targetOf(name: TargetName): Target {
  return TARGETS[name];
}

/** The release for this machine's own architecture, where there is one. */
export function ownTarget(): TargetName | undefined {
  return TARGET_NAMES.find((name) => TARGETS[name].node === process.arch);
}

/** The compiler of a target and Debian's packages of it: this machine's own for its own architecture. */
export function compilerOf({ node, cross }: Target): { command: string; packages: string } {
  return node === process.arch ? { command: 'cc', packages: 'gcc libc6-dev' } : cross;
}

/** Throws a ReleaseError with all packages of the compilers that are missing, or have no static libc. */
export function needCompilers(targets: readonly Target[]): void {
  const missing = targets.map(compilerOf).filter(({ command }) => !isComplete(command));
  if (missing.length === 0) return;
  throw new ReleaseError(
    `no compiler with a static C library: ${missing.map(({ command }) => command).join(', ')}`,
    `sudo apt-get install --no-install-recommends ${missing.map(({ packages }) => packages).join(' ')}`,
  );
}

function isComplete(command: string): boolean {
  const { status, stdout } = spawnSync(command, ['-print-file-name=libc.a'], { encoding: 'utf8' });
  // A compiler that does not find it prints the bare name.
  return status === 0 && stdout.includes('/') && existsSync(stdout.trim());
}

/** Throws a ReleaseError unless a program is one for the target: `CC` and `cc` can be anything. */
export function checkProgram(path: string, { name, machine }: Target): void {
  const header = Buffer.alloc(20);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  const found = header.readUInt32BE(0) === 0x7f454c46 ? header.readUInt16LE(18) : undefined;
  if (found !== machine)
    throw new ReleaseError(`${path} is no program for ${name}: e_machine is ${found ?? 'missing'}, not ${machine}`);
}
