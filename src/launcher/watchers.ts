import type { ThubanError } from '../base/index.ts';
import { StepFailure, readExit, readFailure, readPipe, readPressure, readStarted } from './messages.ts';
import type { ListedContainer, PipeEnd, PressureReport, ProgramExit, Started } from './messages.ts';
import { Frame, type Reader } from './wire.ts';

export interface ContainerListeners {
  onOom: () => void;
  onExit: (exit: ProgramExit) => void;
  /** The program ended a second ago, and its init cannot: something of the container cannot be killed. */
  onLingers?: (exit: ProgramExit) => void;
  /** A monitor has spoken, and is silent until it is armed again. */
  onPressure?: (report: PressureReport) => void;
  onInput?: (pipe: PipeEnd) => void;
}

interface Watched extends ContainerListeners {
  resolve: (started: Started) => void;
  reject: (error: Error) => void;
}

type Report = (watched: Watched) => void;

/** Who is told what the launcher reports of which container. */
export class Watchers {
  readonly #watched = new Map<bigint, Watched>();
  /** What was reported of a listed container before somebody adopted it. */
  readonly #unadopted = new Map<bigint, Report[]>();
  #lost: ThubanError | undefined;

  /** Resolves when the container has started; rejects with a StepFailure when a step failed. */
  watch(id: bigint, listeners: ContainerListeners): Promise<Started> {
    return new Promise<Started>((resolve, reject) => {
      const watched = { ...listeners, resolve, reject };
      this.#watched.set(id, watched);
      for (const report of this.#unadopted.get(id) ?? []) report(watched);
      this.#unadopted.delete(id);
      if (this.#lost !== undefined) tellLost(watched, this.#lost);
    });
  }

  forget(id: bigint): void {
    this.#watched.delete(id);
    this.#unadopted.delete(id);
  }

  /** From now on its reports are kept for whoever adopts it, after what the list itself says. */
  listed(listed: ListedContainer): void {
    if (!this.#watched.has(listed.id)) this.#unadopted.set(listed.id, reportsOf(listed));
  }

  /** False: this type is no report. */
  receive(type: number, r: Reader): boolean {
    switch (type) {
      case Frame.STARTED: {
        const id = r.u64();
        const started = readStarted(r);
        this.#tell(id, (watched) => {
          watched.resolve(started);
        });
        return true;
      }
      case Frame.FAILED: {
        const id = r.u64();
        const failure = readFailure(r);
        this.#tell(id, (watched) => {
          watched.reject(failure);
        });
        return true;
      }
      case Frame.EXITED: {
        const id = r.u64();
        const exit = readExit(r);
        this.#tell(id, (watched) => {
          watched.onExit(exit);
        });
        return true;
      }
      case Frame.LINGERS: {
        const id = r.u64();
        const exit = readExit(r);
        this.#tell(id, (watched) => {
          watched.onLingers?.(exit);
        });
        return true;
      }
      case Frame.INPUT: {
        const id = r.u64();
        const pipe = readPipe(r);
        this.#tell(id, (watched) => {
          if (pipe !== undefined) watched.onInput?.(pipe);
        });
        return true;
      }
      case Frame.OOM:
        this.#tell(r.u64(), (watched) => {
          watched.onOom();
        });
        return true;
      case Frame.PRESSURE: {
        const id = r.u64();
        const pressure = readPressure(r);
        this.#tell(id, (watched) => {
          watched.onPressure?.(pressure);
        });
        return true;
      }
      default:
        return false;
    }
  }

  /** Everybody learns that nothing will come any more; a container without a launcher has ended. */
  lose(error: ThubanError): void {
    this.#lost = error;
    for (const watched of this.#watched.values()) tellLost(watched, error);
    this.#watched.clear();
  }

  #tell(id: bigint, report: Report): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) this.#unadopted.get(id)?.push(report);
    else report(watched);
  }
}

function tellLost(watched: Watched, error: ThubanError): void {
  watched.reject(error);
  const mono = process.hrtime.bigint();
  watched.onExit({ status: null, fromProgram: false, time: BigInt(Date.now()) * 1_000_000n, mono });
}

/** What the list says of a container, as if it were reported to whoever adopts it. */
function reportsOf(listed: ListedContainer): Report[] {
  const { end } = listed;
  if (end instanceof StepFailure)
    return [
      (watched) => {
        watched.reject(end);
      },
    ];
  const reports: Report[] = [];
  const { lingers } = listed;
  if (listed.state !== 'starting')
    reports.push((watched) => {
      watched.resolve(listed);
    });
  if (lingers !== undefined)
    reports.push((watched) => {
      watched.onLingers?.(lingers);
    });
  if (end !== undefined)
    reports.push((watched) => {
      watched.onExit(end);
    });
  return reports;
}
