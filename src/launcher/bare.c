// bare.c - the little that the init needs of a C library, and its first instructions.
//
// A static libc prepares itself before main: thread storage, its choice of memcpy by processor, standard streams. On a
// start that is a third of all the time, and in every container's pid 1 some hundred KiB that nobody uses. The init
// needs none of it: it makes system calls. bare.flags has what the compiler is told: some guard stacks and buffers
// unasked, with the help of a libc; fewer segments are fewer page faults. The declarations are those of the headers, so
// the code reads as any other and the same files work with a libc as well.
#include "sys.h"
#include <signal.h>
#include <termios.h>
#include <sys/signalfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

int main(int argc, char **argv);

// Where the stack begins, the kernel has put the arguments: their number, then pointers to them. It is aligned as a
// function expects it.
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call bare_start\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n b bare_start\n");
#elif defined(__arm__)
__asm__(".globl _start\n.type _start, %function\n_start:\n mov fp, #0\n mov lr, #0\n mov r0, sp\n"
        " bic sp, sp, #7\n b bare_start\n");
#endif
__attribute__((used)) _Noreturn void bare_start(long *stack) { _exit(main((int)stack[0], (char **)(stack + 1))); }

static int error_number; // one thread: a child made like vfork shares it, as it shares everything
int *__errno_location(void) { return &error_number; }

// At most six arguments, none of them wider than a register (syscall(2)).
static long raw(long number, const long *a) {
#if defined(__x86_64__)
  long result;
  register long four __asm__("r10") = a[3], five __asm__("r8") = a[4], six __asm__("r9") = a[5];
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(four), "r"(five), "r"(six)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long n __asm__("x8") = number, one __asm__("x0") = a[0], two __asm__("x1") = a[1],
                  three __asm__("x2") = a[2], four __asm__("x3") = a[3], five __asm__("x4") = a[4],
                  six __asm__("x5") = a[5];
  __asm__ volatile("svc 0" : "+r"(one) : "r"(n), "r"(two), "r"(three), "r"(four), "r"(five), "r"(six) : "memory");
  return one;
#elif defined(__arm__)
  register long n __asm__("r7") = number, one __asm__("r0") = a[0], two __asm__("r1") = a[1],
                  three __asm__("r2") = a[2], four __asm__("r3") = a[3], five __asm__("r4") = a[4],
                  six __asm__("r5") = a[5];
  __asm__ volatile("svc 0" : "+r"(one) : "r"(n), "r"(two), "r"(three), "r"(four), "r"(five), "r"(six) : "memory");
  return one;
#else
#error "bare.c: this architecture is missing"
#endif
}

long syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  long result = raw(number, a);
  if (result >= 0 || result < -4095) return result;
  errno = (int)-result;
  return -1;
}

// 32-bit ARM has the wide forms under other numbers.
#ifdef SYS_fcntl64
enum {
  CALL_FCNTL = SYS_fcntl64,
  CALL_MMAP = SYS_mmap2,
  CALL_GETUID = SYS_getuid32,
  CALL_GETGID = SYS_getgid32,
  CALL_FCHOWN = SYS_fchown32
};
#else
enum {
  CALL_FCNTL = SYS_fcntl,
  CALL_MMAP = SYS_mmap,
  CALL_GETUID = SYS_getuid,
  CALL_GETGID = SYS_getgid,
  CALL_FCHOWN = SYS_fchown
};
#endif

void _exit(int code) {
  for (;;) syscall(SYS_exit_group, code);
}
ssize_t read(int fd, void *to, size_t size) { return syscall(SYS_read, fd, to, size); }
ssize_t write(int fd, const void *from, size_t size) { return syscall(SYS_write, fd, from, size); }
int close(int fd) { return (int)syscall(SYS_close, fd); }
int dup3(int from, int to, int flags) { return (int)syscall(SYS_dup3, from, to, flags); }
int fchdir(int fd) { return (int)syscall(SYS_fchdir, fd); }
int fchown(int fd, uid_t uid, gid_t gid) { return (int)syscall(CALL_FCHOWN, fd, uid, gid); }
int listen(int fd, int backlog) { return (int)syscall(SYS_listen, fd, backlog); }
int kill(pid_t pid, int number) { return (int)syscall(SYS_kill, pid, number); }
int unshare(int flags) { return (int)syscall(SYS_unshare, flags); }
int setns(int fd, int kinds) { return (int)syscall(SYS_setns, fd, kinds); }
pid_t setsid(void) { return (pid_t)syscall(SYS_setsid); }
uid_t getuid(void) { return (uid_t)syscall(CALL_GETUID); }
gid_t getgid(void) { return (gid_t)syscall(CALL_GETGID); }
mode_t umask(mode_t mode) { return (mode_t)syscall(SYS_umask, mode); }
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { return syscall(SYS_sendmsg, fd, message, flags); }
ssize_t recv(int fd, void *to, size_t size, int flags) { return syscall(SYS_recvfrom, fd, to, size, flags, 0, 0); }
pid_t waitpid(pid_t pid, int *status, int options) { return (pid_t)syscall(SYS_wait4, pid, status, options, 0); }
int execve(const char *path, char *const *argv, char *const *envp) {
  return (int)syscall(SYS_execve, path, argv, envp);
}

// What comes after the named arguments is always one register here.
#define REST(last, type)                                                                                               \
  va_list list;                                                                                                        \
  va_start(list, last);                                                                                                \
  type rest = va_arg(list, type);                                                                                      \
  va_end(list)

int openat(int dir, const char *path, int flags, ...) {
  REST(flags, int);
  return (int)syscall(SYS_openat, dir, path, flags | O_LARGEFILE, rest);
}
int fcntl(int fd, int command, ...) {
  REST(command, long);
  return (int)syscall(CALL_FCNTL, fd, command, rest);
}
int ioctl(int fd, unsigned long request, ...) {
  REST(request, long);
  return (int)syscall(SYS_ioctl, fd, request, rest);
}
int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  unsigned long a[4];
  for (int i = 0; i < 4; i++) a[i] = va_arg(list, unsigned long);
  va_end(list);
  return (int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}

// Only whole mappings: the offset, which 32-bit ARM would count in pages, is not passed on.
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  (void)offset;
  return (void *)syscall(CALL_MMAP, at, size, protection, flags, fd, 0);
}

// The kernel's sets have as many bits as there are signals, not those of a libc.
enum { KERNEL_SET = 8 };
int sigemptyset(sigset_t *set) { return memset(set, 0, sizeof *set), 0; }
int sigfillset(sigset_t *set) { return memset(set, 0xff, sizeof *set), 0; }
int sigprocmask(int how, const sigset_t *set, sigset_t *old) {
  return (int)syscall(SYS_rt_sigprocmask, how, set, old, KERNEL_SET);
}
int sigwaitinfo(const sigset_t *set, siginfo_t *info) {
  return (int)syscall(SYS_rt_sigtimedwait, set, info, 0, KERNEL_SET);
}
int signalfd(int fd, const sigset_t *set, int flags) { return (int)syscall(SYS_signalfd4, fd, set, KERNEL_SET, flags); }
int poll(struct pollfd *fds, nfds_t count, int timeout) {
  struct {
    long seconds, nanoseconds;
  } time = { timeout / 1000, timeout % 1000 * 1000000L };
  return (int)syscall(SYS_ppoll, fds, count, timeout < 0 ? 0 : &time, 0, KERNEL_SET);
}
// What the kernel writes is the beginning of what a libc has (asm-generic/termbits.h).
int tcgetattr(int fd, struct termios *how) { return ioctl(fd, TCGETS, how); }
int usleep(useconds_t time) {
  struct {
    long seconds, nanoseconds;
  } pause = { time / 1000000, time % 1000000 * 1000 };
  return (int)syscall(SYS_nanosleep, &pause, 0);
}

// Never given back. The first small ones need no mapping of their own.
void *calloc(size_t count, size_t size) {
  static _Alignas(16) char arena[2048];
  static size_t used;
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) return 0;
  bytes = (bytes + 15) & ~(size_t)15;
  if (bytes <= sizeof arena - used) return arena + (used += bytes) - bytes;
  void *made = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return made == MAP_FAILED ? 0 : made;
}

// Without it a compiler may make of such a loop a call of the very function that it is in.
static inline void stay_a_loop(void) { __asm__ volatile("" ::: "memory"); }

void *memset(void *to, int value, size_t size) {
  for (size_t i = 0; i < size; i++, stay_a_loop()) ((char *)to)[i] = (char)value;
  return to;
}
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  for (size_t i = 0; i < size; i++, stay_a_loop()) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}
void *memchr(const void *in, int byte, size_t size) {
  const unsigned char *at = in;
  for (size_t i = 0; i < size; i++)
    if (at[i] == (unsigned char)byte) return (void *)(uintptr_t)(at + i);
  return 0;
}
size_t strlen(const char *text) {
  size_t n = 0;
  for (; text[n]; n++) stay_a_loop();
  return n;
}
size_t strcspn(const char *text, const char *ends) {
  size_t n = 0;
  while (text[n] && !strchr(ends, text[n])) n++;
  return n;
}
int strncmp(const char *one, const char *other, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (one[i] != other[i] || !one[i]) return (unsigned char)one[i] - (unsigned char)other[i];
  return 0;
}
char *strchr(const char *text, int c) {
  for (;; text++) {
    if (*text == (char)c) return (char *)(uintptr_t)text;
    if (!*text) return 0;
  }
}
char *strrchr(const char *text, int c) {
  const char *found = 0;
  for (;; text++) {
    if (*text == (char)c) found = text;
    if (!*text) return (char *)(uintptr_t)found;
  }
}

// %d, %u, %s and %.*s, which is all that is asked for.
int snprintf(char *to, size_t size, const char *format, ...) {
  va_list list;
  va_start(list, format);
  size_t n = 0;
  for (; *format; format++) {
    char digits[12], *text = digits + sizeof digits - 1;
    const char *from = text;
    *text = 0;
    if (*format != '%') {
      if (n + 1 < size) to[n] = *format;
      n++;
      continue;
    }
    format++;
    size_t most = SIZE_MAX;
    if (!strncmp(format, ".*s", 3)) {
      most = (size_t)va_arg(list, int);
      format += 2;
    }
    if (*format == 's')
      from = va_arg(list, const char *);
    else {
      int value = va_arg(list, int);
      unsigned left = *format == 'd' && value < 0 ? 0u - (unsigned)value : (unsigned)value;
      do *--text = (char)('0' + left % 10);
      while (left /= 10);
      if (*format == 'd' && value < 0) *--text = '-';
      from = text;
    }
    for (; most && *from; from++, n++, most--)
      if (n + 1 < size) to[n] = *from;
  }
  va_end(list);
  if (size) to[n < size ? n : size - 1] = 0;
  return (int)n;
}
