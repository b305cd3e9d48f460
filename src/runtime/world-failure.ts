import type { Step } from '../launcher/index.ts';
import type { Explanation } from './image-failure.ts';

/** What the kernel refused of scheduling, labels, filters and networks. Undefined: nothing more is known than the errno. */
export function explainWorld(errno: string, step: Step, why: string): Explanation | undefined {
  if (step.op === 'user_namespace') return explainUsers(errno, why);
  if (step.op === 'sched') return explainSched(errno, step.policy, why);
  if (step.op === 'network_namespace') return explainNetwork(errno, step.file, why);
  if (step.op === 'security_label')
    return step.file === 'exec' ? explainSelinux(errno, step.text, why) : explainAppArmor(errno, step.text, why);
  if (step.op !== 'seccomp') return undefined;
  return {
    code: 'TH3010',
    message: `the kernel does not take the filter of system calls: ${why}`,
    hint: hints.seccomp[errno] ?? 'see seccomp(2) for this error',
  };
}

const hints = {
  users: {
    EINVAL: 'the kernel needs CONFIG_USER_NS=y, and ids end at 4294967294',
    ENOSPC: 'there are as many as are allowed, or 32 lie in each other: sysctl user.max_user_namespaces',
    EPERM: 'Thuban needs CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID, and a host whose root has all ids of the range',
  } as Readonly<Record<string, string>>,
  seccomp: {
    EINVAL: 'the kernel needs CONFIG_SECCOMP_FILTER=y',
    ENOMEM: 'filters of one process have 32768 instructions at most, and its memory limit counts',
    EACCES: '`process.no_new_privs: true`, the default, needs no capability; without it Thuban needs CAP_SYS_ADMIN',
  } as Readonly<Record<string, string>>,
  sched: {
    EBUSY: 'the processors have no room for this runtime in each period: ask for less (sched(7), admission control)',
    EINVAL: 'see sched(7) for what this kernel takes; a deadline is at least 1 µs of runtime',
  } as Readonly<Record<string, string>>,
};

function explainUsers(errno: string, why: string): Explanation {
  return {
    code: 'TH3010',
    message: `the user namespace cannot be made: ${why}`,
    hint: hints.users[errno] ?? 'see user_namespaces(7) for this error',
  };
}

function explainSched(errno: string, policy: string, why: string): Explanation {
  const message = `the policy \`${policy}\` cannot be set: ${why}`;
  if (errno !== 'EPERM')
    return { code: 'TH3010', message, hint: hints.sched[errno] ?? 'see sched_setattr(2) for this error' };
  const ofGroup = 'give the group a share as well: `cgroups.cpu.realtime_runtime`';
  if (policy === 'fifo' || policy === 'round_robin')
    return {
      code: 'TH3010',
      message,
      hint: `Thuban needs CAP_SYS_NICE. Where v1 groups share out real time, ${ofGroup}`,
    };
  const hint =
    policy === 'deadline'
      ? 'Thuban needs CAP_SYS_NICE, and the container all processors: no `cgroups.cpu.cpus`'
      : 'Thuban needs CAP_SYS_NICE';
  return { code: 'TH3010', message, hint };
}

function explainAppArmor(errno: string, text: string, why: string): Explanation {
  const profile = profileOf(text);
  if (errno === 'ENOENT')
    return {
      code: 'TH3010',
      message: `no profile \`${profile}\` is loaded (ENOENT)`,
      hint: `apparmor_parser -r /etc/apparmor.d/${profile}; aa-status lists what is loaded`,
    };
  return {
    code: 'TH3010',
    message: `the profile \`${profile}\` cannot be set: ${why}`,
    hint: 'see what the kernel says: dmesg | grep apparmor',
  };
}

function explainSelinux(errno: string, context: string, why: string): Explanation {
  const message = `the context \`${context}\` cannot be set: ${why}`;
  if (errno === 'EINVAL')
    return { code: 'TH3010', message, hint: 'the loaded policy does not know this user, role, type or level' };
  return { code: 'TH3010', message, hint: 'see what the policy denied: dmesg | grep avc' };
}

/** execve(2) is where a label comes into force, and where a policy refuses it; it has the same errnos for a file without the permission. */
export function explainLabelledExec(
  errno: string,
  { path }: { path: string },
  steps: readonly Step[],
  why: string,
): Explanation | undefined {
  if (errno !== 'EACCES' && errno !== 'EPERM') return undefined;
  const labels = steps.filter((step) => step.op === 'security_label');
  if (labels.length === 0) return undefined;
  const named = labels.map(({ file, text }) =>
    file === 'exec' ? `the context \`${text}\`` : `the profile \`${profileOf(text)}\``,
  );
  const logs = labels.map(({ file }) => `dmesg | grep ${file === 'exec' ? 'avc' : 'apparmor'}`);
  return {
    code: 'TH3003',
    message: `\`${path}\` cannot be executed with ${named.join(' and ')}: ${why}`,
    hint: `see what was denied: ${logs.join('; ')}. Where nothing was, the file is not executable for this user: chmod +x`,
  };
}

function profileOf(text: string): string {
  return text.replace(/^exec /, '');
}

function explainNetwork(errno: string, file: string, why: string): Explanation {
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (errno === 'ENOENT')
    return { code: 'TH3008', message: `no network namespace \`${name}\``, hint: `ip netns add ${name}` };
  if (errno === 'EINVAL')
    return {
      code: 'TH3008',
      message: `\`${file}\` is a file, but no network namespace`,
      hint: `it is what is left of one that was removed, or another mount namespace has it: ip netns delete ${name}, then ip netns add ${name}`,
    };
  return { code: 'TH3010', message: `the network namespace \`${name}\` cannot be entered: ${why}` };
}
