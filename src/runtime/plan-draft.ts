import { ThubanError, type Code } from '../base/index.ts';
import type { Step } from '../launcher/index.ts';
import type { Facts } from './facts.ts';
import { keptFolders } from './kept-folders.ts';
import { PlannedDevices } from './planned-devices.ts';

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
  readonly devices = new PlannedDevices();
  readonly runDir: string;
  readonly dataDir: string;
  /** 2 and more: a run beside others of the same container. */
  readonly beside: number | undefined;

  constructor(
    facts: Facts,
    { runDir, dataDir, beside }: { runDir: string; dataDir: string; beside?: number | undefined },
  ) {
    this.facts = facts;
    this.runDir = runDir;
    this.dataDir = dataDir;
    this.beside = beside;
  }

  problem(code: Code, message: string, hint: string | undefined, key: string): void {
    this.problems.push(new ThubanError(code, message, { ...(hint === undefined ? {} : { hint }), details: { key } }));
  }

  /** For whom the kernel does not do it: `hint` says what is possible without. */
  needsRoot(message: string, key: string, hint: string): void {
    this.problem('TH7001', message, `${hint}; or use sudo`, key);
  }

  useResource(id: string): void {
    if (!this.resources.includes(id)) this.resources.push(id);
  }

  /** The path without symbolic links, as it was when it was looked at: what is mounted is what was checked. */
  resolved(host: string): string {
    return this.facts.paths[host]?.real ?? host;
  }

  /**
   * Whoever can write to the run directory is root on the board, so no container may see it, by whatever name; nor what other containers
   * keep.
   */
  refuseOwnFolders(host: string, key: string): void {
    const names = [host, this.resolved(host)];
    const touched = (folder: string): boolean => names.some((name) => isBelow(name, folder) || isBelow(folder, name));
    const hint = 'mount only the folders that the container needs';
    if (touched(this.runDir)) {
      const message = `host path \`${host}\` holds or lies in Thuban's own run directory \`${this.runDir}\``;
      this.problem('TH1211', message, hint, key);
      return;
    }
    const kept = keptFolders(this.dataDir).find(touched);
    if (kept === undefined) return;
    const message = `host path \`${host}\` holds or lies in \`${kept}\`, where containers keep what is theirs`;
    this.problem('TH1211', message, `${hint}; its own data is \`type: persist\``, key);
  }
}

/** A target that is not absolute counts from the root. */
export function absolute(target: string): string {
  return target.startsWith('/') ? target : `/${target}`;
}

export function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

export function depth(path: string): number {
  return path.split('/').length;
}
