import type { Report } from '../report.ts';
import { quote } from '../wording.ts';
import { bytes, mapAt, textAt } from './look.ts';
import { MAX_PATH } from './paths.ts';

/** cgroups.parent: a path below the mount of the hierarchy, which it must not leave. */
export function checkCgroupParent(report: Report, input: Record<string, unknown>): void {
  const parent = textAt(mapAt(input, 'cgroups'), 'parent');
  if (parent === undefined) return;
  const steps = parent.split('/').filter((step) => step !== '');
  const path = ['cgroups', 'parent'];
  if (steps.includes('..') || steps.includes('.'))
    report.add(path, {
      code: 'TH1211',
      message: `${quote(parent)} contains \`${steps.includes('..') ? '..' : '.'}\``,
      hint: 'write the path from the mount of the hierarchy down: `apps/video`',
    });
  else if (steps.length === 0 || bytes(parent) > MAX_PATH)
    report.add(path, {
      code: 'TH1201',
      message: `${quote(parent)} is not a path of a group`,
      hint: 'write for example `parent: apps/video`, or leave it out',
    });
}
