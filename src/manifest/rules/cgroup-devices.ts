import { pressureDefaults } from '../defaults.ts';
import { readDuration } from '../quantities/index.ts';
import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { checkAccess } from './device-access.ts';
import { isMap, listAt, mapAt, numberOf, textAt } from './look.ts';

/** cgroups.devices: letters that there are, and no numbers beside `a`, where the kernel does not look at them. */
export function checkDeviceRules(report: Report, input: Record<string, unknown>): void {
  listAt(mapAt(input, 'cgroups'), 'devices').forEach((rule, i) => {
    if (!isMap(rule)) return;
    const path: KeyPath = ['cgroups', 'devices', i];
    checkAccess(report, [...path, 'access'], textAt(rule, 'access'));
    if ((rule['type'] ?? 'a') !== 'a') return;
    for (const key of ['major', 'minor'])
      if (rule[key] !== undefined)
        report.add([...path, key], {
          code: 'TH1306',
          message: `\`${key}\` and \`type: a\`, which is every device, exclude each other`,
          hint: 'write `type: c` for a character device, or `type: b` for a block device',
          at: 'key',
        });
  });
}

/** The kernel counts in these. */
const MICROSECOND = 1e-6;

/** cgroups.memory.pressure: what the kernel takes, Documentation/accounting/psi.rst: a time above 0 and up to the window. */
export function checkPressure(report: Report, input: Record<string, unknown>): void {
  const pressure = mapAt(input, 'cgroups', 'memory', 'pressure');
  if (pressure === undefined) return;
  const path = ['cgroups', 'memory', 'pressure'];
  const written = pressure['window'];
  const window = numberOf(written ?? pressureDefaults.window, readDuration);
  for (const key of ['some', 'full']) {
    const time = numberOf(pressure[key], readDuration);
    if (time === undefined || window === undefined || (time >= MICROSECOND && time <= window)) continue;
    report.add([...path, key], {
      code: 'TH1205',
      message: `\`${key}\` is ${String(pressure[key])}, allowed above 0 and up to the window, which is ${window} s`,
      hint: `write for example \`${key}: 150 ms\``,
    });
  }
  if (['some', 'full', 'level'].every((key) => pressure[key] === undefined))
    report.add(path, {
      code: 'TH1104',
      message: '`cgroups.memory.pressure` does not say from when on',
      hint: 'add `some: 150 ms` or `full: 50 ms` (cgroups v2), or `level: medium` (v1)',
    });
}
