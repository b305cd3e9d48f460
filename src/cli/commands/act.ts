import { Option } from 'commander';
import type { CommandEntry } from './command.ts';
import { cgroupParent } from './options.ts';

const CONTAINER_CODES =
  'the container’s code; 128+n when signal n ended it; 125 it could not be started, 126 not executable, 127 not found';

export const act: readonly CommandEntry[] = [
  {
    usage: 'run <file>',
    group: 'Act:',
    summary: 'Run one container in the foreground, without a daemon',
    examples: [
      'sudo thuban run examples/manifests/01-hello.yaml',
      'sudo thuban run --once examples/manifests/05-restart.yaml',
    ],
    exitCodes: CONTAINER_CODES,
    options: [new Option('--once', 'run once, whatever the restart policy says'), cgroupParent()],
    run: async ({ args: [file = ''], flags, context }) => (await import('../run.ts')).run(file, flags, context),
  },
];
