import { quote, type KeyPath, type Report } from '../manifest/index.ts';
import { checkCleanPath, cleanPath } from './check-text.ts';

/** Every signature may be tried with every key. */
const MOST = 64;

/** repositories.*.keys: absolute paths, each once. Whether a file holds a key is found out where it is read. */
export function checkKeys(report: Report, path: KeyPath, keys: readonly unknown[]): void {
  if (keys.length > MOST)
    report.add(path, {
      code: 'TH1205',
      message: `${quote(path.join('.'))} has ${keys.length} keys, allowed 0 to ${MOST}`,
      hint: 'remove the keys that sign nothing any more',
    });
  const first = new Map<string, number>();
  keys.forEach((key, i) => {
    if (typeof key !== 'string' || !checkCleanPath(report, [...path, i], key)) return;
    const before = first.get(cleanPath(key));
    if (before === undefined) first.set(cleanPath(key), i);
    else
      report.add([...path, i], {
        code: 'TH1006',
        message: `${quote(key)} appears twice in keys`,
        hint: 'remove one of them',
        related: { path: [...path, before], label: 'first here' },
      });
  });
}
