import { statSync } from 'node:fs';
import { systemClock, type Clock } from '../base/index.ts';
import type { Manifest } from '../manifest/index.ts';
import { deviceMounts } from './plan-devices.ts';

export interface DeviceWait {
  manifest: Manifest;
  stop: AbortSignal;
  /** What it waits for, whenever that changes. */
  tell: (hosts: readonly string[]) => void;
  /** What cannot start with its devices either is not waited for. Asked only when some are missing. */
  isWorthIt?: () => boolean;
  clock?: Clock;
  isThere?: (host: string) => boolean;
}

/** Who has just plugged something in looks at it; who forgot to is not worth waking the board for. */
const SOON_MS = 100;
const LATER_MS = 1000;
const SOON_FOR_MS = 30_000;

/**
 * A start waits for the devices that its manifest is willing to wait for; those that have not come by then are the plan's to judge. Resolves
 * with false when it was asked to stop meanwhile. Undefined: there is nothing to wait for. It looks again and again: inotify would tell of
 * every byte that anybody writes to /dev/null.
 */
export function untilDevicesAreThere(options: DeviceWait): Promise<boolean> | undefined {
  const { manifest, stop, tell, isWorthIt, clock = systemClock, isThere = isDevice } = options;
  const awaited = deviceMounts(manifest)
    .map(([, { host, wait }]) => ({ host, until: wait === 'unlimited' ? Infinity : wait * 1000 }))
    .filter(({ host, until }) => until > 0 && !isThere(host));
  if (awaited.length === 0 || isWorthIt?.() === false) return undefined;
  const began = clock.monotonic();
  const wait = async (): Promise<boolean> => {
    for (let told = ''; ;) {
      const waited = clock.monotonic() - began;
      const missing = awaited.filter(({ host, until }) => waited < until && !isThere(host));
      if (stop.aborted) return false;
      if (missing.length === 0) return true;
      const hosts = missing.map(({ host }) => host);
      if (told !== hosts.join()) tell(hosts);
      told = hosts.join();
      const pause = waited < SOON_FOR_MS ? SOON_MS : LATER_MS;
      const ends = Math.min(...missing.map(({ until }) => until - waited));
      await clock.sleep(Math.min(pause, ends), stop).catch(() => undefined); // asked to stop
    }
  };
  return wait();
}

function isDevice(host: string): boolean {
  const found = statSync(host, { throwIfNoEntry: false });
  return found?.isCharacterDevice() === true || found?.isBlockDevice() === true;
}
