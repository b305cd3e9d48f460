import type { Report } from '../report.ts';
import type { KeyPath } from '../tree.ts';
import { formatPath } from '../tree.ts';
import { quote } from '../wording.ts';
import { checkAccess } from './device-access.ts';
import { listAt, textAt } from './look.ts';
import { checkPath } from './paths.ts';

/** The kernel takes 500 layers; so many are a mistake. */
const MOST = 64;

/** A mount of folders one over the other: there is one, each is a path of the host, and `size` is that of a tmpfs. */
export function checkOverlay(report: Report, path: KeyPath, mount: Record<string, unknown>): void {
  const at = [...path, 'lower'];
  const lower = listAt(mount, 'lower');
  if (Array.isArray(mount['lower']) && (lower.length === 0 || lower.length > MOST))
    report.add(at, {
      code: 'TH1205',
      message: `\`${formatPath(at)}\` has ${lower.length} entries, allowed 1 to ${MOST}`,
      hint: 'write the directories of the host, the uppermost first: `lower: [/srv/base]`',
    });
  lower.forEach((folder, i) => {
    if (typeof folder === 'string') checkPath(report, [...at, i], folder, 'value', 'kept');
  });
  if (textAt(mount, 'upper') === 'persist' && mount['size'] !== undefined)
    report.add([...path, 'size'], {
      code: 'TH1306',
      message: '`size` and `upper: persist` exclude each other',
      hint: 'remove `size`: only what is kept in memory has one',
      at: 'key',
    });
}

/** A mount of a device: a node below /dev, which `..` would lead out of. */
export function checkDevice(report: Report, path: KeyPath, mount: Record<string, unknown>): void {
  const host = textAt(mount, 'host');
  const at = [...path, 'host'];
  if (host !== undefined) {
    checkPath(report, at, host, 'value');
    if (!/^\/+dev\/+[^/]/.test(host))
      report.add(at, {
        code: 'TH1201',
        message: `${quote(host)} is not the path of a device`,
        hint: 'write a path below /dev, for example `host: /dev/ttyUSB0`',
      });
  }
  checkAccess(report, [...path, 'access'], textAt(mount, 'access'));
}
