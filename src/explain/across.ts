import type { Pages } from './page.ts';

/** TH13: values that must fit each other. TH14: files that must fit each other. */
export const across: Pages<'13' | '14'> = {
  TH1301: {
    causes: [
      'A folder and a folder below it are both mounted from the host. Which of them wins would depend on the order.',
      'The same target is written twice, once with a `/` at its end.',
    ],
    example: {
      type: 'manifest',
      bad: ['mounts:', '  /data: {type: bind, host: /etc}', '  /data/log: {type: bind, host: /usr}'],
      good: ['mounts:', '  /data: {type: bind, host: /etc}', '  /log: {type: bind, host: /usr}'],
    },
    fixes: ['Move one of them beside the other.', 'Or mount only the upper one, when the lower one is inside of it.'],
  },
  TH1302: {
    causes: [
      '`memory_swap_limit` counts memory and swap together, so it cannot be less than the memory alone.',
      'The swap limit was meant to be the swap beside the memory, as in other programs.',
      'There is a swap limit and no `memory_hard_limit`.',
    ],
    example: {
      type: 'manifest',
      bad: ['cgroups:', '  memory: {memory_hard_limit: 64 MiB, memory_swap_limit: 32 MiB}'],
      good: ['cgroups:', '  memory: {memory_hard_limit: 64 MiB, memory_swap_limit: 64 MiB}'],
    },
    fixes: ['To forbid swapping write the same value for both. To allow 32 MiB of swap add 32 MiB.'],
  },
  TH1303: {
    causes: [
      'The manifest has no `init`, so its files are for others to mount, and nothing of it ever runs.',
      '`init` was forgotten, or is called `command` or `entrypoint` as elsewhere.',
    ],
    example: {
      type: 'manifest',
      whole: true,
      bad: ['name: maps', 'version: 1.0.0', 'uid: 1000', 'gid: 1000', 'restart: always'],
      good: ['name: maps', 'version: 1.0.0', 'uid: 1000', 'gid: 1000'],
    },
    fixes: ['Add `init: /path/of/the/program`, or remove the key that needs it.'],
  },
  TH1306: {
    causes: [
      '`schedule` beside `restart: always` or `autostart`: the clock starts it, or it always runs, but not both.',
      '`device` beside `major` and `minor`: both name the disk.',
      'A key of another type of root filesystem: `path` beside `type: host`.',
      '`oom_kill_disable` beside `oom_group: true`.',
    ],
    example: {
      type: 'manifest',
      bad: ["schedule: '0 3 * * *'", 'restart: always'],
      good: ["schedule: '0 3 * * *'", 'restart: on_failure'],
    },
    fixes: ['Keep the one that says what you mean. The hint says which to keep when.'],
  },
  TH1310: {
    causes: ['`64M` is 64000000 bytes here, as in Northstar. Other programs mean 67108864 bytes by it.'],
    example: {
      type: 'manifest',
      bad: ['mounts:', '  /tmp: {type: tmpfs, size: 4M}'],
      good: ['mounts:', '  /tmp: {type: tmpfs, size: 4 MiB}'],
    },
    fixes: ['Say which one: `4 MB` is 4000000 bytes, `4 MiB` is 4194304.'],
  },
  TH1311: {
    causes: [
      'Only memory is limited and the board has swap: at the limit the kernel swaps, and the container gets slow instead of ending.',
    ],
    example: {
      type: 'manifest',
      bad: ['cgroups:', '  memory: {memory_hard_limit: 64 MiB}'],
      good: ['cgroups:', '  memory: {memory_hard_limit: 64 MiB, memory_swap_limit: 64 MiB}'],
    },
    fixes: [
      'Write the same value as `memory_swap_limit` to forbid swapping.',
      'Leave it as it is where slow is better than dead. `swapon --show` tells what swap there is.',
    ],
  },
  TH1312: {
    causes: ['A check of the type `exec` starts a process each time, and `interval` is shorter than a second.'],
    example: {
      type: 'manifest',
      bad: ['health: {type: exec, command: [/bin/true], interval: 200 ms}'],
      good: ['health: {type: exec, command: [/bin/true], interval: 5 s}'],
    },
    fixes: [
      'Check less often: what is noticed within a few seconds is noticed soon enough.',
      'Or let the program tell by itself (`type: notify`), or listen (`type: tcp`): neither starts a process.',
    ],
  },
  TH1313: {
    causes: [
      'Once a year the clocks of that zone leave out an hour, and several times of the schedule lie in it. They become one run.',
    ],
    example: {
      type: 'manifest',
      bad: ["schedule: {cron: '*/15 2 * * *', time_zone: Europe/Berlin}"],
      good: ["schedule: {cron: '*/15 2 * * *', time_zone: UTC}"],
    },
    fixes: ['Write `time_zone: UTC`, where every hour comes once.', 'Or choose an hour in the day.'],
  },
  TH1314: {
    causes: [
      'The quota is more than all CPUs of this board together, so that it never holds anything back.',
      '`quota: 400 %` is four whole CPUs: the percent are of one CPU, not of the board.',
    ],
    example: {
      type: 'manifest',
      bad: ['cgroups:', '  cpu: {quota: 6400 %}'],
      good: ['cgroups:', '  cpu: {quota: 50 %}'],
    },
    fixes: ['Lower it; `nproc` tells how many CPUs there are.', 'Leave it when the manifest is for a larger board.'],
  },
  TH1315: {
    causes: [
      'The setting is of the other cgroup version, and nothing is lost without it on this kernel.',
      '`rw` on a resource, which is always read-only.',
      'A mount with `optional: true` was skipped, because its host path does not exist.',
      'Files belong to nobody in a user namespace, because this kernel cannot map the ids of their filesystem.',
    ],
    example: {
      type: 'manifest',
      bad: ['mounts:', '  /data: {type: bind, host: /nowhere, optional: true}'],
      good: ['mounts:', '  /data: {type: bind, host: /etc, optional: true}'],
    },
    fixes: ['Remove it when the manifest is for this board only. Otherwise there is nothing to do.'],
  },
  TH1401: {
    causes: [
      'A copy of a manifest beside the original, both with the same `name` and `version`.',
      'A package and a plain manifest of the same container, or the same one in two repositories.',
    ],
    example: {
      type: 'folder',
      bad: {
        'camera.yaml': ['name: camera', 'version: 1.0.0', 'rootfs: host'],
        'camera-old.yaml': ['name: camera', 'version: 1.0.0', 'rootfs: host'],
      },
      good: {
        'camera.yaml': ['name: camera', 'version: 1.0.1', 'rootfs: host'],
        'camera-old.yaml': ['name: camera', 'version: 1.0.0', 'rootfs: host'],
      },
    },
    fixes: [
      'Remove one of the two files that are named. What runs already goes on.',
      'Or raise the `version` of the newer one.',
    ],
  },
  TH1402: {
    causes: [
      'The container whose files are to be mounted is not in the repository, or is rejected itself.',
      'It is there in versions that do not fit: the message lists them.',
      'It has no files of its own: no package, and no root that is a folder.',
    ],
    example: {
      type: 'folder',
      bad: {
        'navigation.yaml': [
          'name: navigation',
          'rootfs: host',
          'mounts:',
          "  /maps: {type: resource, name: maps, version: '^1.0', dir: /}",
        ],
      },
      good: {
        'navigation.yaml': [
          'name: navigation',
          'rootfs: host',
          'mounts:',
          "  /maps: {type: resource, name: maps, version: '^1.0', dir: /}",
        ],
        'maps.yaml': ['name: maps', 'version: 1.2.0', 'rootfs: /usr/share'],
      },
    },
    fixes: [
      'See what is there: `thuban ps`. Install what is missing: `thuban install maps-1.2.0.tar`.',
      'Or widen the requirement, for example to `">=1.0"`.',
      'For `run` and `plan` name the folder with `--repository DIR`, when it is not that of the file.',
    ],
  },
  TH1403: {
    causes: [
      'A name in `depends_on` is written otherwise than the `name` of the other manifest.',
      'The other container is not in this repository, or no version of it satisfies `version`.',
      'It has no `init`: its files are there to be mounted, and it never starts.',
    ],
    example: {
      type: 'folder',
      bad: {
        'app.yaml': ['name: app', 'depends_on: {stor: started}'],
        'store.yaml': ['name: store'],
      },
      good: {
        'app.yaml': ['name: app', 'depends_on: {store: started}'],
        'store.yaml': ['name: store'],
      },
    },
    fixes: [
      'Take the suggestion, or see the names that there are: `thuban ps`.',
      'Bring the missing container into the repository, or remove the dependency.',
    ],
  },
  TH1404: {
    causes: [
      'The condition is `healthy`, and the other container has no section `health`, so nobody ever learns whether it is.',
    ],
    example: {
      type: 'folder',
      bad: {
        'app.yaml': ['name: app', 'depends_on: {store: healthy}'],
        'store.yaml': ['name: store'],
      },
      good: {
        'app.yaml': ['name: app', 'depends_on: {store: healthy}'],
        'store.yaml': ['name: store', 'health: {type: tcp, port: 5432}'],
      },
    },
    fixes: [
      'Give the other container a check in `health`.',
      'Or wait for less: `condition: started`, that its program runs.',
    ],
  },
  TH1405: {
    causes: [
      'Two containers wait for each other, so that none of them ever starts.',
      'A longer circle: the message names every arrow with its file and line.',
    ],
    example: {
      type: 'folder',
      bad: {
        'app.yaml': ['name: app', 'depends_on: {store: started}'],
        'store.yaml': ['name: store', 'depends_on: {app: started}'],
      },
      good: {
        'app.yaml': ['name: app', 'depends_on: {store: started}'],
        'store.yaml': ['name: store'],
      },
    },
    fixes: [
      'Remove one of the arrows: the container that can begin alone waits for nobody.',
      'What it needs later it can try again by itself, or be restarted for with `on_exit: restart` on the other side.',
    ],
  },
  TH1406: {
    causes: [
      'Both manifests write `user_namespace: {}`, which begins at the same id of the board for all.',
      'One range begins before another one ends.',
    ],
    example: {
      type: 'folder',
      bad: {
        'app.yaml': ['name: app', 'rootfs: host', 'user_namespace: {}'],
        'store.yaml': ['name: store', 'rootfs: host', 'user_namespace: {}'],
      },
      good: {
        'app.yaml': ['name: app', 'rootfs: host', 'user_namespace: {}'],
        'store.yaml': ['name: store', 'rootfs: host', 'user_namespace: {host_uid: 165536, host_gid: 165536}'],
      },
    },
    fixes: [
      'Give each container a range of its own. They cannot see the processes of each other, but files in a folder that both mount belong to users of both, and the kernel counts processes by user.',
      'Versions of one container may share a range.',
    ],
  },
};
