import type { DaemonEnd } from '../../runtime/index.ts';

/** SIGTERM and its like end everything; SIGUSR2 ends the daemon alone and leaves its containers to the next one. */
const ends: Readonly<Partial<Record<NodeJS.Signals, DaemonEnd>>> = {
  SIGTERM: { keep: false },
  SIGINT: { keep: false },
  SIGHUP: { keep: false },
  SIGUSR2: { keep: true },
};

/** Heard from the beginning, so that nothing is left half made. */
export class EndSignals {
  readonly first: Promise<DaemonEnd>;
  #resolve!: (end: DaemonEnd) => void;
  #second: (() => void) | undefined;
  #heard = false;

  constructor() {
    this.first = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const signal of Object.keys(ends)) process.on(signal, this.#onSignal);
  }

  /** What a further signal means while the end is under way. */
  onSecond(action: () => void): void {
    this.#second = action;
  }

  release(): void {
    for (const signal of Object.keys(ends)) process.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const end = ends[signal];
    if (end === undefined) return;
    if (this.#heard) this.#second?.();
    this.#heard = true;
    this.#resolve(end);
  };
}
