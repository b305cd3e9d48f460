import { compareVersions } from '../../manifest/index.ts';
import { isResting } from '../states.ts';
import type { Actual, Desired, RejectedFile, Wanted } from './board.ts';

/** Desired and actual, arranged so that a thousand containers are looked at once each. */
export class View {
  readonly desired: Desired;
  readonly actual: readonly Actual[];
  readonly byId: ReadonlyMap<string, Actual>;
  readonly #newest = new Map<string, string>();
  readonly #versions = new Map<string, Actual[]>();
  readonly #inFile = new Map<string, string>();
  readonly #brokenFiles = new Set<string>();
  readonly #brokenNames = new Map<string, RejectedFile[]>();

  constructor(desired: Desired, actual: readonly Actual[]) {
    this.desired = desired;
    this.actual = actual;
    this.byId = new Map(actual.map((one) => [one.id, one]));
    for (const [id, { loaded }] of desired.containers) {
      const { name, version } = loaded.manifest;
      const newest = this.#newest.get(name);
      if (newest === undefined || compareVersions(version, newest) > 0) this.#newest.set(name, version);
      this.#inFile.set(fileKey(loaded.file, name), id);
    }
    for (const one of actual) pushTo(this.#versions, one.loaded.manifest.name, one);
    for (const rejected of desired.rejected) {
      if (rejected.isDuplicate) continue;
      this.#brokenFiles.add(rejected.file);
      if (rejected.name !== undefined) pushTo(this.#brokenNames, rejected.name, rejected);
    }
  }

  /**
   * Id of the version that takes the place of one that is wanted no more: the one in its file, else the newest of its name. Only one that has no
   * place yet does: what stands beside it already came for itself.
   */
  heirOf({ loaded: { file, manifest } }: Pick<Actual, 'loaded'>): string | undefined {
    const inFile = this.#inFile.get(fileKey(file, manifest.name));
    const newest = this.#newest.get(manifest.name);
    const id = inFile ?? (newest === undefined ? undefined : `${manifest.name}:${newest}`);
    return id === undefined || this.byId.has(id) ? undefined : id;
  }

  isBroken(file: string): boolean {
    return this.#brokenFiles.has(file);
  }

  /** A file that cannot be used and may mean this container; without a readable version it may mean every version of its name. */
  brokenFor({ loaded: { manifest } }: Pick<Actual, 'loaded'>): RejectedFile | undefined {
    const named = this.#brokenNames.get(manifest.name) ?? [];
    return named.find(({ version }) => version === undefined || version === manifest.version);
  }

  /**
   * Whether a container starts by itself: only the newest version of a name does, and not while another version of it lives. A newer one
   * beside one that runs is there to be started by hand (`update.strategy: manual`, as Northstar has it). `makesRoom`: the version that goes
   * for it.
   */
  startsByItself(id: string, { loaded: { manifest } }: Wanted, makesRoom?: string): boolean {
    if (manifest.autostart === undefined || this.#newest.get(manifest.name) !== manifest.version) return false;
    const others = (this.#versions.get(manifest.name) ?? []).filter((one) => one.id !== id && one.id !== makesRoom);
    return others.every((other) => !other.busy && isResting(other.state));
  }
}

function fileKey(file: string, name: string): string {
  return `${file}\0${name}`;
}

function pushTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
