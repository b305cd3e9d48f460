import type { ManifestInput } from './generated/manifest-input.d.ts';
import { userNamespaceDefaults } from './defaults.ts';
import type {
  Console,
  Network,
  Paths,
  Sched,
  Seccomp,
  Selinux,
  Socket,
  SyscallArgs,
  SyscallRule,
  Uint64,
} from './isolation.ts';
import type { Manifest } from './manifest.ts';
import { exactUint64, readCpuTime } from './quantities/index.ts';
import { mapValues, valueOf } from './values.ts';

/** paths, user_namespace, sched, network, seccomp, selinux, apparmor, sockets, console, custom: the process's world. */
export function normaliseIsolation(input: ManifestInput): Partial<Manifest> {
  return {
    ...(input.paths === undefined ? {} : { paths: { ...input.paths } as Paths }),
    ...(input.user_namespace === undefined
      ? {}
      : { user_namespace: { ...userNamespaceDefaults, ...input.user_namespace } }),
    ...(input.sched === undefined ? {} : { sched: sched(input.sched) }),
    ...(input.network === undefined ? {} : { network: network(input.network) }),
    ...(input.seccomp === undefined ? {} : { seccomp: seccomp(input.seccomp) }),
    ...(input.selinux === undefined ? {} : { selinux: selinux(input.selinux) }),
    ...(input.apparmor === undefined ? {} : { apparmor: { ...input.apparmor } }),
    ...(input.sockets === undefined ? {} : { sockets: mapValues(input.sockets, socket) }),
    ...(input.console === undefined ? {} : { console: console(input.console) }),
    ...(input.custom === undefined ? {} : { custom: input.custom }),
  };
}

function sched({ policy }: NonNullable<ManifestInput['sched']>): Sched {
  if (typeof policy === 'string') return { policy: policy as 'idle' | 'deadline' };
  const times = policy.deadline;
  if (times === undefined) return { policy: policy as Sched['policy'] };
  const [runtime, deadline, period] = [times.runtime, times.deadline, times.period].map((time) =>
    valueOf(readCpuTime(time)),
  );
  return { policy: { deadline: { runtime: runtime ?? 0, deadline: deadline ?? 0, period: period ?? 0 } } };
}

function network(input: NonNullable<ManifestInput['network']>): Network {
  if (typeof input === 'string') return input as 'none' | 'host';
  return { namespace: input.namespace ?? '' };
}

function seccomp(input: NonNullable<ManifestInput['seccomp']>): Seccomp {
  return {
    ...(input.profile === undefined ? {} : { profile: input.profile }),
    ...(input.action === undefined ? {} : { action: input.action }),
    ...(input.errno === undefined ? {} : { errno: input.errno }),
    ...(input.allow === undefined ? {} : { allow: mapValues(input.allow, syscallRule) }),
    ...(input.deny === undefined ? {} : { deny: mapValues(input.deny, syscallRule) }),
  };
}

type RuleInput = NonNullable<NonNullable<ManifestInput['seccomp']>['allow']>[string];

function syscallRule(input: RuleInput): SyscallRule {
  if (typeof input === 'string' || input.args === undefined) return 'any';
  const args: SyscallArgs = { index: input.args.index };
  if (input.args.values !== undefined) args.values = input.args.values.map(uint64);
  if (input.args.mask !== undefined) args.mask = uint64(input.args.mask);
  return { args };
}

function uint64(written: string | number): Uint64 {
  const exact = exactUint64(written);
  if (exact === undefined) throw new Error('a number of 64 bits was not checked');
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact.toString();
}

function selinux(input: NonNullable<ManifestInput['selinux']>): Selinux {
  return { ...input };
}

function socket(input: NonNullable<ManifestInput['sockets']>[string]): Socket {
  return { ...input };
}

/** A permission twice counts once. */
function console({ permissions }: NonNullable<ManifestInput['console']>): Console {
  if (typeof permissions === 'string') return { permissions: 'full' };
  return { permissions: [...new Set<string>(permissions)].toSorted() };
}
