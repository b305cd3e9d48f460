#!/bin/busybox sh
# The first program of the virtual machine. It loads the drivers, puts a root together, mounts the cgroups as asked and runs
# /run/job/command in it. The kernel hands it from its command line `layout` (v2, v1, hybrid), `group`: the v2 group to run in, `systemd`:
# whether that is the first program then, and `swap`: whether there is a disk for it.
# Output goes to the port vm.output, facts as `name value` lines to the port vm.status; the last one is `exit CODE`.
busybox=/bin/busybox
share='trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro'

stop() {
  echo "init: $*" > /dev/kmsg
  $busybox poweroff -f
}

mount_v1() {
  $busybox mount -t tmpfs -o mode=755 tmpfs "$cgroup"
  for set in cpu,cpuacct cpuset memory devices freezer blkio pids net_cls,net_prio; do
    $busybox mkdir "$cgroup/$set"
    # 6.12 of Debian has no v1 memory and cpuset, though /proc/cgroups lists them.
    $busybox mount -t cgroup -o "$set" cgroup "$cgroup/$set" || {
      $busybox rmdir "$cgroup/$set"
      echo "init: this kernel has no v1 $set" > /dev/kmsg
    }
  done
}

mount_v2() {
  $busybox mount -t cgroup2 -o nsdelegate cgroup2 "$1" || stop 'no cgroup2'
}

$busybox mkdir -p /proc /sys /dev /lower /upper /new
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
for module in /modules/*.ko; do
  $busybox insmod "$module" || stop "cannot load $module"
done
for port in /sys/class/virtio-ports/*; do
  case $($busybox cat "$port/name") in
    vm.output) output=/dev/${port##*/} ;;
    vm.status) status=/dev/${port##*/} ;;
  esac
done

$busybox mount -t 9p -o "$share" root /lower || stop 'no root'
$busybox mount -t tmpfs -o mode=755 tmpfs /upper
$busybox mkdir /upper/files /upper/work
$busybox mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /new || stop 'no overlay'
cd /new || stop 'no root'
# What an ordinary user unpacked is his; a board's folders are root's, and the runtime looks at that.
[ "$($busybox stat -c %u usr)" = 0 ] || $busybox chown -h 0:0 . ./* usr/*
for folder in proc sys dev; do
  $busybox mount --move "/$folder" "$folder"
done
$busybox mount -t tmpfs -o mode=755 tmpfs run
$busybox mount -t tmpfs -o mode=1777 tmpfs tmp
$busybox mount -t tmpfs -o mode=755 tmpfs checkout
$busybox mkdir -p dev/pts dev/shm run/job
$busybox mount -t devpts devpts dev/pts
$busybox mount -t tmpfs -o mode=1777 tmpfs dev/shm
$busybox ln -s /proc/self/fd dev/fd
for number in 0:stdin 1:stdout 2:stderr; do
  $busybox ln -s "/proc/self/fd/${number%:*}" "dev/${number#*:}"
done
$busybox mount -t 9p -o "$share" job run/job || stop 'no job'

cgroup=sys/fs/cgroup
join=:
case $systemd,$layout in
  yes,*) ;;
  ,v2)
    mount_v2 "$cgroup"
    for controller in $($busybox cat "$cgroup/cgroup.controllers"); do
      echo "+$controller" > "$cgroup/cgroup.subtree_control"
    done
    $busybox mkdir -p "$cgroup$group"
    join="echo 0 > /$cgroup$group/cgroup.procs"
    ;;
  ,v1) mount_v1 ;;
  ,hybrid)
    mount_v1
    $busybox mkdir "$cgroup/unified"
    mount_v2 "$cgroup/unified"
    ;;
esac

if [ -n "$swap" ]; then
  for disk in sys/block/vd*; do
    [ "$($busybox cat "$disk/serial")" = swap ] || continue
    $busybox mkswap "dev/${disk##*/}" > /dev/null && $busybox swapon "dev/${disk##*/}" || stop 'no swap'
  done
fi

$busybox hostname board
$busybox ip link set lo up
$busybox cp "$busybox" run/busybox
$busybox cat > run/start << EOF
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec 3> $status
$join
echo "kernel \$(uname -r)" >&3
# As mounted, whatever was asked for.
case \$(grep -c ' - cgroup2 ' /proc/self/mountinfo),\$(grep -c ' - cgroup ' /proc/self/mountinfo) in
  1,0) echo 'cgroups v2' >&3 ;;
  0,*) echo 'cgroups v1' >&3 ;;
  1,*) echo 'cgroups hybrid' >&3 ;;
esac
# Through a pipe: a port can be opened once only, and programs may want to open their output again.
{
  tar --extract --file /run/job/checkout.tar --directory /checkout
  cd /checkout && sh /run/job/command < /dev/null
  echo "exit \$?" >&3
} 2>&1 | cat > $output
exec 3>&-
/run/busybox poweroff -f
EOF
[ -n "$systemd" ] || exec $busybox switch_root /new /bin/sh /run/start

# As little of it as a service needs: what looks for hardware, users and clocks takes most of the time of a boot.
units=etc/systemd/system
echo 0123456789abcdef0123456789abcdef > etc/machine-id # without one it asks at the console
$busybox mkdir -p "$units"
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\nWants=job.service dbus.service\n' > "$units/job.target"
$busybox ln -s job.target "$units/default.target"
# Delegated, or systemd ends it at the first out-of-memory kill in it.
printf '[Unit]\nDefaultDependencies=no\nAfter=basic.target dbus.service\n[Service]\nDelegate=yes\nExecStart=/bin/sh /run/start\n' > "$units/job.service"
for name in systemd-udev-trigger.service systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
  systemd-logind.service systemd-update-utmp.service systemd-sysusers.service systemd-random-seed.service \
  systemd-timesyncd.service systemd-pstore.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
  sys-kernel-tracing.mount sys-kernel-config.mount modprobe@.service proc-sys-fs-binfmt_misc.automount; do
  $busybox ln -s /dev/null "$units/$name"
done
exec $busybox switch_root /new /lib/systemd/systemd
