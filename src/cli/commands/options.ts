import { Option } from 'commander';

/*
 * Flags that several commands have, so that the same flag means the same everywhere. Each call makes a new one, because commander keeps
 * state in them.
 */

export function cgroupParent(): Option {
  return new Option('--cgroup-parent <path>', 'put containers below this cgroup').default('self');
}

/** Of commands that take a manifest or package which a person names. */
export function trustedKeys(): Option {
  return repeatable('--key <file>', 'a public key, NAME.pub, that must have signed it');
}

/** The same commands look there for containers whose files are mounted. */
export function resourceFolder(): Option {
  return new Option('--repository <dir>', 'where resources are looked for, instead of beside the file');
}

const DATA_DEFAULT = 'default: /var/lib/thuban, without root ~/.local/share/thuban';

/** Of commands that start without a daemon, or show such a start. */
export function dataDir(): Option {
  return new Option('--data-dir <dir>', `where what outlives containers is kept (${DATA_DEFAULT})`);
}

/** Of every command that speaks to a daemon. */
export function daemonOptions(): Option[] {
  return [
    new Option('--socket <path>', 'the console socket (default: THUBAN_SOCKET, then /run/thuban/console.sock)'),
    new Option('-v, --verbose', 'say what is done; -vv also every request')
      .default(0, 'say nothing of it')
      .argParser((_value: string, before: number) => before + 1),
  ];
}

/** Of commands that act on containers. */
export function all(): Option {
  return new Option('--all', 'all containers, instead of names');
}

export function yes(): Option {
  return new Option('-y, --yes', 'do not ask');
}

export function wide(): Option {
  return new Option('--wide', 'shorten nothing and leave no column out');
}

export function follow(): Option {
  return new Option('-f, --follow', 'go on with what comes, until Ctrl-C');
}

export function tail(): Option {
  return new Option('-n, --tail <lines>', 'only the last so many lines, or `all`');
}

/** An option that may be given several times; its value is a list. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`).argParser((value: string, before: string[] | undefined) => [
    ...(before ?? []),
    value,
  ]);
}
