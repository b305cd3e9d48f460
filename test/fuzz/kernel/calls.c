// calls.c - what is called by its number, and what says nothing of files.
#include "../world.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>

int k_openat2(int dir, const char *path, const uint64_t *how);
int k_statx(int fd, uint8_t *status);
int k_executes_image(int fd);
enum {
  CLOSE_RANGE = 436,
  FSOPEN = 430,
  FSCONFIG,
  FSMOUNT,
  OPEN_TREE = 428,
  MOVE_MOUNT,
  PIDFD = 434,
  OPENAT2 = 437,
  SETATTR = 442
};

static void close_range_of(unsigned first, unsigned last) {
  int k_close(int fd);
  for (unsigned fd = first; fd < K_MAX_FD && fd <= last; fd++)
    if (k_table->fd[fd].of) k_close((int)fd);
}

static long call(long number, const long *a) {
  int fd = (int)a[0];
  switch (number) {
    case SYS_memfd_create: k_touch((char *)a[0]); return k_open_new(K_MEMORY, (int)a[1] & 1);
    case SYS_execveat: return k_executes_image(fd);
    case SYS_fstatfs:
      k_use(fd);
      *(long *)a[1] = DEVPTS_SUPER_MAGIC;
      break;
    case SYS_statx: return k_statx(fd, (uint8_t *)a[4]);
    case SYS_pivot_root: k_touch((char *)a[0]), k_touch((char *)a[1]); break;
    case SYS_capget: memset((void *)a[1], 0xff, 2 * sizeof(struct __user_cap_data_struct)); break;
    case SYS_capset: k_read_all((void *)a[1], 2 * sizeof(struct __user_cap_data_struct)); break;
    case SYS_setgroups: k_read_all((void *)a[1], (size_t)(uint32_t)a[0] * sizeof(gid_t)); break;
    case SYS_seccomp: {
      const struct sock_fprog *program = (void *)a[2];
      k_read_all(program->filter, program->len * sizeof *program->filter);
      break;
    }
    case SYS_sched_setattr: k_read_all((void *)a[1], 48); break;
    case SYS_prlimit64: k_read_all((void *)a[2], sizeof(struct rlimit)); break;
    case SYS_bpf: // of what is attached it says none; a program is a descriptor
      k_read_all((void *)a[1], (size_t)a[2]);
      if ((int)a[0] == 5 || (int)a[0] == 13) return k_open_new(K_PROGRAM, 1);
      if ((int)a[0] == 16) ((uint32_t *)a[1])[6] = k_answer() & 63u;
      break;
    case SYS_setresgid:
    case SYS_setresuid:
    case SYS_keyctl:
    case SYS_ppoll: break;
    case OPENAT2: return k_openat2(fd, (char *)a[1], (uint64_t *)a[2]);
    case OPEN_TREE:
      if (fd != AT_FDCWD) k_use(fd);
      k_touch((char *)a[1]);
      return k_open_new(K_MOUNT, (int)a[2] & O_CLOEXEC);
    case MOVE_MOUNT:
      if (k_use(fd)->kind != K_MOUNT) k_broken("what is attached is no mount");
      k_use((int)a[2]);
      break;
    case FSOPEN: k_touch((char *)a[0]); return k_open_new(K_CONTEXT, 1);
    case FSCONFIG:
      k_use(fd);
      if (a[2]) k_touch((char *)a[2]);
      if (a[3]) k_touch((char *)a[3]);
      break;
    case FSMOUNT: k_use(fd); return k_open_new(K_MOUNT, 1);
    case SETATTR: {
      k_use(fd);
      const uint64_t *attributes = (uint64_t *)a[3];
      k_read_all(attributes, 32);
      if (attributes[3]) k_use((int)attributes[3]);
      break;
    }
    case PIDFD: return k_open_new(K_PIDFD, 1);
    case CLOSE_RANGE:
      if (k_fails()) return -1;
      close_range_of((unsigned)a[0], (unsigned)a[1]);
      return 0;
    default: k_broken("system call %ld is unknown here", number);
  }
  return k_fails() ? -1 : 0;
}

// As many arguments as there may be: the last ones are perhaps nobody's.
__attribute__((no_sanitize("address"))) long k_syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  return call(number, a);
}

int k_prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  long first = va_arg(list, long);
  va_end(list);
  if (option == PR_CAPBSET_READ) return (int)first <= 40 ? k_answer() < 0x80 : (errno = EINVAL, -1);
  if (option == PR_SET_NAME) k_touch((char *)first);
  return k_fails() ? -1 : 0;
}

int k_ioctl(int fd, unsigned long request, ...) {
  k_use(fd);
  if (k_fails()) return -1;
  switch (request) {
    case 0x4C82: return k_answer();                                     // LOOP_CTL_GET_FREE
    case 0xb703: return k_answer() < 0xf0 ? CLONE_NEWNET : CLONE_NEWNS; // NS_GET_NSTYPE
    case TIOCGPTPEER: return k_open_new(K_TERMINAL, 1);
    default: return 0;
  }
}

void *k_mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset) {
  (void)where, (void)protection, (void)flags, (void)offset;
  const struct object *o = k_use(fd);
  if (!size || k_fails()) return MAP_FAILED;
  void *copy = k_give(size);
  memset(copy, 0, size);
  memcpy(copy, o->data, o->size < size ? o->size : size);
  return copy;
}

int k_tcgetattr(int fd, struct termios *how) {
  k_use(fd);
  memset(how, 0, sizeof *how);
  how->c_lflag = k_answer() & 1 ? 0 : ICANON;
  how->c_cc[VEOF] = 4;
  return k_fails() ? -1 : 0;
}

static time_t now;
int k_clock_gettime(clockid_t clock, struct timespec *t) {
  (void)clock;
  now += k_answer() & 3;
  *t = (struct timespec){ .tv_sec = now };
  return 0;
}

int k_sethostname(const char *name, size_t size) { return k_read_all(name, size), k_fails() ? -1 : 0; }
int k_unshare(int flags) { return (void)flags, k_fails() ? -1 : 0; }
pid_t k_setsid(void) { return k_fails() ? -1 : 7; }
pid_t k_getpid(void) { return 7; }
pid_t k_getppid(void) { return 6; }
uid_t k_getuid(void) { return 0; }
gid_t k_getegid(void) { return 0; }
uid_t k_geteuid(void) { return 0; }
gid_t k_getgid(void) { return 0; }
mode_t k_umask(mode_t mode) { return (void)mode, 022; }
static uint32_t fsuid, fsgid;
int k_setfsuid(uid_t id) { return (int)(fsuid == id ? id : (k_fails() ? fsuid : (fsuid = id, 0u))); }
int k_setfsgid(gid_t id) { return (int)(fsgid == id ? id : (k_fails() ? fsgid : (fsgid = id, 0u))); }
void k_reset_calls(void) {
  fsuid = fsgid = 0;
  now = 1000;
}
int k_setrlimit(int which, const struct rlimit *limit) { return (void)which, k_read_all(limit, sizeof *limit), 0; }
int k_getrlimit(int which, struct rlimit *limit) {
  (void)which;
  *limit = (struct rlimit){ 64, 1024 };
  return k_fails() ? -1 : 0;
}
int k_usleep(useconds_t time) { return (void)time, k_fails() ? -1 : 0; }
int k_puts(const char *text) { return k_touch(text), 0; }
int k_dprintf(int fd, const char *format, ...) { return k_use(fd), k_touch(format), k_fails() ? -1 : 6; }
typedef void (*handler)(int);
handler k_signal(int signal, handler to) { return (void)signal, to; }
