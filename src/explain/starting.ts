import type { Pages } from './page.ts';

/** TH3: a start. TH4: what comes after it. */
export const starting: Pages<'3'> = {
  TH3001: {
    causes: [
      'The path is that of the host. What counts is the path as seen from inside of the container.',
      'The program is there, but its interpreter is not: the shell of a script, or the loader of a dynamic program.',
      'A folder of `rootfs: DIR` or a package that does not hold the libraries.',
    ],
    example: {
      type: 'session',
      text: [
        "error[TH3001]: `/usr/bin/camera` does not exist in the container's root,",
        '  or its interpreter does not',
        '$ readelf -l ROOT/usr/bin/camera | grep interpreter',
        '      [Requesting program interpreter: /lib/ld-linux-aarch64.so.1]',
        '$ ls ROOT/lib/ld-linux-aarch64.so.1',
      ],
    },
    fixes: [
      'Correct `init`, or put the program where it is looked for.',
      'Put the interpreter and the libraries into the root as well: `ldd PROGRAM` lists them. Or link it statically.',
      'With `rootfs: host` the programs of the board are there, read-only.',
    ],
  },
  TH3002: {
    causes: [
      'A plain manifest without `rootfs`. Without it the root is that of the package, and there is no package.',
      '`rootfs: package` in a file that is no package.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban plan camera.yaml',
        'error[TH3002]: the manifest names no root filesystem',
        '  from name   camera.yaml:1:7',
      ],
    },
    fixes: [
      'Add `rootfs: host` to see the programs of the board read-only, or `rootfs: /srv/root` for a folder of your own.',
      'Or make a package: `thuban pack camera.yaml --root DIR`.',
    ],
  },
  TH3003: {
    causes: [
      'The file has no x bit, or the user of the manifest may not enter a folder above it.',
      'It was built for another architecture.',
      'It is a script without `#!/bin/sh` in its first line.',
      'It lies on a mount with `noexec`: every tmpfs, and a bind with that option.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH3003]: `/usr/bin/camera` is no program for this machine',
        '$ file ROOT/usr/bin/camera; uname -m',
        'ROOT/usr/bin/camera: ELF 64-bit LSB executable, x86-64',
        'aarch64',
      ],
    },
    fixes: [
      '`chmod +x FILE`, and `namei -l FILE` to see who may enter the folders above it.',
      'Build it for the architecture of the board.',
    ],
  },
  TH3004: {
    causes: [
      'There is no place to mount on: in a read-only root the folder or file must exist already.',
      'A file is mounted on a folder, or a folder on a file.',
      'The kernel lacks loop devices, squashfs or overlayfs, or cannot read the compression of the image.',
      'The `dir` of a resource is not in the files of that container.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH3004]: mount `/data`: there is no such directory in the read-only',
        '  root `/srv/root`',
        '  from mounts./data   app.yaml:7:3',
        '  hint: mkdir -p /srv/root/data',
      ],
    },
    fixes: [
      'Make the place in the root, as the hint says, or mount it elsewhere.',
      'For what the kernel lacks: `modprobe loop squashfs overlay`; what it says itself is in `dmesg | tail`.',
    ],
  },
  TH3005: {
    causes: [
      'The path in `host` is mistyped, or a disk is not mounted yet.',
      'A link on the way leads nowhere.',
      '`rootfs` names a folder that is not there, or a file.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH3005]: host path `/srv/data` does not exist',
        '  from mounts./data.host   app.yaml:7:36',
        '  hint: create it, or `optional: true` if it may be missing',
      ],
    },
    fixes: [
      'Make it: `mkdir -p PATH`. Or add `optional: true`; the mount is skipped then, and said to be.',
      'Where a disk comes late, order the unit of Thuban after it: `RequiresMountsFor=/srv/data`.',
    ],
  },
  TH3006: {
    causes: [
      'The name in `suppl_groups` is mistyped, or the group exists on the board of the developer only.',
      'Groups are looked up in /etc/group of the host, not in the root of the container.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH3006]: no group `gpio` on this host',
        '  from suppl_groups   app.yaml:6:1',
        '  hint: groupadd gpio, or write its number',
      ],
    },
    fixes: ['`groupadd --system gpio`, or write the number of the group that owns the device: `stat -c %g /dev/...`.'],
  },
  TH3007: {
    causes: [
      'The manifest asks for a capability that Thuban itself does not have: its unit has a `CapabilityBoundingSet=`.',
      'A hard limit in `rlimits` is above that of Thuban, which lacks CAP_SYS_RESOURCE to raise it.',
      'Thuban runs in a container of another runtime.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH3007]: the container asks for CAP_NET_ADMIN, which Thuban itself',
        '  does not have',
        '$ grep CapEff /proc/$(pidof -s thuban-launcher)/status',
      ],
    },
    fixes: [
      'Add it to `CapabilityBoundingSet=` of the unit: `systemctl edit thuban`. Or remove the line there.',
      'Or drop it from the manifest.',
    ],
  },
  TH3008: {
    causes: [
      'Nobody has made the namespace since the board started: it lives in memory.',
      'The name in `network` is mistyped.',
      'It was made in another mount namespace, which does not show its file in /run/netns to others.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH3008]: no network namespace `cameras`',
        '  from network   app.yaml:7:10',
        '  hint: ip netns add cameras',
      ],
    },
    fixes: [
      '`ip netns list` shows those that there are; `ip netns add NAME` makes one.',
      'For every start of the board: a unit that makes it, ordered before that of Thuban.',
    ],
  },
  TH3009: {
    causes: [
      'It is not plugged in, or the kernel has no driver for it, and the start has waited as long as `wait` says.',
      'Its name has changed: what is plugged in later gets the next free number.',
      'There is something else of that name, which is no device node.',
      'It was exchanged for another one between the plan and the start.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH3009]: there is no device `/dev/sdb1`, which a start waits for 30 s',
        '  from mounts./dev/sdb1.host   recorder.yaml:9:11',
        '  hint: plug it in, or `optional: true` to start without it then',
      ],
    },
    fixes: [
      '`ls -l /dev` shows the nodes, `dmesg | tail` what the kernel says when it is plugged in.',
      'A name that stays: a link of udev, for example below /dev/serial/by-id, as `host`.',
      '`wait: unlimited` waits for as long as it takes; the container is `starting` meanwhile, and `thuban stop` ends it.',
    ],
  },
  TH3010: {
    causes: [
      'The memory limit is too small to start the program in (ENOMEM).',
      'The launcher is of an older build than the daemon, and does not know the step.',
      'The container was stopped or killed before its program ran.',
      'The kernel refused a step that has no code of its own. The message has its number, its name and the errno.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH3010]: step 12, exec: the memory limit is too small to start the',
        '  program (ENOMEM)',
        '  from cgroups.memory.memory_hard_limit   app.yaml:9:5',
      ],
    },
    fixes: [
      'Find the step in `thuban plan FILE`, which numbers them. The line below the message names the key it comes from.',
      'After an update: `thuban shutdown` ends the old launcher and all containers; start the daemon again then.',
    ],
  },
  TH3011: {
    causes: [
      'The launcher was killed, by a person or for want of memory. Its containers end with it, and are started again with a new one.',
      'It runs for another user, or speaks the protocol of another version.',
    ],
    example: {
      type: 'session',
      text: [
        '$ journalctl -u thuban | grep TH3011',
        'the launcher (pid 812) ended',
        '$ dmesg | grep -i "killed process 812"',
      ],
    },
    fixes: [
      'See who ended it: `dmesg | grep -i killed`, `journalctl -u thuban`.',
      'If the board was out of memory, limit what took it: `thuban ps --sort mem`.',
    ],
  },
};
