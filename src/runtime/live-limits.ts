import { isDeepStrictEqual } from 'node:util';
import { ThubanError, failpoint } from '../base/index.ts';
import { belowUse, planDeviceChange, planUpdate, type Notice } from '../cgroups/index.ts';
import type { CgroupsSection, LoadedManifest, Manifest } from '../manifest/index.ts';
import type { Board, Container } from './container.ts';
import type { Ledger } from './ledger.ts';
import { deviceObstacles, isMixed, putInForce, toldOf, type LiveChange } from './live-apply.ts';
import { fixedParts, onlyLimitsDiffer, type Obstacle } from './live-obstacles.ts';
import type { ManifestInForce } from './manifest-in-force.ts';
import type { LaunchPlan, PlanOptions } from './plan.ts';
import { differencesWithin } from './reconcile/index.ts';
import type { Resource } from './resources.ts';
import { areStorable, limitsOf, recordOf, type RunRecord } from './run-record.ts';
import type { UpdateOptions, Updated } from './updated.ts';

export interface LiveLimitsParts {
  board: Board;
  ledger: Ledger;
  inForce: ManifestInForce;
  planOptions: PlanOptions;
  resources?: () => readonly Resource[];
}

const TOO_LARGE: Obstacle = { key: 'cgroups', message: 'so many limits cannot be kept for a run' };

const UNKNOWN: Obstacle = { key: 'cgroups', message: 'nobody knows the limits in force' };

/** What a change would do. */
interface Change extends LiveChange {
  plan: LaunchPlan;
  changed: Updated['changed'];
  obstacles: Obstacle[];
  problems: ThubanError[];
}

/** Changes the limits of what runs: for a person (`update`), or because its manifest has others by now. One change at a time. */
export class LiveLimits {
  readonly #parts: LiveLimitsParts;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: LiveLimitsParts) {
    this.#parts = parts;
  }

  /** Whether another manifest could be put in force without a restart, as far as that can be told beforehand. */
  canFollow(container: Container, next: LoadedManifest): boolean {
    const { loaded } = this.#parts.inForce;
    if (!onlyLimitsDiffer(loaded, next)) return false;
    try {
      return this.#planned(container, next.manifest.cgroups ?? {})?.obstacles.length === 0;
    } catch {
      return true; // what cannot be planned stops nothing that runs: the step meets it again, and tells it
    }
  }

  /** Other limits for what runs, in the place of those of its manifest. They hold until that is another one. */
  update(container: Container, cgroups: CgroupsSection, options: UpdateOptions = {}): Promise<Updated> {
    return this.#inTurn(async () => {
      const { inForce, ledger } = this.#parts;
      const { manifest, digest } = inForce.loaded;
      const differs = !isDeepStrictEqual(cgroups, manifest.cgroups ?? {});
      const change = this.#possible(container, cgroups);
      const told = { id: ledger.id, changed: change.changed, ...toldOf(change), differs };
      if (options.dry_run === true) return { ...told, below_use: belowUse(this.#parts.board.fs, change.update.writes) };
      const began = performance.now();
      const limits = differs ? cgroups : undefined;
      await this.#carryOut(container, change, { loaded: inForce.loaded, limits }, options.force === true);
      const took = performance.now() - began;
      ledger.limits = limits === undefined ? undefined : { digest, cgroups: limits };
      ledger.save();
      failpoint('update.saved');
      const keys = change.changed.map(({ key }) => key);
      ledger.emit({ type: 'updated', how: 'live', changed: keys, duration_ms: Math.round(took * 10) / 10, differs });
      return { ...told, duration: Math.round(took * 10) / 10_000, degraded: container.degraded };
    });
  }

  /** The limits of another manifest that says the same otherwise. When they are in force, the manifest is. */
  follow(container: Container, next: LoadedManifest): Promise<void> {
    return this.#inTurn(async () => {
      const change = this.#possible(container, next.manifest.cgroups ?? {});
      await this.#carryOut(container, change, { loaded: next, limits: undefined }, false);
      this.#parts.inForce.take(next);
      failpoint('update.saved');
    });
  }

  /** An earlier daemon died in the middle of a change: what it had begun is taken back, so that it is known what is in force. */
  settle(container: Container): Promise<void> {
    return this.#inTurn(async () => {
      const { pending: _, ...record } = container.record;
      const limits = limitsOf(record);
      try {
        const change = limits === undefined ? undefined : this.#planned(container, limits);
        if (change === undefined || container.hasEnded) return;
        const [obstacle] = change.obstacles;
        if (obstacle !== undefined) throw takesAStart(record.container, obstacle);
        await putInForce(this.#parts.board, change, true);
        await container.note(record);
      } catch (error) {
        if (container.hasEnded) return;
        // The next change writes whatever differs from either, and until then it is told.
        container.refusal.note('limits that an earlier daemon had begun to change could not be taken back', error);
      }
    });
  }

  #possible(container: Container, to: CgroupsSection): Change {
    const { id } = this.#parts.ledger;
    const change = this.#planned(container, to);
    const [problem] = change?.problems ?? [];
    if (problem !== undefined) throw problem;
    if (change === undefined) throw takesAStart(id, UNKNOWN);
    const [obstacle] = change.obstacles;
    if (obstacle !== undefined) throw takesAStart(id, obstacle);
    return change;
  }

  /** Undefined: the limits in force are not known. */
  #planned(container: Container, to: CgroupsSection): Change | undefined {
    const { record } = container;
    const from = limitsOf(record);
    if (from === undefined) return undefined;
    const plan = this.#plan(to);
    // Of a change that was begun nobody knows how far it came.
    const befores = [from, ...(record.pending === undefined ? [] : [record.pending])].map((one) => this.#plan(one));
    if (befores.some((before) => problemsOf(before).length > 0)) return undefined;
    const { fs, launcher } = this.#parts.board;
    const cgroups = befores.map(({ cgroup }) => cgroup);
    const update = planUpdate(record.groups, cgroups, plan.cgroup);
    const devices = planDeviceChange(fs, record.groups, cgroups, plan.cgroup);
    const [fixed, refused] = [fixedParts(from, to), deviceObstacles(devices, launcher)];
    return {
      update,
      devices,
      plan,
      changed: differencesWithin('cgroups', from, to),
      obstacles: [...fixed, ...update.obstacles, ...refused, ...(areStorable(to) ? [] : [TOO_LARGE])],
      problems: problemsOf(plan),
    };
  }

  #plan(cgroups: CgroupsSection): LaunchPlan {
    const { board, planOptions, ledger, inForce, resources } = this.#parts;
    const { manifest, image } = inForce.loaded;
    const asked: Manifest = { ...manifest, cgroups };
    const options = { ...planOptions, ...ledger.overrides, ...(image === undefined ? {} : { image }) };
    return board.facts.plan(asked, options, resources?.());
  }

  /**
   * A daemon that dies before the first note leaves the old limits, one that dies between the notes leaves to the next one what to take back,
   * and after the second note the new limits are known to be in force.
   */
  async #carryOut(
    container: Container,
    change: Change,
    { loaded, limits }: { loaded: LoadedManifest; limits: CgroupsSection | undefined },
    force: boolean,
  ): Promise<void> {
    const held = container.record;
    const { pending: _, ...before } = held;
    const next = limits ?? loaded.manifest.cgroups ?? {};
    await container.note({ ...before, pending: next });
    failpoint('update.noted');
    if (container.hasEnded) throw ended(this.#parts.ledger.id);
    let degraded: Notice[];
    try {
      degraded = await putInForce(this.#parts.board, change, force);
    } catch (error) {
      if (container.hasEnded) throw ended(this.#parts.ledger.id);
      // After TH2017 nobody knows: the next change writes whatever differs from either. So it goes on where an earlier one is open.
      if (!isMixed(error)) await container.note(held);
      throw error;
    }
    const about = recordOf(loaded, change.plan, limits);
    const kept = before.degraded.filter((notice) => stillHolds(notice, change));
    // What it was started as stays: its groups, its command, how it is stopped.
    const record: RunRecord = {
      ...omit(before, ...OF_LIMITS),
      ...pick(about, ...OF_LIMITS),
      degraded: [...kept, ...degraded.filter((notice) => !kept.some(({ key }) => key === notice.key))],
    };
    await container.note(record);
    container.refusal.clear();
    failpoint('update.recorded');
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** What the limits alone make impossible. */
function problemsOf({ problems }: LaunchPlan): ThubanError[] {
  return problems.filter(({ details: { key } }) => typeof key === 'string' && /^cgroups\b/.test(key));
}

/** What this kernel would not take at the start it does not take now, unless it is another value by now. */
function stillHolds({ key }: Notice, { changed }: Change): boolean {
  return key !== undefined && changed.every((one) => !one.key.startsWith(key) && !key.startsWith(one.key));
}

function takesAStart(id: string, obstacle: Obstacle): ThubanError {
  return new ThubanError('TH6005', `\`${id}\` takes \`${obstacle.key}\` only at a start: ${obstacle.message}`, {
    hint: 'put it into its manifest; that restarts the container',
    details: { id, state: 'running', action: 'update', ...obstacle },
  });
}

function ended(id: string): ThubanError {
  return new ThubanError('TH6005', `\`${id}\` has ended meanwhile`, { details: { id, action: 'update' } });
}

const OF_LIMITS = ['file', 'digest', 'manifest', 'cgroups', 'memory_limit', 'kill_all_on_oom'] as const;

function pick<T extends object, K extends keyof T>(from: T, ...keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key as K))) as Pick<T, K>;
}

function omit<T extends object, K extends keyof T>(from: T, ...keys: readonly K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key as K))) as Omit<T, K>;
}
