import type { Pages } from './page.ts';

/** TH4: what happens to a container, or to the daemon's folders, after a start. */
export const running: Pages<'4'> = {
  TH4001: {
    causes: [
      'The program ends again and again, and `restart.max_restarts` says when to give up. The last exit says how it ended.',
      'What it needs is not there yet: a device, a network, another container.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban inspect oom',
        'oom:1.0.0  failed  since 10:41:07 (2 min ago)',
        '  why        restart limit reached: 3 starts',
        '  last exit  oom_killed, own limit of 32 MiB reached, after 212 ms',
      ],
    },
    fixes: [
      'See how it ended and what it wrote: `thuban inspect NAME`, `thuban logs NAME`.',
      'Repair the reason, then `thuban start NAME`. A changed manifest with `autostart` starts it by itself.',
      'Give it more time instead: raise `restart.max_delay`, or leave `max_restarts` out, which is `unlimited`.',
    ],
  },
  TH4003: {
    causes: [
      'The board has no battery for its clock and has not reached a time server yet.',
      'With `schedule.clock_gate: synchronized` nothing says that the clock follows a time server.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban inspect report',
        '  waiting    for the clock: it says 1970-01-01 (TH4003)',
        '$ timedatectl status',
      ],
    },
    fixes: [
      'Set up NTP: `timedatectl set-ntp true`. By hand: `date -s "2026-11-26 10:00"`.',
      'After `schedule.clock_gate_timeout` the schedules run all the same. `schedule.clock_gate: off` does not wait.',
    ],
  },
  TH4005: {
    causes: [
      'The program does not handle the stop signal, or takes longer to end than `stop.timeout`.',
      'A shell is the program, and does not pass the signal on to what it has started.',
      'It waits for something that does not come, such as a network connection.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban stop camera',
        'stopped camera:2.1.0 in 10 s, killed by SIGKILL (9)',
        '$ thuban inspect camera | grep exit',
        '  last exit  stopped on request, after the time-out of 10 s, killed by ...',
      ],
    },
    fixes: [
      'In a shell script replace the shell by its last command: `exec PROGRAM`. Or trap the signal.',
      'Name the signal that the program knows, `stop: {signal: SIGINT}`, or give it time: `stop: {timeout: 30 s}`.',
    ],
  },
  TH4006: {
    causes: [
      'The file system of a repository, or the tmpfs of the run directory, has no space or no inodes left.',
      'The daemon runs on from memory: what it could not write is missing after its end.',
    ],
    example: {
      type: 'session',
      text: ['$ df -h /run /var/lib/thuban', '$ df -i /run /var/lib/thuban'],
    },
    fixes: [
      'Remove what is not needed: `thuban ps`, then `thuban uninstall NAME:VERSION` of old versions.',
      'For the run directory lower `logs.size`, `logs.files` or `logs.total_size` in thuban.yaml.',
      'It recovers by itself as soon as there is space.',
    ],
  },
  TH4007: {
    causes: [
      'The run waits for something that does not come, or has more to do than usual.',
      '`schedule.max_runtime` is too short for what it does.',
    ],
    example: {
      type: 'session',
      text: ["schedule: {cron: '0 3 * * *', max_runtime: 5 min}", '$ thuban logs --since 1h report'],
    },
    fixes: [
      'See what it did last: `thuban logs NAME`.',
      'Raise `schedule.max_runtime`, or leave it out, which is `unlimited`.',
    ],
  },
  TH4008: {
    causes: [
      'The program writes more lines a second than `logs.rate` allows, usually in a loop around an error.',
      'A debug level was left on.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban logs camera', '- 312 lines dropped: over 1000 lines/s -'],
    },
    fixes: [
      'Look at what it repeats: `thuban logs --tail 50 NAME`.',
      'Lower its log level, or raise `logs.rate` in thuban.yaml.',
    ],
  },
};
