import type { Report } from '../report.ts';
import { missing } from '../words-of-keys.ts';
import { quote } from '../wording.ts';
import { bytes, isMap, mapAt, textAt } from './look.ts';
import { checkOptions } from './mount-options.ts';
import { checkPath, MAX_PATH } from './paths.ts';
import { checkResource } from './resource.ts';

/** What each kind of mount needs and may have beside `type`. */
const KEYS: Readonly<Record<string, { needs: readonly string[]; may: readonly string[] }>> = {
  bind: { needs: ['host'], may: ['options', 'optional'] },
  tmpfs: { needs: ['size'], may: [] },
  proc: { needs: [], may: [] },
  dev: { needs: [], may: [] },
  sysfs: { needs: [], may: [] },
  resource: { needs: ['name', 'version', 'dir'], may: ['options'] },
  persist: { needs: [], may: ['mode'] },
  sockets: { needs: [], may: [] },
};

/** All keys that a mount of this type may have. */
export function keysOfMount(type: string): string[] | undefined {
  const keys = Object.hasOwn(KEYS, type) ? KEYS[type] : undefined;
  return keys === undefined ? undefined : ['type', ...keys.needs, ...keys.may];
}

const ALL_KEYS = [...new Set(Object.values(KEYS).flatMap(({ needs, may }) => [...needs, ...may]))];

const EXAMPLES: Readonly<Record<string, string>> = {
  host: '/lib',
  size: '4 MiB',
  name: 'fonts',
  version: '^1.2',
  dir: '/',
};

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
    if (host !== undefined) checkPath(report, [...path, 'host'], host, 'value', 'kept');
    checkKeys(report, path, type, mount);
    checkOptions(report, [...path, 'options'], textAt(mount, 'options'));
    if (type === 'resource') checkResource(report, path, mount);
    if (bytes(target) <= MAX_PATH) targets.push({ target, clean: clean(target), bind: type === 'bind' });
  }
  checkOverlap(report, targets);
}

/** As in Northstar only the target of a bind must be absolute; another one counts from the root. */
function checkTarget(report: Report, path: readonly string[], target: string, type: string): void {
  const absolute = type === 'bind' || target === '' || target.startsWith('/') ? target : `/${target}`;
  checkPath(report, path, absolute, 'key');
}

function checkKeys(report: Report, path: readonly string[], type: string, mount: Record<string, unknown>): void {
  const keys = Object.hasOwn(KEYS, type) ? KEYS[type] : undefined;
  if (keys === undefined) return;
  for (const key of keys.needs)
    if (mount[key] === undefined) report.add([...path, key], missing([...path, key], EXAMPLES[key]));
  const allowed = keysOfMount(type) ?? [];
  for (const key of ALL_KEYS.filter((name) => !allowed.includes(name)))
    if (mount[key] !== undefined)
      report.add([...path, key], {
        code: 'TH1102',
        message: `unknown key \`${key}\` in a mount of type ${type}`,
        hint: `remove it; keys here: ${allowed.join(', ')}`,
        at: 'key',
      });
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
