import { Option } from 'commander';
import type { CommandEntry } from './command.ts';
import { cgroupParent, resourceFolder, trustedKeys } from './options.ts';

export const declare: readonly CommandEntry[] = [
  {
    usage: 'validate [file...]',
    group: 'Declare:',
    summary: 'Show everything that is wrong with manifests',
    examples: [
      'thuban validate camera.yaml',
      'thuban validate --json /var/lib/thuban/repository',
      'thuban validate --config /etc/thuban/thuban.yaml',
    ],
    exitCodes: '0 no errors, 1 errors (with --strict also warnings), 2 usage',
    options: [
      new Option('--strict', 'count warnings as errors'),
      new Option('--config <file>', 'check a configuration of the daemon, with the drop-ins beside it'),
    ],
    run: async ({ args, flags, context }) => (await import('../validate.ts')).validate(args, flags, context),
  },
  {
    usage: 'plan <file>',
    group: 'Declare:',
    summary: 'Show what a start would do, and do nothing',
    examples: ['thuban plan camera.yaml', 'thuban plan --cgroups v1 camera-2.1.0.tar'],
    exitCodes: '0 it can be started, 1 it cannot, 2 usage',
    options: [
      new Option('--cgroups <version>', 'plan for a plain machine of this cgroup version').choices(['v1', 'v2']),
      new Option('--facts <file>', 'plan for the board that these facts were taken from (see plan --json)'),
      trustedKeys(),
      resourceFolder(),
      cgroupParent(),
    ],
    run: async ({ args: [file = ''], flags, context }) =>
      (await import('../plan.ts')).planCommand(file, flags, context),
  },
];
