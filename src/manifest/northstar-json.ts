import type { Manifest } from './manifest.ts';

/**
 * The JSON form of a manifest that `validate --json` prints: Northstar's names and forms plus the extensions that
 * are set. It is the normalised manifest itself, except that Northstar always states `oom_monitor`.
 */
export function toNorthstarJson(manifest: Manifest): Manifest {
  const memory = manifest.cgroups?.memory;
  if (memory === undefined) return manifest;
  return { ...manifest, cgroups: { ...manifest.cgroups, memory: { oom_monitor: false, ...memory } } };
}
