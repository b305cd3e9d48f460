import type { Pages } from './page.ts';

/** TH6: the console, and the command line that speaks to it. */
export const speaking: Pages<'6'> = {
  TH6001: {
    causes: [
      'No such file: no daemon runs, or it listens at another socket.',
      'Connection refused: the daemon has died. Its containers run on for 10 s, the lease.',
      'Permission denied: you are neither root nor in the group of the socket.',
      'THUBAN_SOCKET is still set to a daemon of an experiment.',
      'A manifest with `console` is started by `thuban run`, where no daemon is that could answer the program.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban ps',
        'error[TH6001]: no daemon answers at /run/thuban/console.sock (no such file)',
        '$ systemctl status thuban; journalctl -u thuban -n 20',
      ],
    },
    fixes: [
      'Start it: `systemctl start thuban`. By hand: `sudo thuban daemon`.',
      'Join the group: `sudo usermod -aG thuban $USER`, then log in again.',
      'Name another socket with `--socket PATH`, or `unset THUBAN_SOCKET`.',
      'A manifest with `console`: put it into the repository of a daemon, then `thuban start NAME`.',
    ],
  },
  TH6002: {
    causes: [
      'The socket gives only some permissions, for example those to look, and the command needs another one.',
      'A container asks for something that `console.permissions` of its manifest does not list.',
      'A start with other arguments, environment or program needs `start_command`; `start` is for what the manifest says.',
    ],
    example: {
      type: 'session',
      text: [
        '# thuban.yaml',
        'console:',
        '  sockets:',
        '    - {path: /run/thuban/look.sock, permissions: [list, events]}',
        '$ thuban stop --socket /run/thuban/look.sock camera',
      ],
    },
    fixes: [
      'Use a socket that gives it: `--socket PATH`.',
      'Or add the permission that is named to `console.sockets` in thuban.yaml, and start the daemon again.',
      'In a container: add it to `console.permissions`, which is a restart of the container.',
    ],
  },
  TH6003: {
    causes: [
      'The name is mistyped; the hint has the one that was probably meant.',
      'The container exists in another version than the one that was named.',
      'Its manifest is rejected: then it goes by the name of its file. Or it is in no repository.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban stop camrea', 'error[TH6003]: no container `camrea`', '  hint: did you mean `camera`?'],
    },
    fixes: [
      'See what there is: `thuban ps`. Which folders are read: `thuban repositories`.',
      'A new file counts half a second after its last change: `thuban apply` waits for it.',
    ],
  },
  TH6005: {
    causes: [
      'It runs already, does not run, or is about to end: the message says its state, and what the command needs.',
      'It is rejected, so there is nothing to start.',
      'It has no `init`: its files are for others to mount.',
      'It is being removed, or it was asked to stop meanwhile.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban kill camera', 'error[TH6005]: `camera:2.1.0` is stopped, kill needs running'],
    },
    fixes: ['Type what the hint says. Look first: `thuban inspect NAME`.'],
  },
  TH6006: {
    causes: ['A program sends more than `console.limits.request_size`, or headers that are too long.'],
    example: {
      type: 'session',
      text: [
        '$ S=/run/thuban/console.sock; U=http://x/v1/containers/camera/start',
        '$ curl --unix-socket $S -d @large.json $U',
      ],
    },
    fixes: [
      'Send less: what is large does not belong into a request. A package is sent with PUT, as `thuban install` does.',
      'Or raise `console.limits.request_size` in thuban.yaml.',
    ],
  },
  TH6007: {
    causes: [
      'A script asks in a loop, without a pause.',
      'Many clients hold their connection: followers of logs and events count as well.',
      'Several packages are being installed at once.',
    ],
    example: {
      type: 'session',
      text: ['$ while :; do thuban ps --json; done      # rather: thuban events -f'],
    },
    fixes: [
      'Follow what happens instead of asking: `thuban events -f --json`.',
      'Try again after a second. Or raise `console.limits.requests_per_second` or `console.limits.connections`.',
    ],
  },
  TH6008: {
    causes: ['The daemon is newer than the command line, and reports a code that this one does not know.'],
    example: {
      type: 'session',
      text: [
        '$ thuban version',
        'thuban 0.1.0   Node 20.11.0, Linux 6.1.0 aarch64',
        'daemon 0.4.0   Node 20.11.0, pid 812 ...',
      ],
    },
    fixes: [
      'Use the `thuban` that the daemon came with; the message has what the daemon said.',
      'After an update of the files start the daemon again, its containers run on: `thuban shutdown --keep`.',
    ],
  },
  TH6009: {
    causes: [
      'The command would end or lose something, so it asks; but it runs in a script, over a pipe or with `--json`.',
    ],
    example: {
      type: 'session',
      text: ['$ echo | thuban stop --all', 'error[TH6009]: this would stop 3 running containers: camera:2.1.0, ...'],
    },
    fixes: ['Add `--yes` when it is meant: `thuban stop --all --yes`. Nothing was done.'],
  },
  TH6011: {
    causes: [
      'A command or flag is mistyped, or belongs to another command.',
      'An argument is missing, or there is one too many.',
      'A value is none of those that the flag takes.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban strat camera',
        'error[TH6011]: unknown command `strat`',
        '  hint: did you mean start?   (thuban --help)',
      ],
    },
    fixes: ['`thuban --help` lists the commands, `thuban COMMAND --help` its flags with examples.'],
  },
  TH6012: {
    causes: [
      'A body that is no JSON, or has not the header `Content-Type: application/json`.',
      'A key or a parameter that the request does not have, or with a value of another type.',
      'A time or a signal that there is not.',
    ],
    example: {
      type: 'session',
      text: [
        '$ S=/run/thuban/console.sock; U=http://x/v1/containers/camera/stop',
        '$ curl --unix-socket $S -d \'{"timeout": "soon"}\' \\',
        "    -H 'Content-Type: application/json' $U",
      ],
    },
    fixes: ['Every request with its body is described in schemas/console.openapi.json and docs/reference/console.md.'],
  },
  TH6013: {
    causes: [
      'The path is mistyped, or needs another method: POST to act, GET to look.',
      'The daemon is older than the client.',
    ],
    example: {
      type: 'session',
      text: [
        '$ curl --unix-socket /run/thuban/console.sock http://x/v1/container',
        'there is nothing at `/v1/container`',
      ],
    },
    fixes: ['The hint lists what is there. All routes are in docs/reference/console.md.'],
  },
  TH6014: {
    causes: [
      'The daemon was told to end, and is stopping its containers.',
      'It is being replaced: the next one answers in a moment.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban start camera', 'error[TH6014]: the daemon is about to end'],
    },
    fixes: ['Wait for the next one: `systemctl status thuban`, then try again.'],
  },
  TH6015: {
    causes: [
      'The `--timeout` of the command is over. What was asked for goes on in the daemon.',
      'A request or a package did not arrive in time: a client that hangs, a slow connection.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban wait --timeout 5s report', 'error[TH6015]: `report:1.0.0` did not end within 5 s'],
    },
    fixes: ['See what it does: `thuban inspect NAME`.', 'Wait longer: `--timeout 5m`; 0 is for ever.'],
  },
  TH6016: {
    causes: [
      'It is no code, no name of a code, no state, no condition and no exit reason. The hint has what was probably meant.',
      'The code is of a newer Thuban than this one.',
    ],
    example: {
      type: 'session',
      text: ['$ thuban explain bakcoff', 'error[TH6016]: there is nothing to explain about `bakcoff`'],
    },
    fixes: ['`thuban explain` alone lists everything that it knows.'],
  },
};
