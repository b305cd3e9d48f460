import type { Report } from '../report.ts';
import { quote } from '../wording.ts';
import { checkName } from './identity.ts';
import { mapAt, textAt } from './look.ts';
import { checkVersions } from './resource.ts';

/** depends_on: names that containers can have, none its own, and versions that can be asked for. */
export function checkDependencies(report: Report, input: Record<string, unknown>): void {
  for (const [name, dependency] of Object.entries(mapAt(input, 'depends_on') ?? {})) {
    const path = ['depends_on', name];
    checkName(report, path, name, 'key');
    if (name === input['name'])
      report.add(path, {
        code: 'TH1405',
        message: `${quote(name)} depends on itself, so it could never start`,
        hint: 'remove it',
        at: 'key',
        related: { path: ['name'], label: 'its own name' },
      });
    checkVersions(report, [...path, 'version'], textAt(mapAt(dependency), 'version'));
  }
}
