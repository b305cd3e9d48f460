import { constants } from 'node:os';
import { suggest } from '../base/index.ts';
import type { Manifest, Seccomp, SyscallRule } from '../manifest/index.ts';
import { compileFilter, defaultProfile, profileCalls, Verdict, type CallRule } from '../seccomp/index.ts';
import type { LaunchDraft } from './plan-draft.ts';

/** Of a few architectures only, and in no profile: what is written for one board is no slip of the pen on another. */
const OLD_CALLS =
  '_sysctl afs_syscall bdflush create_module fadvise64_64 get_kernel_syms getpmsg ipc lookup_dcookie nfsservctl nice pciconfig_iobase ' +
  'pciconfig_read pciconfig_write putpmsg query_module security socketcall stime sysfs tuxcall uselib ustat vserver waitpid';

/**
 * The filter of system calls. What is denied comes first, then what the manifest allows, then the profile. The launcher puts it in force right
 * before execve, which it therefore always allows.
 */
export function planSeccomp(manifest: Manifest, noNewPrivileges: boolean, draft: LaunchDraft): void {
  const { seccomp } = manifest;
  if (seccomp === undefined) return;
  const { syscalls } = draft.facts;
  if (syscalls === undefined || syscalls === null) {
    const [message, hint] =
      syscalls === null
        ? ['this kernel cannot filter system calls', 'build it with CONFIG_SECCOMP_FILTER=y']
        : ['the facts of that board do not say its system calls', 'take them anew there: thuban plan --json FILE'];
    draft.problem('TH2018', message, hint, 'seccomp');
    return;
  }
  checkNames(seccomp, syscalls.numbers, draft);
  const denied = verdictOf(seccomp, draft);
  const rules: CallRule[] = [
    ...rulesOf(seccomp.deny, denied),
    { call: 'execve', verdict: Verdict.ALLOW },
    ...rulesOf(seccomp.allow, Verdict.ALLOW),
    ...(seccomp.profile === undefined ? [] : defaultProfile(new Set(manifest.capabilities), denied)),
  ];
  try {
    const { program } = compileFilter({ rules, otherwise: denied }, syscalls);
    draft.steps.push({ op: 'seccomp', program: program.toString('base64'), admin: !noNewPrivileges, key: 'seccomp' });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    draft.problem('TH1205', `\`seccomp\` makes ${error.message}`, 'name fewer values, or masks instead', 'seccomp');
  }
}

/** What a call meets that is not allowed. */
function verdictOf({ action, errno = 'EPERM' }: Seccomp, draft: LaunchDraft): number {
  if (action === 'log') return Verdict.LOG;
  if (action !== 'errno') return Verdict.KILL_PROCESS;
  const numbers: Readonly<Record<string, number>> = constants.errno;
  const number = Object.hasOwn(numbers, errno) ? numbers[errno] : undefined;
  if (number !== undefined) return Verdict.errno(number);
  const meant = suggest(errno, Object.keys(numbers));
  const hint = meant === undefined ? 'names are in errno(3): EPERM, ENOSYS' : `did you mean \`${meant}\`?`;
  draft.problem('TH1201', `\`${errno}\` is not a name of an error number`, hint, 'seccomp.errno');
  return Verdict.KILL_PROCESS;
}

function rulesOf(list: Readonly<Record<string, SyscallRule>> | undefined, verdict: number): CallRule[] {
  return Object.entries(list ?? {}).map(([call, rule]) => {
    if (rule === 'any') return { call, verdict };
    const { index, values = [], mask } = rule.args;
    const when = { index, values: values.map(BigInt), ...(mask === undefined ? {} : { mask: BigInt(mask) }) };
    return { call, when, verdict };
  });
}

/** A name that no architecture knows would be denied by nobody, or allowed to nobody. One of another architecture is left out. */
function checkNames(seccomp: Seccomp, here: Readonly<Record<string, number>>, draft: LaunchDraft): void {
  const known = new Set([...Object.keys(here), ...profileCalls(), ...OLD_CALLS.split(' ')]);
  for (const list of ['allow', 'deny'] as const)
    for (const name of Object.keys(seccomp[list] ?? {})) {
      if (known.has(name)) continue;
      const meant = suggest(name, known);
      const hint = meant === undefined ? 'names are in syscalls(2)' : `did you mean \`${meant}\`?`;
      draft.problem('TH1201', `\`${name}\` is not a system call`, hint, `seccomp.${list}.${name}`);
    }
  if (seccomp.deny?.['execve'] === undefined) return;
  const hint = 'deny `execveat` and the calls that make processes instead: `clone`, `clone3`, `fork`, `vfork`';
  draft.problem('TH1306', '`seccomp.deny.execve` would deny the start itself', hint, 'seccomp.deny.execve');
}
