// admin.c - what a program with CAP_SYS_ADMIN may try, or one that makes a user namespace to have it there.
#define _GNU_SOURCE
#include "attacker.h"
#include <sched.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *place(void) {
  mkdir(scratch("place"), 0700);
  return scratch("place");
}
static int mounted(int result) {
  int error = errno;
  if (!result) umount2(scratch("place"), MNT_DETACH);
  errno = error;
  return result;
}

static int mount_proc(void) { return mounted(mount("proc", place(), "proc", 0, 0)); }
static int mount_sysfs(void) { return mounted(mount("sysfs", place(), "sysfs", 0, 0)); }
static int mount_disk(void) { return mounted(mount(scratch("disk"), place(), "ext4", MS_RDONLY, 0)); }
// Mounting is enough: a release agent would be one write away.
static int mount_groups1(void) { return mounted(mount("none", place(), "cgroup", 0, "none,name=thuban-attack")); }
static int mount_groups2(void) { return mounted(mount("none", place(), "cgroup2", 0, 0)); }
// And read-only again, so that the next probe finds it as it was.
static int writable(const char *path) {
  if (mount(0, path, 0, MS_REMOUNT | MS_BIND, 0)) return -1;
  return mount(0, path, 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0);
}
static int make_writable(void) { return writable(setting("READ_ONLY")); }
static int make_root_writable(void) { return writable("/"); }
static int make_proc_writable(void) { return writable("/proc"); }
static int uncover_keys(void) { return umount2("/proc/keys", MNT_DETACH); }
static int bind_root(void) { return mounted(mount("/", place(), 0, MS_BIND | MS_REC, 0)); }
static int share_mounts(void) { return mount(0, "/", 0, MS_REC | MS_SHARED, 0); }
static int watch_board(void) {
  int fd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
  return fd < 0 ? -1 : close(fd);
}

// As whoever may make a user namespace: root there, and then the same again.
static int (*attempt)(void);
static int write_text(const char *file, const char *text) {
  int fd = open(file, O_WRONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return n < 0 ? -1 : 0;
}
static int as_new_root(void) {
  char map[32];
  uid_t uid = getuid();
  gid_t gid = getgid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)) return -1;
  snprintf(map, sizeof map, "0 %u 1", uid);
  if (write_text("/proc/self/uid_map", map)) { // on a read-only /proc there is no map: the capabilities are there
    errno = 0;
  } else if (!write_text("/proc/self/setgroups", "deny")) {
    snprintf(map, sizeof map, "0 %u 1", gid);
    write_text("/proc/self/gid_map", map);
  }
  return apart(attempt); // the first child is in the new pid namespace
}
static int nested(int (*body)(void)) {
  attempt = body;
  return apart(as_new_root);
}
static int nothing(void) { return 0; }
static int nested_namespace(void) { return nested(nothing); }
static int nested_proc(void) { return nested(mount_proc); }
static int nested_sysfs(void) { return nested(mount_sysfs); }
static int nested_writable(void) { return nested(make_writable); }
static int nested_uncover(void) { return nested(uncover_keys); }
static int nested_groups(void) { return nested(mount_groups1); }

const struct probe admin_probes[] = {
  { "mount_proc", mount_proc },
  { "mount_sysfs", mount_sysfs },
  { "mount_disk", mount_disk },
  { "mount_groups1", mount_groups1 },
  { "mount_groups2", mount_groups2 },
  { "make_writable", make_writable },
  { "make_root_writable", make_root_writable },
  { "make_proc_writable", make_proc_writable },
  { "uncover_keys", uncover_keys },
  { "bind_root", bind_root },
  { "share_mounts", share_mounts },
  { "watch_board", watch_board },
  { "nested_namespace", nested_namespace },
  { "nested_proc", nested_proc },
  { "nested_sysfs", nested_sysfs },
  { "nested_writable", nested_writable },
  { "nested_uncover", nested_uncover },
  { "nested_groups", nested_groups },
  { 0, 0 },
};
