import { Option } from 'commander';
import type { CommandEntry } from './command.ts';
import { cgroupParent, daemonOptions, dataDir, resourceFolder, trustedKeys, wide, yes } from './options.ts';

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
    usage: 'schema',
    group: 'Declare:',
    summary: 'Print the JSON Schema of manifests, for editors',
    examples: [
      'thuban schema > manifest.schema.json',
      "sed -i '1i # yaml-language-server: $schema=manifest.schema.json' camera.yaml",
      'thuban schema --config > config.schema.json',
    ],
    exitCodes: '0 done, 2 usage',
    options: [new Option('--config', 'that of the configuration of the daemon')],
    run: async ({ flags }) => (await import('../schema.ts')).schema(flags),
  },
  {
    usage: 'plan <file>',
    group: 'Declare:',
    summary: 'Show what a start would do, and do nothing',
    examples: ['thuban plan camera.yaml', 'thuban plan --cgroups v1 camera-2.1.0.tar'],
    exitCodes: '0 it can be started, 1 it cannot, 2 usage',
    options: [
      new Option('--cgroups <version>', 'plan for a plain machine of this cgroup version').choices(['v1', 'v2']),
      new Option('--rootless', 'plan for the user who asks, as `run` without root would do it'),
      new Option('--facts <file>', 'plan for the board that these facts were taken from (see plan --json)'),
      trustedKeys(),
      resourceFolder(),
      dataDir(),
      cgroupParent(),
    ],
    run: async ({ args: [file = ''], flags, context }) =>
      (await import('../plan.ts')).planCommand(file, flags, context),
  },
  {
    usage: 'diff',
    group: 'Declare:',
    summary: 'Show repositories against what the daemon has',
    examples: ['thuban diff', 'thuban diff --exit-code --json'],
    exitCodes: '0 done, 1 not, 2 usage; with --exit-code 4 there are differences, or rejected files',
    options: [
      new Option('--exit-code', 'end with 4 when there are differences, or rejected files'),
      wide(),
      ...daemonOptions(),
    ],
    run: async ({ flags, context }) => (await import('../repository/diff.ts')).diff(flags, context),
  },
  {
    usage: 'apply',
    group: 'Declare:',
    summary: 'Read the repositories now, wait until all is done',
    examples: ['thuban apply', 'thuban apply --dry-run'],
    exitCodes: '0 done, 1 something was not, or a file is rejected; 2 usage; 130 Ctrl-C',
    options: [new Option('--dry-run', 'do nothing, show what would be done'), wide(), ...daemonOptions()],
    run: async ({ flags, context }) => (await import('../repository/apply.ts')).apply(flags, context),
  },
  {
    usage: 'update <name>',
    group: 'Declare:',
    summary: 'Change limits of a container while it runs',
    examples: ['thuban update camera --file camera.yaml', 'thuban update camera --file limits.yaml --dry-run'],
    exitCodes: '0 done, 1 not, and the old limits stand; 2 usage',
    options: [
      new Option('--file <file>', 'a manifest, or a file with only a `cgroups` section'),
      new Option('--force', 'also below what is in use: the kernel kills what does not fit'),
      new Option('--dry-run', 'do nothing, show what would be changed'),
      yes(),
      ...daemonOptions(),
    ],
    run: async ({ args: [name = ''], flags, context }) => (await import('../update.ts')).update(name, flags, context),
  },
  {
    usage: 'repositories',
    aliases: ['repos'],
    group: 'Declare:',
    summary: 'List the folders that containers come from',
    examples: ['thuban repositories', 'thuban repos --json'],
    exitCodes: '0 done, 1 not, 2 usage',
    options: [wide(), ...daemonOptions()],
    run: async ({ context }) => (await import('../repository/repositories.ts')).repositories(context),
  },
  {
    usage: 'explain [word]',
    group: 'Declare:',
    summary: 'Say what a code or a state means, and what to do',
    examples: ['thuban explain TH1102', 'thuban explain oom_killed', 'thuban explain | grep -i signature'],
    exitCodes: '0 explained, 1 there is nothing of that name, 2 usage',
    run: async ({ args: [word], context }) => (await import('../explain/index.ts')).explain(word, context),
  },
];
