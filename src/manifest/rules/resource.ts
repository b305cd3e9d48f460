import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { checkRequirement } from '../versions.ts';
import { quote } from '../wording.ts';
import { checkName } from './identity.ts';
import { textAt } from './look.ts';
import { checkPath } from './paths.ts';
import { splitOptions } from './mount-options.ts';

/** A mount of another container's files: which container, which versions of it, and which folder. */
export function checkResource(report: Report, path: readonly string[], mount: Record<string, unknown>): void {
  checkName(report, [...path, 'name'], textAt(mount, 'name'));
  checkVersions(report, [...path, 'version'], textAt(mount, 'version'));
  const dir = textAt(mount, 'dir');
  // From the root of the other container's files: `..` would lead out of them, to the host.
  if (dir !== undefined) checkPath(report, [...path, 'dir'], dir, 'value');
  checkOptions(report, [...path, 'options'], splitOptions(textAt(mount, 'options') ?? ''));
}

/** Which versions of another container will do. */
export function checkVersions(report: Report, path: KeyPath, version: string | undefined): void {
  if (version === undefined || checkRequirement(version) !== undefined) return;
  report.add(path, {
    code: 'TH1206',
    message: `cannot read ${quote(version)} as a requirement of versions`,
    hint: "write for example `'^1.2'`, `'>=1.0, <2.0'` or `'*'`",
  });
}

function checkOptions(report: Report, path: readonly string[], options: readonly string[]): void {
  if (options.includes('rec'))
    report.add(path, {
      code: 'TH1201',
      message: '`rec` is not an option of a resource',
      label: 'nothing is mounted inside of the files of a container',
      hint: 'remove `rec`',
    });
  else if (options.includes('rw'))
    report.add(path, {
      code: 'TH1315',
      severity: 'warning',
      message: '`rw` has no effect on a resource, which is always read-only',
      hint: 'remove `rw`; what the container writes belongs into a mount of type tmpfs, or a bind',
    });
}
