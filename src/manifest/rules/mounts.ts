import type { Report } from '../report.ts';
import { quote } from '../wording.ts';
import { bytes, isMap, mapAt, textAt } from './look.ts';
import { checkOptions } from './mount-options.ts';
import { checkDevice, checkOverlay } from './mount-sources.ts';
import { checkPath, MAX_PATH } from './paths.ts';
import { checkResource } from './resource.ts';
import { checkTypedKeys, keysOfType, type TypedKeys } from './typed-keys.ts';

/** What each kind of mount needs and may have beside `type`. */
const KEYS: TypedKeys = {
  bind: { needs: ['host'], may: ['options', 'optional'] },
  tmpfs: { needs: ['size'], may: [] },
  proc: { needs: [], may: [] },
  dev: { needs: [], may: [] },
  sysfs: { needs: [], may: [] },
  resource: { needs: ['name', 'version', 'dir'], may: ['options'] },
  persist: { needs: [], may: ['mode'] },
  sockets: { needs: [], may: [] },
  device: { needs: ['host'], may: ['access', 'mode', 'optional', 'wait'] },
  overlay: { needs: ['lower'], may: ['upper', 'size'] },
};

const EXAMPLES = { host: '/lib', size: '4 MiB', name: 'fonts', version: '^1.2', dir: '/', lower: ['/srv/base'] };
const DEVICE_EXAMPLES = { host: '/dev/ttyUSB0' };

/** All keys that a mount of this type may have. */
export function keysOfMount(type: string): string[] | undefined {
  return keysOfType(KEYS, type);
}

/** mounts: no target leaves the root by `..`, and no bind target lies inside of another. */
export function checkMounts(report: Report, input: Record<string, unknown>): void {
  const mounts = mapAt(input, 'mounts') ?? {};
  const targets: Target[] = [];
  for (const [target, mount] of Object.entries(mounts)) {
    if (!isMap(mount)) continue;
    const path = ['mounts', target];
    const type = textAt(mount, 'type') ?? '';
    checkTarget(report, path, target, type);
    const host = textAt(mount, 'host');
    if (host !== undefined && type !== 'device') checkPath(report, [...path, 'host'], host, 'value', 'kept');
    checkTypedKeys(report, path, mount, KEYS, 'a mount', type === 'device' ? DEVICE_EXAMPLES : EXAMPLES);
    checkOptions(report, [...path, 'options'], textAt(mount, 'options'));
    if (type === 'resource') checkResource(report, path, mount);
    if (type === 'device') checkDevice(report, path, mount);
    if (type === 'overlay') checkOverlay(report, path, mount);
    if (bytes(target) <= MAX_PATH) targets.push({ target, clean: clean(target), bind: type === 'bind' });
  }
  checkOverlap(report, targets);
}

/** As in Northstar only the target of a bind must be absolute; another one counts from the root. */
function checkTarget(report: Report, path: readonly string[], target: string, type: string): void {
  const absolute = type === 'bind' || target === '' || target.startsWith('/') ? target : `/${target}`;
  checkPath(report, path, absolute, 'key');
}

interface Target {
  target: string;
  clean: string;
  bind: boolean;
}

/** Without empty and `.` parts: two names of one place compare equal. */
function clean(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

/** Each bind target against the ones that enclose it, looked up by prefix so that many mounts stay cheap. */
function checkOverlap(report: Report, targets: readonly Target[]): void {
  const byPath = new Map<string, Target>();
  for (const target of targets) {
    const same = byPath.get(target.clean);
    if (same === undefined) byPath.set(target.clean, target);
    else
      tellOverlap(report, target, same, `mounts ${quote(target.target)} and ${quote(same.target)} are the same place`);
  }
  const lengths = new Set(Array.from(byPath.keys(), (path) => path.length));
  for (const target of targets) {
    const outer = target.bind ? enclosing(target.clean, byPath, lengths) : undefined;
    if (outer === undefined) continue;
    tellOverlap(report, target, outer, `mount ${quote(target.target)} lies inside mount ${quote(outer.target)}`);
  }
}

/** The nearest other bind target that is a path prefix; lengths are compared first, because a path may be long. */
function enclosing(
  path: string,
  byPath: ReadonlyMap<string, Target>,
  lengths: ReadonlySet<number>,
): Target | undefined {
  for (let at = path.length - 1; at >= 0 && path !== '/'; at--) {
    if (path.charAt(at) !== '/' || !lengths.has(Math.max(at, 1))) continue;
    const outer = byPath.get(path.slice(0, Math.max(at, 1)));
    if (outer?.bind === true) return outer;
  }
  return undefined;
}

function tellOverlap(report: Report, inner: Target, outer: Target, message: string): void {
  const text = 'bind targets must not overlap; move one';
  report.add(['mounts', inner.target], {
    code: 'TH1301',
    message,
    label: text,
    hint: text,
    at: 'key',
    related: { path: ['mounts', outer.target], at: 'key', label: 'first mount' },
  });
}
