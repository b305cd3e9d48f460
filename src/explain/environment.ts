import type { Pages } from './page.ts';

/** TH7: what is around Thuban. TH9: Thuban itself. */
export const environment: Pages<'7' | '9'> = {
  TH7001: {
    causes: [
      'A section of the manifest asks for what the kernel gives to root alone: the image of a package (a loop device), a network namespace of the board, an access taken from a device, ids that /etc/subuid does not name.',
      'A limit, where the groups belong to root, as they do on most boards with cgroups v1, and on v2 in a login session. Thuban does none of a start by halves.',
      'The tour (`thuban demo`) shows what root may.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban run 02-cpu-quota.yaml', 'error[TH7001]: only root may limit `cgroups.cpu.quota` here'],
    },
    fixes: [
      'Type `sudo` in front, or leave the section out. `thuban plan --rootless FILE` shows all that is in the way.',
      'On v2 systemd delegates groups: `systemd-run --user --scope -p Delegate=yes thuban run FILE`.',
      '`cgroups.enforce: best_effort` starts without the limits, and says which.',
    ],
  },
  TH7002: {
    causes: [
      'The checkout was not built yet, and no C compiler is installed.',
      'The compiler has no static libc to link with.',
      'The packages of npm are missing, or `dist` belongs to root from an earlier build.',
    ],
    example: {
      type: 'session',
      text: [
        '$ npm run build',
        'error[TH7002]: no C compiler found (looked for cc, gcc, clang), ...',
        '$ apt-get install gcc libc6-dev',
      ],
    },
    fixes: [
      '`apt-get install gcc libc6-dev`; on Alpine `apk add build-base`. Another compiler: `CC=/path npm run build`.',
      '`npm ci` for the packages, `chown -R $USER dist` for the folder.',
      'A board needs no compiler: unpack a release for its architecture.',
    ],
  },
  TH7003: {
    causes: [
      'An environment variable `THUBAN_CFG_*` names no key of the configuration.',
      'A user, group or path that the configuration names is not on this board.',
      'A file in the folder of drop-ins does not end in `.yaml`, or there are too many.',
    ],
    example: {
      type: 'session',
      text: [
        '$ THUBAN_CFG_SHUTDOWN__TIME=5s thuban daemon --print-config',
        'error[TH7003]: the environment variable',
        '  `THUBAN_CFG_SHUTDOWN__TIME` sets nothing that the configuration knows',
      ],
    },
    fixes: [
      'See what is set, and from where: `thuban daemon --print-config`.',
      'Check it before the daemon does: `thuban validate --config /etc/thuban/thuban.yaml`.',
    ],
  },
  TH7004: {
    causes: [
      'The daemon runs already, started by systemd or in another terminal.',
      'Two daemons were given the same run directory.',
    ],
    example: {
      type: 'session',
      text: ['$ sudo thuban daemon', 'error[TH7004]: a Thuban daemon already runs on /run/thuban (pid 812, ...)'],
    },
    fixes: [
      'Talk to the one that runs: `thuban ps`. To end it: `thuban shutdown`.',
      'For a second one: `--run-dir /run/thuban-2 --cgroup-parent PATH`, and a repository of its own.',
    ],
  },
  TH7005: {
    causes: [
      'Another daemon listens at the socket, with another run directory.',
      'A file that is no socket stands in its place.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH7005]: cannot listen on /run/thuban/console.sock: it is not a',
        '  socket',
        '$ ls -l /run/thuban; ss -xlp | grep thuban',
      ],
    },
    fixes: [
      'End the other one, `thuban shutdown`, or choose another path with `--socket`.',
      'A socket that a dead daemon left needs nothing: it is replaced.',
    ],
  },
  TH7006: {
    causes: [
      'Others than root may write to the run directory or to a folder above it. Who can is root through it.',
      'It is a symbolic link, or no folder. Or the folder above it does not exist.',
      'A manifest has `cgroups.parent`, and /run/thuban-groups cannot be written, or others can write to it. There stands which groups Thuban made.',
    ],
    example: {
      type: 'session',
      text: ['$ namei -l /run/thuban', 'drwxrwxrwx root root thuban', '$ chmod go-w /run/thuban'],
    },
    fixes: ['Type what the hint says, or pass another `--run-dir`. With systemd: `RuntimeDirectory=thuban`.'],
  },
  TH7007: {
    causes: ['Node.js is older than 20.11. Debian 12 has 18, Ubuntu 22.04 has 12.'],
    example: {
      type: 'session',
      text: ['$ node --version', 'v18.19.0', '$ head -1 $(command -v thuban)'],
    },
    fixes: [
      'Install Node.js 20.11 or newer, for example the binary tarball of nodejs.org, which needs no package manager.',
      'With several versions name the right one in `ExecStart=` of the unit: /opt/node/bin/node.',
    ],
  },
  TH7008: {
    causes: [
      'The board lost power or memory while the file was written, or a disk is failing.',
      'Another version of Thuban wrote it in another form.',
    ],
    example: {
      type: 'session',
      text: ['$ ls /run/thuban/state', '$ journalctl -u thuban | grep TH7008'],
    },
    fixes: ['There is nothing to do: only history is lost. The damaged file is kept beside, for a report.'],
  },
  TH7009: {
    causes: [
      '`dist` is not complete: only a part of it was built or copied.',
      'The binary is for another architecture, or its file system is mounted `noexec`.',
      '`vm.memfd_noexec` is 2, which forbids to run the init from memory.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH7009]: thuban-launcher is missing (looked for ...)',
        '$ file dist/thuban-launcher; uname -m',
        '$ sysctl vm.memfd_noexec',
      ],
    },
    fixes: ['In a checkout `npm run build`; on a board unpack the release again.', '`sysctl -w vm.memfd_noexec=1`.'],
  },
  TH7010: {
    causes: [
      '/etc/subuid or /etc/subgid names ids that newuidmap does not map, for example because they overlap those of others.',
      'newuidmap and newgidmap have lost their set-user-ID bit or their file capabilities.',
    ],
    example: {
      type: 'session',
      text: ['$ grep $USER /etc/subuid /etc/subgid', '$ ls -l $(command -v newuidmap)'],
    },
    fixes: [
      '`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER`, or the package `uidmap` once more.',
      'Without any entry for the user a container runs with his own id alone.',
    ],
  },
  TH9001: {
    causes: ['Thuban came into a state that it should not be able to come into. It is not your fault.'],
    example: {
      type: 'session',
      text: [
        'error[TH9001]: a bug in Thuban: ...',
        '  hint: please report this text: thuban 0.1.0, Node 20.11.0, linux arm64',
      ],
    },
    fixes: [
      'Report the whole text, with the manifest and the output of `thuban plan --json FILE`.',
      'What runs goes on. A daemon that has ended is started again by systemd and takes its containers over.',
    ],
  },
};
