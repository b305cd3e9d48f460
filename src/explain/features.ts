import type { Pages } from './page.ts';

/** TH20: what a kernel lacks, cgroups apart. */
export const features: Pick<Pages<'2'>, 'TH2018'> = {
  TH2018: {
    causes: [
      'The kernel was built without it: `seccomp` needs CONFIG_SECCOMP_FILTER, `apparmor` CONFIG_SECURITY_APPARMOR, `user_namespace` CONFIG_USER_NS.',
      'The board forbids it: `sysctl user.max_user_namespaces` is 0.',
      'It was built with AppArmor and booted without: its name is missing in `lsm=`, or in CONFIG_LSM.',
      'The manifest is planned for another board, by facts that an older Thuban took there.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2018]: this kernel runs without AppArmor',
        '  from apparmor   app.yaml:9:1',
        '  hint: boot it with `apparmor=1 lsm=...,apparmor`, or write',
        '    `optional: true` beside the profile',
        '$ cat /sys/kernel/security/lsm',
        'capability,yama',
      ],
    },
    fixes: [
      'Boot a kernel that has it. `sudo thuban doctor` tries what the kernel of a board can do.',
      'For a profile of AppArmor: `optional: true` starts without it where the kernel has none.',
      'A filter of system calls cannot be optional: remove `seccomp` from the manifest for such a board.',
    ],
  },
};
