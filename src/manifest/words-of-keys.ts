import type { Shape } from './generated/shape.d.ts';
import type { Finding } from './report.ts';
import { formatPath, type KeyPath, type TreeNode } from './tree.ts';
import { example, quote } from './wording.ts';

/** What a value at a key is called. `*` stands for any name or index. */
const NOUNS: Readonly<Record<string, string>> = {
  restart: 'restart policy',
  'restart.policy': 'restart policy',
  autostart: 'start mode',
  'io.stdout': 'kind of output',
  'io.stderr': 'kind of output',
  'mounts.*.type': 'mount type',
  'capabilities.*': 'capability',
  'stop.signal': 'signal that stops a program',
  'cgroups.enforce': 'way to enforce limits',
  rootfs: 'root filesystem',
  'rootfs.type': 'kind of root filesystem',
  'rootfs.overlay': 'kind of overlay',
};

/** What is expected at a key, where the type alone would not say it. */
const EXPECTED: Readonly<Record<string, string>> = {
  mounts: 'a map of target to mount',
  env: 'a map of name to value',
  rlimits: 'a map of resource to limits',
  args: 'a list of arguments',
  suppl_groups: 'a list of group names',
  capabilities: 'a list of capabilities',
  restart: 'one of never, on_failure, always, or a map',
  rootfs: '`host`, an absolute directory, or a map',
  'cgroups.rdma': 'a map of device to limits',
  'cgroups.unified': 'a map of file to text',
};

const QUANTITIES: Readonly<Record<string, string>> = {
  size: 'a size',
  memory_limit: 'a size',
  rate: 'a rate',
  duration: 'a duration',
  cpu_time: 'a CPU time',
  cpu_quota: 'a CPU amount',
  share: 'a share',
  count_limit: 'a count',
  restart_count: 'a count',
  rlimit_value: 'a number or `unlimited`',
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: '`true` or `false`',
  object: 'a map',
  array: 'a list',
};

const MISSING: Readonly<Record<string, { label: string; hint: string }>> = {
  name: { label: 'a container needs a name', hint: 'add `name: camera`' },
  version: { label: 'a container needs a version', hint: 'add `version: 1.0.0`' },
  uid: {
    label: 'a container needs a user to run as',
    hint: 'add `uid: 1000` (1 to 65535; root is not allowed)',
  },
  gid: {
    label: 'a container needs a group to run as',
    hint: 'add `gid: 1000` (1 to 65535; root is not allowed)',
  },
};

/** `restart policy` for `restart`; a plain word where nothing better is known. */
export function noun(path: KeyPath): string {
  return NOUNS[pattern(path)] ?? NOUNS[path.join('.')] ?? `value of \`${formatPath(path)}\``;
}

/** `a map of target to mount` for `mounts`. */
export function expectation(path: KeyPath, shape: Shape | undefined): string {
  const special = EXPECTED[path.join('.')];
  if (special !== undefined) return special;
  if (shape?.quantity !== undefined) return QUANTITIES[shape.quantity] ?? 'a quantity';
  return (shape?.types ?? []).map((type) => TYPES[type] ?? type).join(' or ');
}

/** What stands in the file, for a person. */
export function found(node: TreeNode | undefined): string {
  if (node === undefined) return 'empty';
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map';
  if (node.plain && /^(|~|null|Null|NULL)$/.test(node.text)) return 'empty';
  return node.plain ? quote(node.text) : `the text ${quote(node.text)}`;
}

/** The finding about a mandatory key that is not there. */
export function missing(path: KeyPath, value: unknown): Finding {
  const key = String(path.at(-1));
  const known = path.length === 1 && Object.hasOwn(MISSING, key) ? MISSING[key] : undefined;
  const message = `\`${formatPath(path)}\` is missing`;
  const extra = known ?? { hint: `add \`${example(key, value ?? '…')}\`` };
  return { code: 'TH1104', message, ...extra, at: 'key' };
}

function pattern(path: KeyPath): string {
  return path
    .map((step, i) => (i === 1 && (path[0] === 'mounts' || path[0] === 'capabilities') ? '*' : step))
    .join('.');
}
