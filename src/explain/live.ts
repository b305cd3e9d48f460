import type { Pages } from './page.ts';

/** TH20: limits that are changed while a container runs. */
export const live: Pick<Pages<'2'>, 'TH2005' | 'TH2017'> = {
  TH2005: {
    causes: [
      'The new limit of memory, swap or threads is below what the container uses now. The kernel was asked to reclaim first, and could not get there.',
      'Much of the use is memory that only the program can give back.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban update camera --file small.yaml',
        'error[TH2005]: 16 MiB for memory.max is below the present use of 41.2 MiB',
        '  hint: `--force` lets the kernel reclaim or kill',
      ],
    },
    fixes: [
      'Choose a limit above the use: `thuban ps` and `thuban inspect NAME` show it. Nothing was changed.',
      'On cgroups v2, `thuban update --force` sets it all the same; the kernel kills what does not fit.',
      'Cgroups v1 takes no limit of memory below the use at all. Put the limit into the manifest, and `thuban restart NAME`.',
    ],
  },
  TH2017: {
    causes: [
      'The kernel refused one of several limits, and meanwhile the container had grown beyond an old one, so that this could not be written back.',
      'Another program changed the group at the same moment.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban update camera --file new.yaml',
        'error[TH2017]: the kernel refused `99:0 rbps=1000` for io.max: no such',
        '  device (ENODEV); not all could be taken back: pids.max is 64, not 32',
      ],
    },
    fixes: [
      'Write the limits that you want once more: `thuban update NAME --file FILE`.',
      'Or `thuban restart NAME`: a new start makes new groups, with the limits of the manifest.',
    ],
  },
};
