// sys.h - system calls that a libc may not wrap yet, and the clone that borrows its parent's memory.
#ifndef THUBAN_SYS_H
#define THUBAN_SYS_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// The numbers from 424 on are the same on every architecture (asm-generic/unistd.h).
enum {
  NR_OPEN_TREE = 428,
  NR_MOVE_MOUNT = 429,
  NR_FSOPEN = 430,
  NR_FSCONFIG = 431,
  NR_FSMOUNT = 432,
  NR_PIDFD_OPEN = 434,
  NR_CLONE3 = 435,
  NR_CLOSE_RANGE = 436,
  NR_OPENAT2 = 437,
  NR_MOUNT_SETATTR = 442
};

#define INTO_CGROUP 0x200000000ULL // CLONE_INTO_CGROUP, 5.7
#define NEWCGROUP 0x02000000       // CLONE_NEWCGROUP, 4.6

struct clone_args3 {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

// clone3 without a stack of its own: with CLONE_VM|CLONE_VFORK the child runs below the caller's frame, as vfork does,
// and the caller sleeps until the child has executed something else or ended. No page table is copied. It must be
// inlined, and the child's branch must be one call that never returns.
static inline __attribute__((always_inline)) long clone3_here(struct clone_args3 *args) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"((long)NR_CLONE3), "D"(args), "S"(sizeof *args)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = NR_CLONE3, first __asm__("x0") = (long)args, second __asm__("x1") = sizeof *args;
  __asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second) : "memory");
  return first;
#elif defined(__arm__) && !defined(__thumb__)
  register long number __asm__("r7") = NR_CLONE3, first __asm__("r0") = (long)args, second __asm__("r1") = sizeof *args;
  __asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second) : "memory");
  return first;
#else
#error "clone3_here: this architecture is missing (on 32-bit ARM compile with -marm)"
#endif
}

struct open_how {
  uint64_t flags, mode, resolve;
};
enum { RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_BENEATH = 8, RESOLVE_IN_ROOT = 16 };
static inline int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = { .flags = flags, .resolve = resolve };
  return (int)syscall(NR_OPENAT2, dir, path, &how, sizeof how);
}

// statx(2), as far as it is asked here; its times have 64 bits on every architecture.
struct file_status {
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t links, uid, gid;
  uint16_t mode, zero;
  uint64_t ino, size, blocks, attributes_mask;
  struct {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t zero;
  } atime, btime, ctime, mtime;
  uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  uint64_t more[14];
};
enum { BASIC_STATUS = 0x7ff };

enum { TREE_CLONE = 1, TREE_CLOEXEC = O_CLOEXEC, TREE_RECURSIVE = 0x8000, EMPTY_PATH = 0x1000, NO_FOLLOW = 0x100 };
enum { MOVE_FROM_EMPTY = 4, MOVE_TO_EMPTY = 0x40 };
enum { CONFIG_FLAG = 0, CONFIG_STRING = 1, CONFIG_CREATE = 6, CONFIG_RECONFIGURE = 7 };
struct mount_attributes {
  uint64_t set, clear, propagation, userns;
};

static inline int sys_open_tree(int dir, const char *path, unsigned flags) {
  return (int)syscall(NR_OPEN_TREE, dir, path, flags);
}
static inline int sys_move_mount(int from, int to) {
  return (int)syscall(NR_MOVE_MOUNT, from, "", to, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY);
}
static inline int sys_fsopen(const char *type) { return (int)syscall(NR_FSOPEN, type, 1); }
static inline int sys_fsconfig(int fd, unsigned command, const char *key, const char *value) {
  return (int)syscall(NR_FSCONFIG, fd, command, key, value, 0);
}
static inline int sys_fsmount(int fd, unsigned attributes) { return (int)syscall(NR_FSMOUNT, fd, 1, attributes); }
static inline int sys_mount_setattr(int fd, unsigned flags, uint64_t set) {
  struct mount_attributes a = { .set = set };
  return (int)syscall(NR_MOUNT_SETATTR, fd, "", EMPTY_PATH | flags, &a, sizeof a);
}
static inline int sys_statx(int fd, struct file_status *status) {
  return (int)syscall(SYS_statx, fd, "", EMPTY_PATH, BASIC_STATUS, status);
}
static inline int sys_pidfd_open(pid_t pid) { return (int)syscall(NR_PIDFD_OPEN, pid, 0); }
// An own session of the kernel's keyrings, empty (keyctl(2)): whoever is in the one of who started us reads its keys,
// whatever his user. Where the call is not there, or refused by a filter that what we start has too, there is no way to
// them either.
static inline int own_keyring(void) {
  return syscall(SYS_keyctl, 1, 0) < 0 && errno != ENOSYS && errno != EPERM ? -1 : 0;
}
static inline int sys_close_range(unsigned first, unsigned last) {
  return (int)syscall(NR_CLOSE_RANGE, first, last, 0);
}
#endif
