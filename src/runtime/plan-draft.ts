import { ThubanError, type Code } from '../base/index.ts';
import type { Step } from '../launcher/index.ts';
import type { Facts } from './facts.ts';

/** The launch half of a plan while it is being made: all problems are collected, not only the first. */
export class LaunchDraft {
  readonly steps: Step[] = [];
  /** What the person who wrote the manifest should know although the start goes on. */
  readonly notes: { message: string; key: string }[] = [];
  /** What makes a start impossible on this board. */
  readonly problems: ThubanError[] = [];
  readonly facts: Facts;
  /** Ids of the containers whose files are mounted, each once. */
  readonly resources: string[] = [];
  readonly runDir: string;

  constructor(facts: Facts, runDir: string) {
    this.facts = facts;
    this.runDir = runDir;
  }

  problem(code: Code, message: string, hint: string | undefined, key: string): void {
    this.problems.push(new ThubanError(code, message, { ...(hint === undefined ? {} : { hint }), details: { key } }));
  }

  useResource(id: string): void {
    if (!this.resources.includes(id)) this.resources.push(id);
  }

  /** The path without symbolic links, as it was when it was looked at: what is mounted is what was checked. */
  resolved(host: string): string {
    return this.facts.paths[host]?.real ?? host;
  }

  /** Whoever can write to the run directory is root on the board, so no container may see it, by whatever name. */
  refuseRunDir(host: string, key: string): void {
    const names = [host, this.resolved(host)];
    if (!names.some((name) => isBelow(name, this.runDir) || isBelow(this.runDir, name))) return;
    const message = `host path \`${host}\` holds or lies in Thuban's own run directory \`${this.runDir}\``;
    this.problem('TH1211', message, 'mount only the folders that the container needs', key);
  }
}

export function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

export function depth(path: string): number {
  return path.split('/').length;
}
