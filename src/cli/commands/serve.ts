import { Option } from 'commander';
import type { CommandEntry } from './command.ts';

export const serve: readonly CommandEntry[] = [
  {
    usage: 'daemon',
    group: 'Serve:',
    summary: 'Run the containers of a repository, serve the console',
    examples: ['sudo thuban daemon', 'sudo thuban daemon --repository /srv/manifests --run-dir /run/thuban-test'],
    exitCodes: '0 ended on request, 1 it could not begin or go on, 2 usage, 3 a critical container ended',
    options: [
      new Option('--config <file>', 'configuration (default: /etc/thuban/thuban.yaml, where it exists)'),
      new Option('--repository <dir>', 'the folder of manifests (default: /var/lib/thuban/repository)'),
      new Option('--run-dir <dir>', 'sockets, state and logs; on tmpfs (default: /run/thuban)'),
      new Option('--data-dir <dir>', 'what must survive a boot (default: /var/lib/thuban)'),
      new Option('--socket <path>', 'the console socket (default: RUN_DIR/console.sock)'),
      new Option(
        '--cgroup-parent <path>',
        'put containers below this cgroup: self or an absolute path (default: self)',
      ),
      new Option('--print-config', 'show every value with its source, and do nothing'),
    ],
    run: async ({ flags, context }) => (await import('../daemon/daemon.ts')).daemon(flags, context),
  },
];
