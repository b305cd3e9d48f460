import { knobRemedy } from './controllers.ts';
import type { Monitor, Notice } from './plan-types.ts';

const HINTS: Record<string, string> = {
  EPERM: 'give Thuban CAP_SYS_RESOURCE',
  EACCES: 'give Thuban CAP_SYS_RESOURCE',
  EINVAL: 'the kernel takes windows up to 10 s, without CAP_SYS_RESOURCE only multiples of 2 s',
  EOPNOTSUPP: 'cgroups v1 has no notifications on PREEMPT_RT kernels: boot with cgroups v2, or remove `pressure`',
  EMFILE: 'raise the limit of open files of the daemon (LimitNOFILE= in its unit)',
};

/** Why the kernel does not watch: without PSI the file is missing, or there but of no use (`psi=0`). */
export function monitorRefusal({ kind, file, text, key }: Monitor, errno: string): Notice {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const absent = errno === 'ENOENT' || (errno === 'EOPNOTSUPP' && kind !== 'level');
  if (absent) return { code: 'TH2002', message: `${name} is missing on this kernel`, hint: knobRemedy(name), key };
  const hint = HINTS[errno];
  return {
    code: 'TH2015',
    message: `the kernel does not watch \`${text}\` of ${name} (${errno})`,
    ...(hint === undefined ? {} : { hint }),
    key,
  };
}
