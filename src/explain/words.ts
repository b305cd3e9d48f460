import type { ContainerSummary, Exit } from '../runtime/index.ts';
import type { Page } from './page.ts';

export type WordKind = 'state' | 'condition' | 'exit reason';

/** A word that `ps`, `inspect`, the events and JSON use without a code. */
export interface WordPage extends Page {
  kinds: readonly [WordKind, ...WordKind[]];
  /** One sentence. */
  summary: string;
  /** Words that stand beside it and are explained here. */
  also?: readonly string[];
}

export type Word =
  ContainerSummary['state'] | ContainerSummary['conditions'][number]['type'] | NonNullable<Exit['reason']>;

/** Every state, condition and exit reason: one that is missing does not compile. */
export const words: Readonly<Record<Word, WordPage>> = {
  stopped: {
    kinds: ['state', 'exit reason'],
    summary: 'The container does not run and is not meant to; as an exit reason: it was asked to end, and did.',
    causes: [
      'It was never started: its manifest has no `autostart`, and no `schedule` that has come due.',
      'Somebody stopped it, or it was replaced or removed. `thuban events` and the last exit say for what.',
      'The program ended by itself and `restart.policy` does not start it again.',
      '`after the time-out of 10 s`: it did not end in time and was killed.',
    ],
    fixes: [
      'Start it: `thuban start NAME`. At every boot: `autostart: relaxed` in its manifest.',
      'See when the clock starts it next: `thuban inspect NAME`.',
    ],
  },
  starting: {
    kinds: ['state'],
    summary: 'The container is being set up, or waits for its turn to start.',
    causes: [
      'A start takes some milliseconds: groups, mounts, and then the program.',
      'At most `start.concurrency` containers start at once by themselves; the others wait for their turn.',
    ],
    fixes: ['Wait a moment. If it stays so: `thuban inspect NAME` says what it waits for.'],
  },
  running: {
    kinds: ['state'],
    summary: 'The program of the container executes.',
    causes: [
      'It was started by a person, by `autostart`, by the clock or after a restart: `thuban events` says which.',
    ],
    fixes: ['See what it writes, `thuban logs -f NAME`, and what it takes, `thuban ps`.'],
  },
  stopping: {
    kinds: ['state'],
    summary: 'The container was asked to end, and has the time of its `stop.timeout` to do so.',
    causes: [
      'Somebody stops or restarts it, or its manifest has changed or is gone.',
      'The program has got its stop signal and has not ended yet. After the time-out everything of it is killed.',
    ],
    fixes: ['Wait for it: `thuban wait NAME`. Do not wait: `thuban kill NAME`.'],
  },
  backoff: {
    kinds: ['state'],
    summary: 'The container has ended and will be started again at a known time.',
    causes: [
      'Its program failed, and `restart.policy` starts it again: the first time after `initial_delay`, then later and later up to `max_delay`.',
      'The launcher ended, and the container is started again with a new one.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban inspect modem', '  next start 10:44:23', '  last exit  code 3, after 1.2 s'],
    },
    fixes: [
      'See why it failed: `thuban logs NAME`, and the last exit in `thuban inspect NAME`.',
      'Do not wait for the time: `thuban start NAME`. Give up on it: `thuban stop NAME`.',
    ],
  },
  failed: {
    kinds: ['state'],
    summary: 'The container is not started again by itself: a person or a new manifest must act.',
    causes: [
      'It was restarted as often as `restart.max_restarts` allows.',
      'It could not be started, and `restart.policy` does not try again.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban inspect oom',
        '  why        restart limit reached: 3 starts',
        '  last exit  oom_killed, own limit of 32 MiB reached',
      ],
    },
    fixes: [
      'See why: `thuban inspect NAME`, `thuban logs NAME`, and `thuban explain` of its last exit.',
      'Repair it, then `thuban start NAME`. A changed manifest with `autostart` starts it by itself.',
    ],
  },
  rejected: {
    kinds: ['state'],
    summary: 'A manifest or package has errors and is not used; what ran before from that file runs on.',
    causes: [
      'The manifest has an error: a typing error, a value that is not possible.',
      'The file may be written by others, or lacks the signature that the repository wants.',
      'Another file defines the same name and version.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban ps',
        'sensors.yaml  rejected  -   -    -          -    -  2 errors',
        '$ thuban validate /var/lib/thuban/repository/sensors.yaml',
      ],
    },
    fixes: ['`thuban inspect NAME` says why, and what to type next. It is read again as soon as the file changes.'],
  },
  degraded: {
    kinds: ['condition'],
    summary: 'The container runs without a limit that its manifest asks for, because this kernel cannot enforce it.',
    causes: [
      '`cgroups.enforce` is `best_effort`, in the manifest or in thuban.yaml, and the kernel lacks a controller or a file.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban inspect gateway', '  degraded   memory.swap.max is missing on this kernel (TH2002)'],
    },
    fixes: [
      'Explain the code that stands beside it, for example `thuban explain TH2002`: it says how to turn the limit on.',
      'To refuse such a start instead: `cgroups: {enforce: strict}`, which is the default.',
    ],
  },
  waiting: {
    kinds: ['condition'],
    summary: 'The next start waits for something, which stands beside it.',
    causes: ['The clock of the board is not set, so that a schedule cannot know when it is due.'],
    example: {
      type: 'session',
      text: ['$ thuban inspect report', '  waiting    for the clock: it says 1970-01-01 (TH4003)'],
    },
    fixes: ['Explain the code that stands beside it: `thuban explain TH4003`. By hand it can be started at any time.'],
  },
  paused: {
    kinds: ['condition'],
    summary: 'All processes of the container are held: they keep their memory and get no processor.',
    causes: [
      '`on request`: somebody paused it, `thuban pause NAME`.',
      'Another program froze its group, or a group above it; then that stands beside it.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban pause camera', 'paused camera:2.1.0 in 2 ms, 4 processes', '$ thuban resume camera'],
    },
    fixes: [
      'Let it go on: `thuban resume NAME`. A group above has to be thawed by whoever froze it.',
      'It can be stopped, restarted and killed as it is. A signal of `thuban kill --signal` reaches it when it goes on.',
    ],
  },
  leftover: {
    kinds: ['condition'],
    summary: 'A group of an earlier run could not be removed. The daemon tries it again until it is gone.',
    causes: [
      'A process in it is in uninterruptible sleep, so that not even SIGKILL ends it; the condition names it.',
      'A group above is frozen, and what is frozen on cgroups v1 cannot end.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban inspect camera', '  leftover   1 group stays: 1234 (cp, nfs_wait_bit_killable) (TH2010)'],
    },
    fixes: [
      'See what the process waits for, and repair that: `thuban explain TH2010`.',
      'The container can be started meanwhile: its new run has a group of another name.',
    ],
  },
  exited: {
    kinds: ['exit reason'],
    summary: 'The program ended by itself, with an exit code.',
    causes: [
      '`code 0` is success. What another code means, only the program knows.',
      'A shell ends with 127 when it does not find a command, with 126 when it may not execute it, and with 128+n when what it called was ended by signal n.',
      '137 alone is no out-of-memory kill: Thuban says that only when the kernel has counted one.',
    ],
    fixes: [
      'See its last words: `thuban logs --tail 20 NAME`.',
      'To start it again: `restart: on_failure` or `restart: always`.',
    ],
  },
  signalled: {
    kinds: ['exit reason'],
    summary: 'A signal ended the program, and it was not Thuban that stopped it.',
    causes: [
      'SIGSEGV, SIGBUS, SIGILL, SIGFPE: a bug in the program, or a library of another architecture or version.',
      'SIGABRT: it gave up by itself, usually with a word in its log.',
      'SIGSYS: a system call that `seccomp` of its manifest does not allow, or a filter of its own.',
      'SIGKILL, SIGTERM: somebody sent it, from the host or inside of the container.',
    ],
    fixes: [
      '`thuban logs NAME` and `dmesg | tail`, which has the address of a crash.',
      'After SIGSYS: `dmesg | grep type=1326` (or `ausearch -m SECCOMP`) has the number of the call, as `syscall=`. `seccomp: {action: log}` lets all through and writes each there.',
      'Run it alone, with more output: `sudo thuban run FILE`.',
    ],
  },
  oom_killed: {
    kinds: ['exit reason'],
    summary: 'The kernel killed the program for want of memory; it is known from the counter of its group.',
    also: ['own_limit', 'ancestor', 'system', 'ancestor_or_system'],
    causes: [
      'own_limit: it wanted more than its `memory_hard_limit`. Its page cache counts, its files in a tmpfs too.',
      'ancestor: the limit of a group above was reached, for example that of the unit of Thuban.',
      'system: the board itself had no memory left, and the kernel chose this container.',
      'ancestor_or_system: one of the two; this kernel does not tell them apart.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban inspect oom',
        '  last exit  oom_killed, own limit of 32 MiB reached, after 212 ms',
        '  memory     limit 32 MiB :9  peak 32 MiB  oom_kill 3',
      ],
    },
    fixes: [
      'Raise `cgroups.memory.memory_hard_limit`, or make the program use less. `peak` in `thuban inspect NAME` says what it had.',
      'With another cause than own_limit: `free`, `thuban ps --sort mem`, and the limits of the groups above.',
      '`restart: on_failure` starts it again, later each time.',
    ],
  },
  start_failed: {
    kinds: ['exit reason'],
    summary: 'The program never ran: a step of its start was refused.',
    causes: [
      'The code beside it says which: TH3001 the program is not there, TH3004 a mount, TH2004 a limit, and others.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban inspect app', '  last exit  start failed: host path `/srv/data` does not exist'],
    },
    fixes: [
      'Explain that code: `thuban explain TH3005`.',
      'See every step beforehand: `thuban plan FILE`. Nothing of a failed start is left behind.',
    ],
  },
  unhealthy: {
    kinds: ['exit reason'],
    summary: 'The program was ended because its health check did not succeed as often as its manifest asks for.',
    causes: ['The program hangs, or its check asks too early or too briefly.'],
    fixes: ['See what it did last: `thuban logs NAME`.'],
  },
};
