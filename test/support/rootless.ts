import { spawnSync } from 'node:child_process';
import { chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Manifest } from '../../src/manifest/index.ts';
import { gatherFacts } from '../../src/runtime/index.ts';
import { Cli, manifestFile, type CliEnd } from './cli.ts';
import { temporaryFolder } from './folders.ts';
import { needsRoot } from './root.ts';

const DIST = resolve(import.meta.dirname, '../../dist');
/** Of a user that no board knows. */
export const USER = 61_234;
/** His subordinate ids, where a test gives him some. */
export const SUB = 500_000;
export const COUNT = 50_000;

/** A suite of a user who is not root, which root has to start. */
export function needsUser(): { skip: string | false } {
  const root = needsRoot();
  if (root.skip !== false) return root;
  const may = spawnSync('setpriv', ['--reuid=61234', '--regid=61234', '--clear-groups', 'unshare', '-Ur', 'true'], {
    encoding: 'utf8',
  });
  if (may.status !== 0)
    return { skip: `this board lets a user make no user namespace: ${may.stderr || String(may.error)}` };
  const node = spawnSync('setpriv', ['--reuid=61234', '--regid=61234', '--clear-groups', process.execPath, '-v']);
  return { skip: node.status === 0 ? false : `a user may not run ${process.execPath}` };
}

/** newuidmap(1) is what maps more than the own id. */
export function needsSubordinate(): { skip: string | false } {
  const user = needsUser();
  if (user.skip !== false) return user;
  const programs = spawnSync('sh', ['-c', 'command -v newuidmap && command -v newgidmap']);
  const isThere = programs.status === 0 && ['/etc/subuid', '/etc/subgid'].every((file) => existsSync(file));
  return { skip: isThere ? false : 'there is no newuidmap, /etc/subuid or /etc/subgid on this board (package uidmap)' };
}

export interface OwnOptions {
  /** Entries of /etc/subuid and /etc/subgid that only this user's processes see. */
  subordinate?: boolean;
  /** Folders of cgroups that he is started in; they are his. */
  groups?: readonly string[];
  /** What root does before, in a mount namespace that goes with the command. */
  prepare?: string;
  /** One that the board knows, in place of USER. */
  uid?: number;
}

/** Whatever somebody without root has: a home, a copy of the program that he may run, and places of his own for a daemon. */
export class OwnUser implements Disposable {
  readonly #folder = temporaryFolder();
  readonly home = join(this.#folder.path, 'home');
  readonly runDir = join(this.home, 'run');
  readonly #bin = join(this.#folder.path, 'bin');
  readonly #options: OwnOptions;

  constructor(options: OwnOptions = {}) {
    this.#options = options;
    mkdirSync(this.#bin);
    for (const file of ['thuban.mjs', 'thuban-launcher', 'thuban-init'])
      copyFileSync(join(DIST, file), join(this.#bin, file));
    for (const folder of [this.home, this.runDir]) this.folder(folder);
    const entry = options.subordinate === true ? `${USER}:${SUB}:${COUNT}\n` : '';
    writeFileSync(join(this.#folder.path, 'subids'), entry);
    // newuidmap wants to know the name of whom it serves.
    const passwd = `${readFileSync('/etc/passwd', 'utf8')}rootless-test:x:${USER}:${USER}::${this.home}:/bin/sh\n`;
    writeFileSync(join(this.#folder.path, 'passwd'), passwd);
  }

  /** A folder that is his. */
  folder(path: string): string {
    mkdirSync(path);
    const { uid = USER } = this.#options;
    chownSync(path, uid, uid);
    return path;
  }

  manifest(script: string, sections: Partial<Manifest> = {}): string {
    return manifestFile(this.home, script, sections);
  }

  program(args: readonly string[]): string[] {
    return [process.execPath, join(this.#bin, 'thuban.mjs'), ...args];
  }

  get env(): Record<string, string> {
    const path = process.env['PATH'] ?? '';
    return { PATH: path, HOME: this.home, TMPDIR: this.home, XDG_RUNTIME_DIR: this.runDir };
  }

  /** As he types it. */
  cli(args: string[]): Cli {
    const own = (file: string): string => join(this.#folder.path, file);
    const groups = (this.#options.groups ?? []).map((group) => `echo $$ > ${group}/cgroup.procs`);
    const script = [
      ...groups,
      this.#options.prepare ?? '',
      `for f in subuid subgid; do [ ! -e /etc/$f ] || mount --bind ${own('subids')} /etc/$f; done`,
      `mount --bind ${own('passwd')} /etc/passwd`,
      `exec setpriv --reuid=${USER} --regid=${USER} --clear-groups "$@"`,
    ];
    return new Cli([], {
      program: ['unshare', '-m', 'sh', '-ec', script.join('\n'), 'sh', ...this.program(args)],
      cwd: this.home,
      env: this.env,
    });
  }

  async run(script: string, sections: Partial<Manifest> = {}, flags: string[] = []): Promise<CliEnd> {
    using cli = this.cli(['run', '--once', ...flags, this.manifest(script, sections)]);
    return await cli.ended;
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** What a program that wants more is killed at, on a board with swap as well. */
export function memoryOf(bytes: number): Partial<Manifest> {
  const swap = gatherFacts().swap ? { memory_swap_limit: bytes } : {};
  return { cgroups: { memory: { memory_hard_limit: bytes, ...swap } } };
}

export function ownerOf(path: string): [uid: number, gid: number] {
  const { uid, gid } = statSync(path);
  return [uid, gid];
}

/** A line of /proc/PID/status. */
export function statusOf(pid: number, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.trim() ?? '';
}
