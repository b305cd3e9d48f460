import type { Pages } from './page.ts';

/** TH12: one value that cannot be what it is. */
export const values: Pages<'12'> = {
  TH1201: {
    causes: [
      'A slip of the keyboard, or a word of another program: `unless-stopped` is `always` here, `no` is `never`.',
      'A hyphen instead of an underscore: `on-failure` is `on_failure`.',
      'A name that is not made of letters, digits, `-`, `_` and `.`, or a text that holds a NUL byte.',
    ],
    example: { type: 'manifest', bad: ['restart: on-failure'], good: ['restart: on_failure'] },
    fixes: ['Write one of the words that the hint lists.'],
  },
  TH1202: {
    causes: [
      'A unit that there is not. There are `B`, `kB`, `MB`, `GB` (1000) and `KiB`, `MiB`, `GiB` (1024).',
      'A comma in the number, or a fraction that is no whole number of bytes.',
    ],
    example: {
      type: 'manifest',
      bad: ['mounts:', '  /tmp: {type: tmpfs, size: 4 Megs}'],
      good: ['mounts:', '  /tmp: {type: tmpfs, size: 4 MiB}'],
    },
    fixes: ['Write a number of bytes, or a number with a unit: `64 MiB` is 67108864 bytes, `64 MB` is 64000000.'],
  },
  TH1203: {
    causes: [
      'A unit that there is not. There are `us`, `ms`, `s`, `min`, `h` and `d`.',
      'Something between number and unit, or a text such as `soon`.',
    ],
    example: { type: 'manifest', bad: ['stop: {timeout: 10 secs.}'], good: ['stop: {timeout: 10 s}'] },
    fixes: ['Write a number of seconds, or `250 ms`, `10 s`, `5 min`, `1 h 30 min`, `2 d`.'],
  },
  TH1204: {
    causes: [
      'A unit that there is not. A quota takes `%` and `cpus`, both of one CPU, or a time per period: `us`, `ms`, `s`.',
      'A fraction of a microsecond.',
    ],
    example: {
      type: 'manifest',
      bad: ['cgroups:', '  cpu: {quota: 1.5 cores}'],
      good: ['cgroups:', '  cpu: {quota: 1.5 cpus}'],
    },
    fixes: ['Write `50 %` for half a CPU, `150 %` or `1.5 cpus` for one and a half; a bare number is microseconds.'],
  },
  TH1205: {
    causes: [
      'The number is outside of what is possible. The message says from where to where it may go.',
      '`uid: 0` or `gid: 0`: a container is root only with `process.privileged: true`.',
      'Something is too long or too many: a name, a list, the value of a variable.',
      'Two numbers contradict each other: `max_delay` below `initial_delay`, a soft limit above its hard one.',
      'The manifest names a CPU or a memory node that this board does not have.',
    ],
    example: {
      type: 'manifest',
      whole: true,
      bad: ['name: camera', 'version: 1.0.0', 'init: /bin/sh', 'rootfs: host', 'uid: 0', 'gid: 1000'],
      good: ['name: camera', 'version: 1.0.0', 'init: /bin/sh', 'rootfs: host', 'uid: 1000', 'gid: 1000'],
    },
    fixes: ['Take the value that the hint names, or another one between the bounds.'],
  },
  TH1206: {
    causes: [
      'The version has not three numbers, or has a `v` in front of them.',
      'The `version` of a mounted resource is a requirement, and this one cannot be read.',
    ],
    example: { type: 'manifest', bad: ['version: 1.0'], good: ['version: 1.0.0'] },
    fixes: ['Write `1.0.0`, or `1.0.0-rc.1`. As a requirement of versions: `"^1.2"`, `">=1.0, <2.0"` or `"*"`.'],
  },
  TH1207: {
    causes: [
      'Not five or six fields: minute, hour, day of month, month, day of week, and seconds in front of six.',
      'A field outside of its range, such as hour 24 or month 0.',
      'A day that never comes, such as 30 February.',
    ],
    example: { type: 'manifest', bad: ["schedule: '0 24 * * *'"], good: ["schedule: '0 0 * * *'"] },
    fixes: [
      "Every quarter of an hour: `'*/15 * * * *'`. Every night at three: `'0 3 * * *'`. Or `'@hourly'`, `'@daily'`.",
      'Quote it: a `*` at the beginning means something else in YAML.',
    ],
  },
  TH1208: {
    causes: [
      'The name is mistyped, or is the name of a city that the database of time zones does not have.',
      'An abbreviation or an offset, such as `CEST` or `+02:00`, instead of a place.',
    ],
    example: {
      type: 'manifest',
      bad: ["schedule: {cron: '0 12 * * *', time_zone: Europe/Munich}"],
      good: ["schedule: {cron: '0 12 * * *', time_zone: Europe/Berlin}"],
    },
    fixes: ['Write `UTC`, or a place that has its own zone: `Europe/Berlin`. `timedatectl list-timezones` lists them.'],
  },
  TH1209: {
    causes: [
      'A number with a leading zero. YAML 1.2 reads it as decimal, everybody else means octal; so it is refused.',
    ],
    example: {
      type: 'manifest',
      bad: ['cgroups:', '  pids: {limit: 0100}'],
      good: ['cgroups:', '  pids: {limit: 100}'],
    },
    fixes: ['Write an octal number as `0o777`, a decimal one without the zero.'],
  },
  TH1210: {
    causes: ['Variables that begin with `THUBAN_` or `NORTHSTAR_` are set by the runtime, for every container.'],
    example: {
      type: 'manifest',
      bad: ['env: {THUBAN_NAME: camera}'],
      good: ['env: {CAMERA_NAME: camera}'],
    },
    fixes: ['Remove the line, or choose another name. What the runtime sets, the program can read.'],
  },
  TH1211: {
    causes: [
      'The path contains `..`, so that it could lead out of where it belongs.',
      'The path is relative. There is no folder that it could begin in.',
      'The path is empty, longer than the kernel takes, or holds a NUL byte.',
      'The mount would show the run directory of Thuban to the container, and with it the control over everything.',
    ],
    example: {
      type: 'manifest',
      bad: ['mounts:', '  /data/../tmp: {type: tmpfs, size: 4 MiB}'],
      good: ['mounts:', '  /tmp: {type: tmpfs, size: 4 MiB}'],
    },
    fixes: [
      'Write the whole path from `/`, without `..`: `realpath PATH` prints it.',
      'Mount only the folders that the container needs, not one above them all.',
    ],
  },
};
