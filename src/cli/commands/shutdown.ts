import { Option } from 'commander';
import type { CommandEntry } from './command.ts';
import { daemonOptions, yes } from './options.ts';

/** The one command of its group that is a client. */
export const shutdown: CommandEntry = {
  usage: 'shutdown',
  group: 'Serve:',
  summary: 'End the daemon and its containers',
  examples: ['thuban shutdown', 'thuban shutdown --keep'],
  exitCodes: '0 done, 1 not, 2 usage, 124 the time-out ran out, 130 Ctrl-C',
  options: [
    new Option('--keep', 'leave the containers running; the next daemon goes on with them'),
    new Option('--timeout <time>', 'wait no longer').default('0', '0, for ever'),
    yes(),
    ...daemonOptions(),
  ],
  run: async ({ flags, context }) => (await import('../shutdown.ts')).shutdown(flags, context),
};
