import type { Report } from '../report.ts';
import { missing } from '../words-of-keys.ts';
import { listAt, mapAt, textAt } from './look.ts';
import { checkPath } from './paths.ts';

/** The keys that a type does not have. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  package: ['path', 'folders'],
  dir: ['folders'],
  host: ['path', 'overlay', 'overlay_size'],
};

/** rootfs: paths, and the keys that belong to each type. */
export function checkRootfs(report: Report, input: Record<string, unknown>): void {
  const short = textAt(input, 'rootfs');
  if (short?.startsWith('/') === true) checkPath(report, ['rootfs'], short, 'value');
  const rootfs = mapAt(input, 'rootfs');
  if (rootfs === undefined) return;
  const type = textAt(rootfs, 'type');
  const path = textAt(rootfs, 'path');
  if (path !== undefined) checkPath(report, ['rootfs', 'path'], path, 'value');
  listAt(rootfs, 'folders').forEach((folder, i) => {
    if (typeof folder === 'string') checkPath(report, ['rootfs', 'folders', i], folder, 'value');
  });
  if (type === 'dir' && rootfs['path'] === undefined)
    report.add(['rootfs', 'path'], missing(['rootfs', 'path'], '/srv/root'));
  const overlay = textAt(rootfs, 'overlay') ?? 'none';
  if (type !== 'host' && rootfs['overlay_size'] !== undefined && overlay !== 'tmpfs')
    report.add(['rootfs', 'overlay_size'], {
      code: 'TH1306',
      message: `\`rootfs.overlay_size\` and \`rootfs.overlay: ${overlay}\` exclude each other`,
      hint: 'write `overlay: tmpfs`, or remove `overlay_size`: only what is kept in memory has one',
      at: 'key',
    });
  const foreign = Object.hasOwn(FOREIGN, type ?? '') ? (FOREIGN[type ?? ''] ?? []) : [];
  for (const key of foreign)
    if (rootfs[key] !== undefined)
      report.add(['rootfs', key], {
        code: 'TH1306',
        message: `\`rootfs.${key}\` and \`rootfs.type: ${type ?? ''}\` exclude each other`,
        hint: `remove \`${key}\`, or choose the other type`,
        at: 'key',
      });
}
