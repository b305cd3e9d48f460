import { Verdict, type CallRule } from './policy.ts';

/**
 * The profile `default`: what programs need, and nothing that reaches beyond the container; much as Docker's. What is dangerous only with a
 * capability is allowed to whoever has it. A name that an architecture does not have does nothing there.
 */
const BASE = `
access chdir chmod chown chown32 creat faccessat faccessat2 fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat file_getattr
file_setattr futimesat getcwd lchown lchown32 link linkat lstat lstat64 mkdir mkdirat mknod mknodat newfstatat fstatat64 open openat
openat2 readlink readlinkat rename renameat renameat2 rmdir stat stat64 statx symlink symlinkat truncate truncate64 umask unlink unlinkat
utime utimes utimensat utimensat_time64 statfs statfs64 fstatfs fstatfs64 sync syncfs statmount listmount name_to_handle_at

getxattr setxattr listxattr removexattr lgetxattr lsetxattr llistxattr lremovexattr fgetxattr fsetxattr flistxattr fremovexattr
getxattrat setxattrat listxattrat removexattrat

close close_range copy_file_range dup dup2 dup3 fadvise64 arm_fadvise64_64 fallocate fcntl fcntl64 fdatasync flock fstat
fstat64 fsync ftruncate ftruncate64 getdents getdents64 ioctl lseek _llseek pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2
read readahead readv sendfile sendfile64 splice sync_file_range sync_file_range2 arm_sync_file_range tee vmsplice write writev cachestat

epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 poll ppoll
ppoll_time64 pselect6 pselect6_time64 select _newselect signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64
timerfd_settime timerfd_settime64 inotify_add_watch inotify_init inotify_init1 inotify_rm_watch fanotify_mark
io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit

accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send sendmmsg sendmsg
sendto setsockopt shutdown socketpair

brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mremap mseal msync
munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease remap_file_pages

execve execveat exit exit_group fork vfork getpgid getpgrp getpid getppid getpriority getrlimit ugetrlimit getrusage getsid gettid
ioprio_get ioprio_set pidfd_open pidfd_send_signal prctl prlimit64 setpgid setpriority setrlimit setsid set_tid_address sysinfo times
uname nice wait4 waitid ptrace process_vm_readv process_vm_writev
arch_prctl modify_ldt get_thread_area set_thread_area set_tls cacheflush breakpoint uretprobe
futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue get_robust_list set_robust_list rseq restart_syscall

sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval
sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield getcpu

alarm kill pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack sigpending sigprocmask sigreturn sigsuspend tgkill tkill

adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun timer_gettime
timer_gettime64 timer_settime timer_settime64

capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid getresuid32
getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32
setresuid setresuid32 setreuid setreuid32 setuid setuid32

mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv
msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget

getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self lsm_get_self_attr lsm_list_modules lsm_set_self_attr seccomp`;

/** What is allowed to who has the capability. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_BPF: 'bpf',
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_PERFMON: 'perf_event_open',
  CAP_SYS_ADMIN: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree open_tree_attr
    perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount2 unshare`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module finit_module init_module',
  CAP_SYS_NICE: 'get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise',
  CAP_SYS_RAWIO: 'ioperm iopl',
  CAP_SYS_TIME: 'clock_settime clock_settime64 settimeofday',
  CAP_SYS_TTY_CONFIG: 'vhangup',
  CAP_SYSLOG: 'syslog',
};

const EPERM = 1;
const ENOSYS = 38;

/**
 * What programs and their libraries try, and do without: they are told so, whatever the rest of what is denied meets. The flags of clone3 lie in
 * memory, where no filter can look; a libc takes clone instead.
 */
const TRIED: readonly [errno: number, calls: string][] = [
  [ENOSYS, 'clone3 io_uring_setup io_uring_enter io_uring_register'],
  [EPERM, 'add_key get_mempolicy kcmp keyctl mbind perf_event_open request_key set_mempolicy userfaultfd'],
];

/** linux/sched.h: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e02_0000n;
/** Only flags of 32 bits can be given to clone. */
const ALL_FLAGS = 0xffff_ffff_ffff_ffffn;
const AF_VSOCK = 40n;

/** PER_LINUX, PER_LINUX32, each also with UNAME26 (sys/personality.h), and the question which one it is. */
const PERSONALITIES = [0x0n, 0x8n, 0x2_0000n, 0x2_0008n, 0xffff_ffffn];

function names(text: string): string[] {
  return text.split(/\s+/).filter((name) => name !== '');
}

/** `denied`: what a call meets that the profile does not allow. */
export function defaultProfile(capabilities: ReadonlySet<string>, denied: number): CallRule[] {
  const allow = (call: string): CallRule => ({ call, verdict: Verdict.ALLOW });
  const granted = Object.entries(BY_CAPABILITY).filter(([capability]) => capabilities.has(capability));
  return [
    ...granted.flatMap(([, calls]) => names(calls).map(allow)),
    // A virtual machine's host can be reached by it, past the network namespace.
    { call: 'socket', when: { index: 0, values: [AF_VSOCK] }, verdict: denied },
    allow('socket'),
    { call: 'personality', when: { index: 0, values: PERSONALITIES }, verdict: Verdict.ALLOW },
    { call: 'clone', when: { index: 0, values: [], mask: ALL_FLAGS & ~NEW_NAMESPACES }, verdict: Verdict.ALLOW },
    ...names(BASE).map(allow),
    ...TRIED.flatMap(([errno, calls]) =>
      names(calls).map((call) => ({ call, verdict: denied === Verdict.LOG ? denied : Verdict.errno(errno) })),
    ),
  ];
}

/** Every call that the profile names for whatever architecture or capability: what is not a slip of the pen. */
export function profileCalls(): Set<string> {
  return new Set(defaultProfile(new Set(Object.keys(BY_CAPABILITY)), Verdict.KILL_PROCESS).map(({ call }) => call));
}
