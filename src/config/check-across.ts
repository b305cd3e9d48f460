import {
  isMap,
  mapAt,
  missing,
  quote,
  readDuration,
  readSize,
  textAt,
  type Finding,
  type KeyPath,
} from '../manifest/index.ts';
import { cleanPath } from './check-text.ts';
import { checkReplaced } from './check-replaced.ts';
import { ownerOf, valueAt, type Part } from './part.ts';

type Values = Record<string, unknown>;

/**
 * Rules about values that must fit each other, wherever they were set. `values` are all values with the defaults. A finding stands in the
 * part that set the value, or else the other one.
 */
export function checkAcross(parts: readonly Part[], values: Values): void {
  checkOrder(parts, values, ['restart', 'initial_delay'], ['restart', 'max_delay'], readDuration);
  checkOrder(parts, values, ['logs', 'max_line'], ['logs', 'size'], readSize);
  checkOrder(parts, values, ['logs', 'size'], ['logs', 'total_size'], readSize);
  checkFolders(parts, values);
  checkReplaced(parts);
  const repositories = mapAt(values, 'repositories');
  if (repositories !== undefined) checkRepositories(parts, repositories);
}

/** The value at `low` is at most the one at `high`. */
function checkOrder(
  parts: readonly Part[],
  values: Values,
  low: KeyPath,
  high: KeyPath,
  read: typeof readDuration | typeof readSize,
): void {
  const [less, more] = [valueAt(values, low), valueAt(values, high)];
  const [least, most] = [numberOf(less, read), numberOf(more, read)];
  if (least === undefined || most === undefined || least <= most) return;
  const [owner, other] = [ownerOf(parts, high), ownerOf(parts, low)];
  const path = owner === undefined ? low : high;
  const finding: Finding = {
    code: 'TH1205',
    message: `\`${high.join('.')}\` is ${String(more)}, less than \`${low.join('.')}\`, which is ${String(less)}`,
    hint: `raise \`${high.join('.')}\` or lower \`${low.join('.')}\``,
  };
  if (owner !== undefined && owner === other) finding.related = { path: low, label: '' };
  (owner ?? other)?.report.add(path, finding);
}

function numberOf(value: unknown, read: typeof readDuration | typeof readSize): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const reading = read(value);
  return 'value' in reading ? reading.value : undefined;
}

/** What lies in the run directory does not survive a boot. */
function checkFolders(parts: readonly Part[], values: Values): void {
  const [run, data] = [textAt(values, 'run_dir'), textAt(values, 'data_dir')];
  if (run === undefined || data === undefined || !`${cleanPath(data)}/`.startsWith(`${cleanPath(run)}/`)) return;
  // With the defaults they are apart, so that somebody has set one of them.
  const [owner, path] = [ownerOf(parts, ['data_dir']), ['data_dir']];
  (owner ?? ownerOf(parts, ['run_dir']))?.report.add(owner === undefined ? ['run_dir'] : path, {
    code: 'TH1306',
    message: `\`data_dir\` ${quote(cleanPath(data))} lies in \`run_dir\` ${quote(cleanPath(run))}, which does not survive a boot`,
    hint: 'choose another folder, for example `data_dir: /var/lib/thuban`',
  });
}

function checkRepositories(parts: readonly Part[], repositories: Values): void {
  if (Object.keys(repositories).length === 0) {
    const path = ['repositories'];
    ownerOf(parts, path)?.report.add(path, {
      code: 'TH1104',
      message: '`repositories` names no repository',
      hint: 'add `default: {dir: /var/lib/thuban/repository}`, or remove `repositories`',
      at: 'key',
    });
  }
  const first = new Map<string, string>();
  for (const [name, repository] of Object.entries(repositories)) {
    if (!isMap(repository)) continue;
    const path = ['repositories', name, 'dir'];
    const dir = textAt(repository, 'dir');
    if (repository['dir'] === undefined)
      ownerOf(parts, path.slice(0, 2))?.report.add(path, missing(path, '/var/lib/thuban/repository'));
    checkSignature(parts, name, repository);
    if (dir === undefined) continue;
    const before = first.get(cleanPath(dir));
    if (before === undefined) first.set(cleanPath(dir), name);
    else reportSame(parts, path, dir, ['repositories', before, 'dir']);
  }
}

/** Without a key no signature can be the right one. */
function checkSignature(parts: readonly Part[], name: string, repository: Values): void {
  const keys = repository['keys'];
  if (repository['require_signature'] !== true || !Array.isArray(keys) || keys.length > 0) return;
  const path = ['repositories', name, 'require_signature'];
  ownerOf(parts, path)?.report.add(path, {
    code: 'TH1104',
    message: `\`${path.join('.')}\` needs at least one key`,
    hint: 'add `keys: [/etc/thuban/keys/vendor.pub]` beside it',
  });
}

function reportSame(parts: readonly Part[], path: KeyPath, dir: string, before: KeyPath): void {
  const [owner, other] = [ownerOf(parts, path), ownerOf(parts, before)];
  const finding: Finding = {
    code: 'TH1306',
    message: `the repositories \`${String(before[1])}\` and \`${String(path[1])}\` have the same folder ${quote(cleanPath(dir))}`,
    hint: 'choose another folder, or remove one repository',
  };
  if (owner === other) finding.related = { path: before, label: 'first here' };
  owner?.report.add(path, finding);
}
