import { failpoint, type Clock } from '../base/index.ts';
import { isOf32Bits, type CgroupWrite } from '../cgroups/index.ts';
import type { CgroupsSection, LoadedManifest } from '../manifest/index.ts';
import { consoleOf } from './consoles.ts';
import type { Board, Container, ContainerHooks } from './container.ts';
import { untilDevicesAreThere } from './device-wait.ts';
import type { Ledger } from './ledger.ts';
import { discardOutput, type OutputSink } from './output.ts';
import { untilDisksCanBeLimited } from './io-limits.ts';
import type { LaunchPlan, PlanOptions } from './plan.ts';
import type { Resource } from './resources.ts';
import type { Held } from './restore.ts';
import { adoptContainer, startContainer } from './start-container.ts';

export interface RunnerOptions {
  board: Board;
  /** The manifest that is in force when a run begins. */
  loaded: () => LoadedManifest;
  /** Limits in the place of those of the manifest. */
  limits?: () => CgroupsSection | undefined;
  planOptions: PlanOptions;
  /** What other containers offer, asked anew at each start. */
  resources?: () => readonly Resource[];
  clock?: Clock;
  /** Asked at each start. @throws ThubanError when nothing may be started any more from what is in force. */
  permit?: () => void;
  output?: OutputSink;
  /** The output of an adopted run cannot be taken any more. */
  onOutputLost?: (error: unknown) => void;
}

/** Begins the runs of one container, or takes them over, and notes in the ledger what becomes of them. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #ledger: Ledger;

  constructor(options: RunnerOptions, ledger: Ledger) {
    this.#options = options;
    this.#ledger = ledger;
  }

  /** What is noted before anything is made is what a next daemon cleans up. */
  async start(): Promise<Container> {
    const { board, permit } = this.#options;
    permit?.();
    const loaded = this.#options.loaded();
    const { launch, limits } = this.#plan(loaded);
    const id = board.nextId();
    this.#ledger.begin(
      String(id),
      launch.cgroup.groups.map((group) => group.path),
    );
    failpoint('start.saved');
    const start = (): Promise<Container> =>
      startContainer({ loaded, plan: launch, id, limits }, board, this.#hooks(false));
    return board.consoles === undefined ? start() : board.consoles.around(launch.id, consoleOf(launch), start);
  }

  /** Before a start: what has to come first. False: it was asked to stop meanwhile. Undefined: nothing has. */
  untilReady(stop: AbortSignal, byItself: boolean): Promise<boolean> | undefined {
    const disks = byItself ? this.#untilDisksCanBeLimited(stop) : undefined;
    if (disks !== undefined) return disks.then((go) => go && (this.#untilDevicesAreThere(stop) ?? true));
    return this.#untilDevicesAreThere(stop);
  }

  #untilDevicesAreThere(stop: AbortSignal): Promise<boolean> | undefined {
    const { clock } = this.#options;
    const { manifest } = this.#options.loaded();
    const tell = (hosts: readonly string[]): void => {
      this.#ledger.awaitDevices(hosts);
    };
    const isWorthIt = (): boolean => this.#lacksOnlyDevices();
    return untilDevicesAreThere({ manifest, stop, tell, isWorthIt, ...(clock === undefined ? {} : { clock }) });
  }

  #lacksOnlyDevices(): boolean {
    try {
      return this.#plan(this.#options.loaded()).launch.problems.every(({ code }) => code === 'TH3009');
    } catch {
      return false; // the start itself will tell why
    }
  }

  /** Only before a start by itself: see there. */
  #untilDisksCanBeLimited(stop: AbortSignal): Promise<boolean> | undefined {
    return untilDisksCanBeLimited({
      writes: isOf32Bits() ? this.#writes() : [],
      stop,
      tell: (seconds) => {
        this.#ledger.awaitTurn(`waiting ${seconds} s: this kernel takes no limits of disks before it is 5 min old`);
      },
    });
  }

  #writes(): CgroupWrite[] {
    try {
      return this.#plan(this.#options.loaded()).launch.cgroup.writes;
    } catch {
      return []; // the start itself will tell why
    }
  }

  #plan(loaded: LoadedManifest): { launch: LaunchPlan; limits: CgroupsSection | undefined } {
    const { board, planOptions, resources } = this.#options;
    const image = loaded.image === undefined ? {} : { image: loaded.image };
    const spare = board.leftovers.spareFor(this.#ledger.id);
    const options = { ...planOptions, ...this.#ledger.overrides, ...image, ...(spare === undefined ? {} : { spare }) };
    const limits = this.#options.limits?.();
    const manifest = limits === undefined ? loaded.manifest : { ...loaded.manifest, cgroups: limits };
    return { launch: board.facts.plan(manifest, options, resources?.()), limits };
  }

  /** `accounted`: its end was told and counted before. */
  adopt({ listed, record }: Held, accounted: boolean): Promise<Container> {
    const { board } = this.#options;
    const adopted = adoptContainer(listed, record, board, this.#hooks(accounted), this.#ledger.oomAnnounced);
    if (record.console !== undefined) void board.consoles?.reopen(record.container, record.console, adopted);
    return adopted;
  }

  #hooks(accounted: boolean): ContainerHooks {
    const { output, onOutputLost } = this.#options;
    return {
      output: output ?? discardOutput,
      onOom: (oom) => {
        this.#ledger.oom(oom);
      },
      onPressure: (news) => {
        this.#ledger.emit({ type: 'pressure', ...news });
      },
      onExit: (exit) => {
        if (!accounted) this.#ledger.account(exit);
      },
      onPause: (event, since) => {
        this.#ledger.pause(event, since);
      },
      pausedSince: this.#ledger.pausedSince,
      ...(onOutputLost === undefined ? {} : { onOutputLost }),
    };
  }
}
