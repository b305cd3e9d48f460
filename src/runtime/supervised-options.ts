import type { Clock } from '../base/index.ts';
import { restartDefaults, type LoadedManifest, type Restart } from '../manifest/index.ts';
import type { LedgerOptions } from './ledger.ts';
import type { RunnerOptions } from './runner.ts';
import type { Turnstile } from './turnstile.ts';

export interface SupervisedOptions extends Omit<RunnerOptions, 'loaded'>, Omit<LedgerOptions, 'clock'> {
  loaded: LoadedManifest;
  /** Where starts that nobody asked for wait for each other. */
  turnstile?: Turnstile;
  clock?: Clock;
  random?: () => number;
  /** Run once, whatever the manifest's restart policy says. */
  once?: boolean;
}

/** What `once` means. */
export const NO_RESTART: Restart = { ...restartDefaults, policy: 'never' };
