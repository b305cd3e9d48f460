import type { Pages } from './page.ts';

/** TH2: cgroups and the kernel. */
export const kernel: Omit<Pages<'2'>, 'TH2005' | 'TH2017' | 'TH2018'> = {
  TH2001: {
    causes: [
      'The kernel was built or booted without the controller. On a Raspberry Pi the memory controller is off by default.',
      'The controller is there, but the group that Thuban runs in was not given it.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban plan oom.yaml',
        'error[TH2001]: this kernel offers no memory controller',
        '  from cgroups.memory.memory_hard_limit   oom.yaml:12:5',
        '$ cat /sys/fs/cgroup/cgroup.controllers',
        'cpuset cpu io pids',
      ],
    },
    fixes: [
      'Add `cgroup_enable=memory` to the kernel command line and reboot: /boot/firmware/cmdline.txt on a Raspberry Pi.',
      'For another controller the hint names the option of the kernel; `sudo thuban doctor` tries all of them.',
      'To start without the limit, knowingly: `cgroups: {enforce: best_effort}`. The container is `degraded` then.',
    ],
  },
  TH2002: {
    causes: [
      'The kernel is older than the setting, for example `burst` before Linux 5.14.',
      'The kernel was built without an option: `memory_swap_limit` needs CONFIG_SWAP.',
      'I/O weights need a scheduler that this kernel does not have.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2002]: cpu.max.burst is missing on this kernel',
        '  from cgroups.cpu.burst   app.yaml:9:5',
        '  hint: since Linux 5.14',
      ],
    },
    fixes: [
      'Remove the setting, or boot a kernel that has it. `uname -r` tells the present one.',
      'To start without it, knowingly: `cgroups: {enforce: best_effort}`.',
    ],
  },
  TH2003: {
    causes: [
      'The manifest was written for a board with the other cgroup version.',
      'The board is hybrid: some controllers are on v1, others on v2.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2003]: `cgroups.network.class_id` exists only on cgroups v1',
        '$ grep cgroup /proc/self/mountinfo      # what this board has',
      ],
    },
    fixes: [
      'Use what the hint names instead, or remove the setting.',
      'For boards of both kinds: `cgroups: {enforce: best_effort}` starts without it where it is not there.',
      'Try it for both: `thuban plan --cgroups v1 FILE` and `thuban plan --cgroups v2 FILE`.',
    ],
  },
  TH2004: {
    causes: [
      'ENODEV: the device is a partition or is not there. Only whole disks can be limited.',
      'EACCES, EINVAL: the value does not fit the limits of the group above, for example CPUs that it does not have.',
      'EBUSY: the value is below what is in use.',
      'Another program writes to the group, so that the kernel has another value than the one that was written.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2004]: `/dev/mmcblk0p1` is not a disk of this board',
        '  hint: name a whole disk, not a partition (lsblk), or write `major` and',
        '    `minor`',
      ],
    },
    fixes: [
      'The message has the file, the value and the errno. What is possible stands in the group above: `cat FILE` there.',
      'See every write beforehand, without root: `thuban plan FILE`.',
    ],
  },
  TH2006: {
    causes: [
      'Thuban does not run as root.',
      'systemd runs Thuban in a group that it keeps for itself: the unit has no `Delegate=yes`.',
      'A group above does not hand a controller down: it is not in its cgroup.subtree_control.',
      'The cgroup filesystem is mounted read-only, as in many containers.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2006]: /sys/fs/cgroup/system.slice/thuban.service does not hand down',
        '  the memory controller',
        '$ systemctl show -p Delegate thuban',
        'Delegate=no',
      ],
    },
    fixes: [
      'With systemd use the unit of examples/systemd, or `systemctl edit thuban` with `[Service]` and `Delegate=yes`.',
      'Without systemd: `echo +memory > GROUP/cgroup.subtree_control` in every group above, from the root down.',
    ],
  },
  TH2007: {
    causes: [
      'On cgroups v2 a group with processes of its own cannot hand controllers down, and another program has put processes into it.',
      'A process is of the kernel, or belongs to another, so that it cannot be moved.',
      'A group that a manifest names with `cgroups.parent` holds processes. Thuban moves nobody out of it.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2007]: /sys/fs/cgroup/app.slice still holds 2 foreign processes',
        '$ cat /sys/fs/cgroup/app.slice/cgroup.procs',
        '640',
        '641',
      ],
    },
    fixes: [
      'Give Thuban a group for itself: `thuban daemon --cgroup-parent /sys/fs/cgroup/thuban.slice`.',
      'With systemd also set `DelegateSubgroup=thuban-supervisor` in its unit.',
      'For `cgroups.parent`: put the processes into a group below, `mkdir apps/others`, or name a group without any.',
    ],
  },
  TH2008: {
    causes: [
      'ENOSYS, EINVAL: the kernel was built without CONFIG_BPF_SYSCALL or CONFIG_CGROUP_BPF. On cgroups v2 nothing else guards devices.',
      'EPERM: Thuban does not run as root of the whole board, but in a user namespace or without CAP_SYS_ADMIN.',
      'EPERM also when a group above has a program of its own that lets no other stand beside it.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2008]: the kernel does not take the program that guards the devices',
        '  of /sys/fs/cgroup/thuban/c-camera@2.1.0: Invalid argument (EINVAL)',
        '$ zcat /proc/config.gz | grep CGROUP_BPF',
        '# CONFIG_CGROUP_BPF is not set',
      ],
    },
    fixes: [
      'Build the kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF, or boot it with the `devices` hierarchy of cgroups v1.',
      'To start without the rules, knowingly: `cgroups: {enforce: best_effort}`. The container is `degraded` then.',
      'What stands in the way above: `bpftool cgroup tree`.',
    ],
  },
  TH2009: {
    causes: [
      'A process of the container is in uninterruptible sleep, on a dead disk or network file system: a freezer waits for it.',
      'On cgroups v1 new processes appear faster than they are frozen.',
      'At a resume: a group above is frozen, and that cannot be undone from below.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban pause camera',
        'error[TH2009]: `camera:2.1.0` goes on: 1 process did not come to rest within',
        '  5 s',
        '  hint: they wait in the kernel: 1234 (cp, nfs_wait_bit_killable)',
      ],
    },
    fixes: [
      'Repair what the process waits for, then pause again. Until then the container runs on: it is never half paused.',
      'See who froze a group above: `cat GROUP/freezer.self_freezing` on v1, `cat GROUP/cgroup.freeze` on v2.',
      'What must not run any more can be stopped: `thuban stop NAME`.',
    ],
  },
  TH2010: {
    causes: [
      'A process in it is in uninterruptible sleep, on a dead disk or network file system: not even SIGKILL ends it.',
      'Another program still has a process in the group, or puts one there again and again.',
    ],
    example: {
      type: 'session',
      text: [
        '$ cat GROUP/cgroup.procs',
        '1234',
        '$ cat /proc/1234/wchan; grep State /proc/1234/status',
        'nfs_wait_bit_killable',
        'State:  D (disk sleep)',
      ],
    },
    fixes: [
      'Repair what the process waits for: unplug the disk, or `umount -f` the network file system.',
      'The daemon tries it again until it is gone, every minute at least. The container can be started meanwhile.',
    ],
  },
  TH2011: {
    causes: [
      'A container of this name and version was left by a Thuban that died, and its processes live.',
      'Another Thuban with another run directory runs the same container below the same parent.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2011]: the cgroup /sys/fs/cgroup/thuban/c-camera@2.1.0 exists',
        '  already and holds processes',
        '$ ps -o pid,args -p $(paste -sd, < GROUP/cgroup.procs)',
      ],
    },
    fixes: [
      'See who they are, and end them. On v2: `echo 1 > GROUP/cgroup.kill`.',
      'Give the second Thuban another `--cgroup-parent`.',
    ],
  },
  TH2012: {
    causes: ['The kernel lacks what confines containers: Thuban needs Linux 5.10 or newer.'],
    example: {
      type: 'session',
      text: ['error[TH2012]: this kernel is 4.19.0; Thuban needs Linux 5.10 or newer', '$ uname -r', '4.19.0'],
    },
    fixes: ['Update the kernel of the board.', 'After an update of the package: reboot, so that the new one runs.'],
  },
  TH2013: {
    causes: [
      'The path of `--cgroup-parent`, or of `cgroups.parent` in thuban.yaml, does not exist, or lies in no cgroup mount.',
      'It is not an absolute path. `self` is the group that the daemon runs in.',
      'The group of the daemon was removed while it ran, or lies outside of its namespace.',
      'A name in the `cgroups.parent` of a manifest is that of a file of the kernel, or of a threaded group.',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban plan --cgroup-parent /thuban.slice camera.yaml',
        'error[TH2013]: the cgroup parent `/thuban.slice` lies in no cgroup mount',
        '  hint: use `self`, or a path below /sys/fs/cgroup',
      ],
    },
    fixes: ['Make it, `mkdir /sys/fs/cgroup/thuban.slice`, and name the whole path.', 'Or leave it out: `self`.'],
  },
  TH2014: {
    causes: [
      'The kernel has 32 bits and was started less than five minutes ago. Some of them panic at the first request to a disk that a limit holds back, until their clock of 32 bits has passed zero, which is five minutes after the boot (seen on 6.1 of Debian for armhf).',
    ],
    example: {
      type: 'session',
      text: [
        '$ thuban run logger.yaml',
        'error[TH2014]: this kernel (armv7l) may panic when io.max is set early',
        '  hint: start again in 214 s; a daemon waits by itself',
      ],
    },
    fixes: [
      'Wait. A daemon does so by itself for what it starts without being asked.',
      'With `enforce: best_effort` the container starts at once without these limits and is shown as degraded.',
    ],
  },
  TH2015: {
    causes: [
      'Thuban lacks CAP_SYS_RESOURCE. Since Linux 6.4 `cgroups.memory.pressure` then takes windows of a multiple of 2 s only, before that it takes none.',
      'A PREEMPT_RT kernel with cgroups v1 has no notifications: neither of pressure nor of an out-of-memory.',
      'The launcher was started by an older version of Thuban, which cannot watch pressure.',
      'fs.inotify.max_user_watches is used up. Out-of-memory kills are then looked for once a second and at the end of the container, and none is missed.',
    ],
    example: {
      type: 'session',
      text: [
        'error[TH2015]: without CAP_SYS_RESOURCE the kernel watches pressure only in',
        '  windows of a multiple of 2 s, not of 1 s',
        '  from cgroups.memory.pressure.window   app.yaml:12:7',
      ],
    },
    fixes: [
      'Write `window: 2 s`, or give Thuban CAP_SYS_RESOURCE.',
      'To start without early warnings, knowingly: `cgroups: {enforce: best_effort}`.',
      'After an upgrade: `thuban shutdown`, then start the daemon; this ends all containers.',
      'More watches: `sysctl -w fs.inotify.max_user_watches=65536`.',
    ],
  },
  TH2016: {
    causes: [
      'The memory controller is on cgroups v1. Nothing there protects memory: memory.soft_limit_in_bytes is a target for reclaim and promises nothing.',
      'A group above that of Thuban protects less. A group gets no more protection than the groups above it have, whatever the mount option memory_recursiveprot says; only the limit of a group between is kept as asked.',
      'systemd started the daemon without `DelegateSubgroup=`, so that it is not in the leaf `thuban-supervisor` and cannot be moved there.',
      'Thuban runs in a cgroup namespace: the groups above it are not to be seen.',
    ],
    example: {
      type: 'session',
      text: [
        '# warning[TH2016] in the log of the daemon:',
        '"0 B of the supervisor\'s memory are protected, not 64 MiB:',
        ' memory.min is 0 B in /sys/fs/cgroup/system.slice"',
      ],
    },
    fixes: [
      'Raise memory.min in the groups that are named. With systemd: `MemoryMin=64M` in the unit and in each slice above it, `systemctl set-property --runtime system.slice MemoryMin=64M`.',
      'With systemd 254: `DelegateSubgroup=thuban-supervisor` in the unit. Before: `MemoryMin=` in the unit, in place of the key.',
      'On cgroups v1: remove `cgroups.supervisor_memory_min`, or boot with v2.',
    ],
  },
};
