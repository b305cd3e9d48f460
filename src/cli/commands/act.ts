import { Option } from 'commander';
import type { CommandEntry } from './command.ts';
import { all, cgroupParent, daemonOptions, dataDir, repeatable, resourceFolder, trustedKeys, yes } from './options.ts';

const CONTAINER_CODES =
  'the container’s code; 128+n when signal n ended it; 125 it could not be started, 126 not executable, 127 not found';

const ACTION_CODES = '0 done, or nothing was left to do; 1 not with every container; 2 usage; 130 Ctrl-C';

export const act: readonly CommandEntry[] = [
  {
    usage: 'run <file>',
    group: 'Act:',
    summary: 'Run one container without a daemon',
    examples: [
      'sudo thuban run examples/manifests/01-hello.yaml',
      'sudo thuban run --once examples/manifests/05-restart.yaml',
      'sudo thuban run greeter-1.0.0.tar --key acme.pub',
    ],
    exitCodes: CONTAINER_CODES,
    options: [
      new Option('--once', 'run once, whatever the restart policy says'),
      trustedKeys(),
      resourceFolder(),
      dataDir(),
      cgroupParent(),
    ],
    run: async ({ args: [file = ''], flags, context }) => (await import('../run.ts')).run(file, flags, context),
  },
  {
    usage: 'start [name...]',
    group: 'Act:',
    summary: 'Start containers; words after -- are arguments',
    examples: [
      'thuban start camera',
      'thuban start camera --env LEVEL=debug -- --fps 5',
      "thuban start camera --init '/opt/debug<INIT>'",
    ],
    exitCodes: ACTION_CODES,
    options: [
      repeatable('--env <name=value>', 'a variable for this run, beside those of the manifest'),
      new Option('--init <path>', 'another program for this run, a path inside the container'),
      all(),
      ...daemonOptions(),
    ],
    passesArguments: true,
    run: async ({ args, passed, flags, context }) =>
      (await import('../act/start.ts')).start(args, passed, flags, context),
  },
  {
    usage: 'stop [name...]',
    group: 'Act:',
    summary: 'Stop containers and wait until they are gone',
    examples: ['thuban stop camera gateway', "thuban stop --timeout 2s 'cam*'"],
    exitCodes: ACTION_CODES,
    options: [
      new Option('--timeout <time>', 'until everything is killed, instead of the manifest’s; 0: a day'),
      all(),
      yes(),
      ...daemonOptions(),
    ],
    run: async ({ args, flags, context }) => (await import('../act/stop.ts')).stop(args, flags, context),
  },
  {
    usage: 'restart [name...]',
    group: 'Act:',
    summary: 'Stop containers and start them again',
    examples: ['thuban restart camera', 'thuban restart --all --yes'],
    exitCodes: ACTION_CODES,
    options: [
      new Option('--timeout <time>', 'until everything is killed, instead of the manifest’s; 0: a day'),
      all(),
      yes(),
      ...daemonOptions(),
    ],
    run: async ({ args, flags, context }) => (await import('../act/stop.ts')).restart(args, flags, context),
  },
  {
    usage: 'kill [name...]',
    group: 'Act:',
    summary: 'Kill containers at once, or send a signal',
    examples: ['thuban kill camera', 'thuban kill --signal HUP gateway'],
    exitCodes: ACTION_CODES,
    options: [
      new Option('--signal <signal>', 'by name or number').default('SIGKILL'),
      all(),
      yes(),
      ...daemonOptions(),
    ],
    run: async ({ args, flags, context }) => (await import('../act/kill.ts')).kill(args, flags, context),
  },
  {
    usage: 'pause [name...]',
    group: 'Act:',
    summary: 'Hold all processes of containers',
    examples: ['thuban pause camera', "thuban pause 'cam*' gateway"],
    exitCodes: ACTION_CODES,
    options: [all(), ...daemonOptions()],
    run: async ({ args, flags, context }) => (await import('../act/pause.ts')).pause(args, flags, context),
  },
  {
    usage: 'resume [name...]',
    group: 'Act:',
    summary: 'Let paused containers go on',
    examples: ['thuban resume camera', 'thuban resume --all'],
    exitCodes: ACTION_CODES,
    options: [all(), ...daemonOptions()],
    run: async ({ args, flags, context }) => (await import('../act/pause.ts')).resume(args, flags, context),
  },
  {
    usage: 'exec <name>',
    group: 'Act:',
    summary: 'Start a further program in a running container',
    examples: ['thuban exec -it camera -- sh', 'thuban exec camera -- cat /proc/1/comm'],
    exitCodes: 'the program’s code; 128+n when signal n ended it; 125 not started, 126 not executable, 127 not found',
    options: [
      new Option('-i, --interactive', 'give it what is typed here, or piped in'),
      new Option('-t, --tty', 'give it a terminal'),
      repeatable('-e, --env <name=value>', 'a variable beside those of the manifest'),
      new Option('-w, --workdir <path>', 'where it starts, instead of the manifest’s folder'),
      ...daemonOptions(),
    ],
    passesArguments: true,
    run: async ({ args: [name = ''], passed, flags, context }) =>
      (await import('../act/exec.ts')).exec(name, passed, flags, context),
  },
  {
    usage: 'wait <name>',
    group: 'Act:',
    summary: 'Wait for the end of a container, and its exit code',
    examples: ['thuban wait report', 'thuban start report && thuban wait --timeout 5m report'],
    exitCodes: `${CONTAINER_CODES}; 124 the time-out ran out`,
    options: [new Option('--timeout <time>', 'wait no longer').default('0', '0, for ever'), ...daemonOptions()],
    run: async ({ args: [name = ''], flags, context }) => (await import('../wait.ts')).wait(name, flags, context),
  },
];
