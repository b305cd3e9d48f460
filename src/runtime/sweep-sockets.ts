import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Sockets of manifests whose launcher is gone, and with it whoever listened. A launcher that lives removes its own. */
export function sweepSockets(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path, { force: true });
  }
}
