// kernel.h - put in front of every source of the launcher and the init by the compiler (-include): each system call,
// and each call that gives out memory, is one of the fake kernel's. So nothing real is mounted, made or killed, and
// what the kernel answers comes from the fuzzer.
#ifndef THUBAN_FUZZ_KERNEL_H
#define THUBAN_FUZZ_KERNEL_H
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

extern __typeof__(accept4) k_accept4;
extern __typeof__(bind) k_bind;
extern __typeof__(calloc) k_calloc;
extern __typeof__(chdir) k_chdir;
extern __typeof__(clock_gettime) k_clock_gettime;
extern __typeof__(clone) k_clone;
extern __typeof__(close) k_close;
extern __typeof__(closedir) k_closedir;
extern __typeof__(connect) k_connect;
extern __typeof__(dprintf) k_dprintf;
extern __typeof__(dup3) k_dup3;
extern __typeof__(epoll_create1) k_epoll_create1;
extern __typeof__(epoll_ctl) k_epoll_ctl;
extern __typeof__(epoll_wait) k_epoll_wait;
extern __typeof__(eventfd) k_eventfd;
extern __typeof__(execve) k_execve;
extern __typeof__(faccessat) k_faccessat;
extern __typeof__(fchdir) k_fchdir;
extern __typeof__(fchmod) k_fchmod;
extern __typeof__(fchmodat) k_fchmodat;
extern __typeof__(fchown) k_fchown;
extern __typeof__(fchownat) k_fchownat;
extern __typeof__(fcntl) k_fcntl;
extern __typeof__(flock) k_flock;
extern __typeof__(free) k_free;
extern __typeof__(fstat) k_fstat;
extern __typeof__(fstatfs) k_fstatfs;
extern __typeof__(fstatvfs) k_fstatvfs;
extern __typeof__(fsync) k_fsync;
extern __typeof__(getegid) k_getegid;
extern __typeof__(geteuid) k_geteuid;
extern __typeof__(getgid) k_getgid;
extern __typeof__(getpid) k_getpid;
extern __typeof__(getppid) k_getppid;
extern __typeof__(getrlimit) k_getrlimit;
extern __typeof__(getsockopt) k_getsockopt;
extern __typeof__(getuid) k_getuid;
extern __typeof__(ioctl) k_ioctl;
extern __typeof__(kill) k_kill;
extern __typeof__(listen) k_listen;
extern __typeof__(lstat) k_lstat;
extern __typeof__(malloc) k_malloc;
extern __typeof__(mkdir) k_mkdir;
extern __typeof__(mkdirat) k_mkdirat;
extern __typeof__(mknodat) k_mknodat;
extern __typeof__(mmap) k_mmap;
extern __typeof__(mount) k_mount;
extern __typeof__(open) k_open;
extern __typeof__(openat) k_openat;
extern __typeof__(opendir) k_opendir;
extern __typeof__(pipe2) k_pipe2;
extern __typeof__(poll) k_poll;
extern __typeof__(prctl) k_prctl;
extern __typeof__(pread) k_pread;
extern __typeof__(puts) k_puts;
extern __typeof__(pwrite) k_pwrite;
extern __typeof__(read) k_read;
extern __typeof__(readdir) k_readdir;
extern __typeof__(realloc) k_realloc;
extern __typeof__(recv) k_recv;
extern __typeof__(recvmsg) k_recvmsg;
extern __typeof__(renameat) k_renameat;
extern __typeof__(rmdir) k_rmdir;
extern __typeof__(send) k_send;
extern __typeof__(sendmsg) k_sendmsg;
extern __typeof__(setfsgid) k_setfsgid;
extern __typeof__(setfsuid) k_setfsuid;
extern __typeof__(sethostname) k_sethostname;
extern __typeof__(setns) k_setns;
extern __typeof__(setrlimit) k_setrlimit;
extern __typeof__(setsid) k_setsid;
extern __typeof__(setsockopt) k_setsockopt;
extern __typeof__(shutdown) k_shutdown;
extern __typeof__(signal) k_signal;
extern __typeof__(signalfd) k_signalfd;
extern __typeof__(sigprocmask) k_sigprocmask;
extern __typeof__(sigtimedwait) k_sigtimedwait;
extern __typeof__(sigwaitinfo) k_sigwaitinfo;
extern __typeof__(socket) k_socket;
extern __typeof__(socketpair) k_socketpair;
extern __typeof__(stat) k_stat;
extern __typeof__(strdup) k_strdup;
extern __typeof__(symlinkat) k_symlinkat;
extern __typeof__(syscall) k_syscall;
extern __typeof__(tcgetattr) k_tcgetattr;
extern __typeof__(timerfd_create) k_timerfd_create;
extern __typeof__(timerfd_settime) k_timerfd_settime;
extern __typeof__(umask) k_umask;
extern __typeof__(umount2) k_umount2;
extern __typeof__(unlink) k_unlink;
extern __typeof__(unlinkat) k_unlinkat;
extern __typeof__(unshare) k_unshare;
extern __typeof__(usleep) k_usleep;
extern __typeof__(waitpid) k_waitpid;
extern __typeof__(write) k_write;
_Noreturn void k_exit(int code);

#include "child.h"
#define fork() K_CHILD(1)
#define exit(code) k_exit(code)
#define _exit(code) k_exit(code)
#define accept4(...) k_accept4(__VA_ARGS__)
#define bind(...) k_bind(__VA_ARGS__)
#define calloc(...) k_calloc(__VA_ARGS__)
#define chdir(...) k_chdir(__VA_ARGS__)
#define clock_gettime(...) k_clock_gettime(__VA_ARGS__)
#define clone(...) k_clone(__VA_ARGS__)
#define close(...) k_close(__VA_ARGS__)
#define closedir(...) k_closedir(__VA_ARGS__)
#define connect(...) k_connect(__VA_ARGS__)
#define dprintf(...) k_dprintf(__VA_ARGS__)
#define dup3(...) k_dup3(__VA_ARGS__)
#define epoll_create1(...) k_epoll_create1(__VA_ARGS__)
#define epoll_ctl(...) k_epoll_ctl(__VA_ARGS__)
#define epoll_wait(...) k_epoll_wait(__VA_ARGS__)
#define eventfd(...) k_eventfd(__VA_ARGS__)
#define execve(...) k_execve(__VA_ARGS__)
#define faccessat(...) k_faccessat(__VA_ARGS__)
#define fchdir(...) k_fchdir(__VA_ARGS__)
#define fchmod(...) k_fchmod(__VA_ARGS__)
#define fchmodat(...) k_fchmodat(__VA_ARGS__)
#define fchown(...) k_fchown(__VA_ARGS__)
#define fchownat(...) k_fchownat(__VA_ARGS__)
#define fcntl(...) k_fcntl(__VA_ARGS__)
#define flock(...) k_flock(__VA_ARGS__)
#define free(...) k_free(__VA_ARGS__)
#define fstat(...) k_fstat(__VA_ARGS__)
#define fstatfs(...) k_fstatfs(__VA_ARGS__)
#define fstatvfs(...) k_fstatvfs(__VA_ARGS__)
#define fsync(...) k_fsync(__VA_ARGS__)
#define getegid(...) k_getegid(__VA_ARGS__)
#define geteuid(...) k_geteuid(__VA_ARGS__)
#define getgid(...) k_getgid(__VA_ARGS__)
#define getpid(...) k_getpid(__VA_ARGS__)
#define getppid(...) k_getppid(__VA_ARGS__)
#define getrlimit(...) k_getrlimit(__VA_ARGS__)
#define getsockopt(...) k_getsockopt(__VA_ARGS__)
#define getuid(...) k_getuid(__VA_ARGS__)
#define ioctl(...) k_ioctl(__VA_ARGS__)
#define kill(...) k_kill(__VA_ARGS__)
#define listen(...) k_listen(__VA_ARGS__)
#define lstat(...) k_lstat(__VA_ARGS__)
#define malloc(...) k_malloc(__VA_ARGS__)
#define mkdir(...) k_mkdir(__VA_ARGS__)
#define mkdirat(...) k_mkdirat(__VA_ARGS__)
#define mknodat(...) k_mknodat(__VA_ARGS__)
#define mmap(...) k_mmap(__VA_ARGS__)
#define mount(...) k_mount(__VA_ARGS__)
#define open(...) k_open(__VA_ARGS__)
#define openat(...) k_openat(__VA_ARGS__)
#define opendir(...) k_opendir(__VA_ARGS__)
#define pipe2(...) k_pipe2(__VA_ARGS__)
#define poll(...) k_poll(__VA_ARGS__)
#define prctl(...) k_prctl(__VA_ARGS__)
#define pread(...) k_pread(__VA_ARGS__)
#define puts(...) k_puts(__VA_ARGS__)
#define pwrite(...) k_pwrite(__VA_ARGS__)
#define read(...) k_read(__VA_ARGS__)
#define readdir(...) k_readdir(__VA_ARGS__)
#define realloc(...) k_realloc(__VA_ARGS__)
#define recv(...) k_recv(__VA_ARGS__)
#define recvmsg(...) k_recvmsg(__VA_ARGS__)
#define renameat(...) k_renameat(__VA_ARGS__)
#define rmdir(...) k_rmdir(__VA_ARGS__)
#define send(...) k_send(__VA_ARGS__)
#define sendmsg(...) k_sendmsg(__VA_ARGS__)
#define setfsgid(...) k_setfsgid(__VA_ARGS__)
#define setfsuid(...) k_setfsuid(__VA_ARGS__)
#define sethostname(...) k_sethostname(__VA_ARGS__)
#define setns(...) k_setns(__VA_ARGS__)
#define setrlimit(...) k_setrlimit(__VA_ARGS__)
#define setsid(...) k_setsid(__VA_ARGS__)
#define setsockopt(...) k_setsockopt(__VA_ARGS__)
#define shutdown(...) k_shutdown(__VA_ARGS__)
#define signal(...) k_signal(__VA_ARGS__)
#define signalfd(...) k_signalfd(__VA_ARGS__)
#define sigprocmask(...) k_sigprocmask(__VA_ARGS__)
#define sigtimedwait(...) k_sigtimedwait(__VA_ARGS__)
#define sigwaitinfo(...) k_sigwaitinfo(__VA_ARGS__)
#define socket(...) k_socket(__VA_ARGS__)
#define socketpair(...) k_socketpair(__VA_ARGS__)
#define stat(...) k_stat(__VA_ARGS__)
#define strdup(...) k_strdup(__VA_ARGS__)
#define symlinkat(...) k_symlinkat(__VA_ARGS__)
#define syscall(...) k_syscall(__VA_ARGS__)
#define tcgetattr(...) k_tcgetattr(__VA_ARGS__)
#define timerfd_create(...) k_timerfd_create(__VA_ARGS__)
#define timerfd_settime(...) k_timerfd_settime(__VA_ARGS__)
#define umask(...) k_umask(__VA_ARGS__)
#define umount2(...) k_umount2(__VA_ARGS__)
#define unlink(...) k_unlink(__VA_ARGS__)
#define unlinkat(...) k_unlinkat(__VA_ARGS__)
#define unshare(...) k_unshare(__VA_ARGS__)
#define usleep(...) k_usleep(__VA_ARGS__)
#define waitpid(...) k_waitpid(__VA_ARGS__)
#define write(...) k_write(__VA_ARGS__)
#define main thuban_main
#include "../../src/launcher/sys.h" // its calls too
#define clone3_here(arguments) ((void)(arguments), K_CHILD(0))

// All that lives longer than a call is kept together, so that each run begins with what the program begins with.
#pragma clang section bss = ".thuban.bss" data = ".thuban.data"
#endif
