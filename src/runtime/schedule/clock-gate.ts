import { existsSync } from 'node:fs';

export interface GateOptions {
  /** What must be so before the clock is believed. */
  mode: 'auto' | 'synchronized' | 'off';
  /** Seconds until it is believed all the same. */
  timeout: number;
  /** Milliseconds since 1970 that a clock which is set must have passed. */
  builtAt: number;
  /** Whether the clock follows a time server. */
  isSynchronized?: () => boolean;
}

/** systemd-timesyncd makes it when the clock has been set from the network; so do chrony and ntpd where they are told to. */
const SYNCHRONIZED = '/run/systemd/timesync/synchronized';

export function isSynchronized(): boolean {
  return existsSync(SYNCHRONIZED);
}

export interface ClockReading {
  now: number;
  /** The latest time that is known to have been. */
  known: number;
  synchronized: boolean;
}

/** Pure: why the clock is not believed, or undefined. */
export function distrust(mode: GateOptions['mode'], { now, known, synchronized }: ClockReading): string | undefined {
  const date = new Date(now).toISOString().slice(0, 10);
  if (mode === 'synchronized' && !synchronized) return `it says ${date} and is not synchronized`;
  if (mode === 'auto' && now < known) return `it says ${date}`;
  return undefined;
}
