// power.c - what reaches the whole board and needs one capability.
#define _GNU_SOURCE
#include "attacker.h"
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#if defined __x86_64__ || defined __i386__
#include <sys/io.h>
#endif

static dev_t disk(void) {
  unsigned at[2] = { 0 };
  sscanf(setting("DISK"), "%u:%u", at, at + 1);
  return makedev(at[0], at[1]);
}

static int make_disk(void) { return mknod(scratch("disk"), S_IFBLK | 0600, disk()); }
static int open_disk(void) { return reads_secret(AT_FDCWD, scratch("disk")); }

// The kernel asks for the capability first, and then finds no module in nothing.
static int load_module(void) {
  if (syscall(SYS_init_module, "", 0UL, "") && errno != ENOEXEC) return -1;
  return 0;
}

static int use_ports(void) {
#if defined __x86_64__ || defined __i386__
  return ioperm(0x80, 1, 1) || ioperm(0x80, 1, 0) ? -1 : 0;
#else
  errno = ENOSYS;
  return -1;
#endif
}

static int read_kernel_log(void) {
  char text[256];
  return klogctl(3, text, sizeof text) < 0 ? -1 : 0; // SYSLOG_ACTION_READ_ALL changes nothing
}

static int load_program(void) {
  struct bpf_insn program[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
  union bpf_attr attributes = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                                .insn_cnt = 2,
                                .insns = (__u64)(uintptr_t)program,
                                .license = (__u64)(uintptr_t) "GPL" };
  int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
  return fd < 0 ? -1 : close(fd);
}

static int list_programs(void) {
  union bpf_attr attributes = { 0 };
  return syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attributes, sizeof attributes) && errno != ENOENT ? -1 : 0;
}

static int profile_board(void) {
  struct perf_event_attr what = { .type = PERF_TYPE_SOFTWARE, .size = sizeof what, .config = PERF_COUNT_SW_CPU_CLOCK };
  int fd = (int)syscall(SYS_perf_event_open, &what, -1, 0, -1, 0);
  return fd < 0 ? -1 : close(fd);
}

// Without a time and a zone nothing is set; who may set is asked all the same.
static int set_clock(void) { return (int)syscall(SYS_settimeofday, 0, 0); }

// Nothing but Ctrl-Alt-Del, should it reach the board. A pid namespace says EINVAL to whoever may.
static int reboot_board(void) {
  return (int)syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF, 0);
}

static int write_core_pattern(void) { return opens("/proc/sys/kernel/core_pattern", O_WRONLY); }
static int write_sysrq(void) { return opens("/proc/sysrq-trigger", O_WRONLY); }
static int write_last_pid(void) { return opens("/proc/sys/kernel/ns_last_pid", O_WRONLY); }
static int write_sys(void) { return opens("/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY); }
static int write_limits_of_init(void) { return opens("/proc/1/oom_score_adj", O_WRONLY); }
static int write_groups(void) { return opens("/sys/fs/cgroup/cgroup.procs", O_WRONLY); }
static int hidden_keys(void) {
  char text[16];
  int fd = open("/proc/keys", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = read(fd, text, sizeof text);
  close(fd);
  errno = ENODATA;
  return n > 0 ? 0 : -1;
}

// Version 2 of vfs_cap_data: all capabilities permitted, and effective at once.
static int file_capability(void) {
  static const unsigned char all[20] = { 1, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 0, 255, 1, 0, 0 };
  int fd = open(scratch("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
  if (fd < 0) return -1;
  int result = fsetxattr(fd, "security.capability", all, sizeof all, 0), error = errno;
  close(fd);
  errno = error;
  return result;
}

// restart: of the board, had it not a pid namespace of its own. Only below an init of ours, whatever happens to a test.
int restart(int argc, char **argv) {
  char name[16] = "", own[64] = "";
  int fd = open("/proc/1/comm", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, name, sizeof name - 1) <= 0 || strcmp(name, "init\n") || getppid() != 1) return 3;
  if (readlink("/proc/self/ns/pid", own, sizeof own - 1) <= 0 || argc != 1 || !strcmp(own, argv[0])) return 3;
  syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0);
  return errno;
}

const struct probe power_probes[] = {
  { "make_disk", make_disk },
  { "open_disk", open_disk },
  { "load_module", load_module },
  { "use_ports", use_ports },
  { "read_kernel_log", read_kernel_log },
  { "load_program", load_program },
  { "list_programs", list_programs },
  { "profile_board", profile_board },
  { "set_clock", set_clock },
  { "reboot_board", reboot_board },
  { "write_core_pattern", write_core_pattern },
  { "write_sysrq", write_sysrq },
  { "write_last_pid", write_last_pid },
  { "write_sys", write_sys },
  { "write_limits_of_init", write_limits_of_init },
  { "write_groups", write_groups },
  { "hidden_keys", hidden_keys },
  { "file_capability", file_capability },
  { 0, 0 },
};
