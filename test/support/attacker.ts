import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { geteuid } from 'node:process';
import type { LoadedManifest, Manifest } from '../../src/manifest/index.ts';
import { Session } from '../../src/runtime/index.ts';
import { fromObject, runIn, shell } from './containers.ts';
import { temporaryFolder } from './folders.ts';
import { leavesNothingBehind } from './leaks.ts';
import { needsRoot } from './root.ts';

const SOURCES = resolve(import.meta.dirname, '../native/attacker');
const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Options for a suite whose containers run the attacker, which is compiled on the spot. */
export function needsAttacker(): { skip: string | false } {
  if (compiler === undefined) return { skip: 'needs a C compiler and a static libc: apt-get install gcc libc6-dev' };
  return needsRoot();
}

export const MARK = 'a secret of the host';

export interface Attacker {
  /** On the host. In a container it is /attack/attacker. */
  program: string;
  /** A file that a container must not read. */
  secret: string;
  /** A folder that a container may write to, as /scratch. */
  scratch: string;
  env: Record<string, string>;
  mounts: NonNullable<Manifest['mounts']>;
}

/** Compiled once for a file of tests, and gone at its end. Call it before anything looks for what is left behind. */
export function makeAttacker(): Attacker {
  const folder = temporaryFolder();
  process.once('exit', () => {
    rmSync(folder.path, { recursive: true, force: true });
  });
  const at = (name: string): string => join(folder.path, name);
  const [program, secret, scratch] = [at('bin/attacker'), at('secret'), at('scratch')];
  mkdirSync(at('bin'));
  mkdirSync(scratch);
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.c'));
  const flags = ['-std=gnu11', '-O2', '-static', '-s', '-Wall', '-Wextra', '-Werror', '-o', program];
  const { status, stderr } = spawnSync(compiler ?? 'cc', [...flags, ...sources.map((name) => join(SOURCES, name))], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  writeFileSync(secret, MARK);
  return {
    program,
    secret,
    scratch,
    env: {
      SECRET: secret,
      MARK,
      SCRATCH: '/scratch',
      DISK: '7:0',
      HANDLE: handleOf(program, secret),
      MOUNT: '/attack',
      READ_ONLY: '/attack',
    },
    mounts: {
      '/attack': { type: 'bind', host: at('bin') },
      '/scratch': { type: 'bind', host: scratch, options: 'rw,nodev' },
      '/sys': { type: 'sysfs' },
    },
  };
}

/** The one of this file, or what stands for it where the tests are skipped. */
export const attacker: Attacker =
  geteuid?.() === 0 && compiler !== undefined
    ? makeAttacker()
    : { program: '', secret: '', scratch: '', env: {}, mounts: {} };

function handleOf(program: string, path: string): string {
  const { status, stdout, stderr } = spawnSync(program, ['handle', path], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

/** A manifest whose program is the attacker. */
export function attack(args: string[], sections: Partial<Manifest> = {}): LoadedManifest {
  const mounts = { ...attacker.mounts, ...sections.mounts };
  const env = { ...attacker.env, ...sections.env };
  const { manifest } = shell('', { ...sections, mounts, env });
  return fromObject({ ...manifest, init: '/attack/attacker', args });
}

/** Runs probes, all of them unless some are named, with an empty folder to write to. */
export async function probe(
  session: Session,
  sections: Partial<Manifest>,
  names: string[] = [],
): Promise<Map<string, string>> {
  emptyScratch();
  const { exit, stdout, stderr } = await runIn(session, attack(['probe', ...names], sections));
  assert.deepEqual([exit.reason, exit.code, stderr], ['exited', 0, ''], JSON.stringify(exit));
  return answersOf(stdout);
}

export function emptyScratch(): void {
  rmSync(attacker.scratch, { recursive: true, force: true });
  mkdirSync(attacker.scratch);
  chmodSync(attacker.scratch, 0o1777);
}

/** What was printed: name of the probe, and `DONE` or what the kernel said. */
export function answersOf(stdout: string): Map<string, string> {
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', answer = ''] = line.split(' ');
        return [name, answer];
      }),
  );
}

/** A session of its own, of which nothing may be left. */
export async function inSession(body: (session: Session) => Promise<void>): Promise<void> {
  await leavesNothingBehind(async () => {
    await using session = await Session.open({ prefix: 'thuban-test-' });
    await body(session);
  });
}

/** The probes that did what they should not. */
export function doneOf(answers: Map<string, string>): string[] {
  return [...answers].filter(([, answer]) => answer === 'DONE').map(([name]) => name);
}
