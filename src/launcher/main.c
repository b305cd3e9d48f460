// main.c - the resident launcher: thuban-launcher --run-dir DIR --init FILE [--lease SECONDS] [--ready-fd N]
// [--rootless] [--without-mount-setattr]
//
// It writes "ready" to N (stdout by default) when it listens, or one line why it cannot. Its own stdout and stderr stay
// open for the containers that inherit them. One event at a time: an event may free what a later one of the same batch
// would point to.
#include "image.h"
#include "launcher.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

int no_mount_setattr, init_image = -1;
char tag_listen, tag_controller, tag_signals;
static char tag_lease, tag_linger;
static int epoll, lease_timer, linger_timer;
static long lease_seconds = 10;
enum { FIRST_CONNECT_SECONDS = 10, MIN_LEASE_NS = 1 };

static int watch(int op, int fd, uint32_t events, void *tag) {
  struct epoll_event e = { .events = events, .data.ptr = tag };
  return epoll_ctl(epoll, op, fd, &e);
}
int watch_fd(int fd, uint32_t events, void *tag) { return watch(EPOLL_CTL_ADD, fd, events, tag); }
void rewatch_fd(int fd, uint32_t events, void *tag) { watch(EPOLL_CTL_MOD, fd, events, tag); }

// Closing alone ends no watch while a child holds a copy of the descriptor, as those of devices.c do: it would speak of
// what has been freed.
void close_watched(int *fd) {
  if (*fd < 0) return;
  watch(EPOLL_CTL_DEL, *fd, 0, 0);
  close(*fd);
  *fd = -1;
}

// Each container takes several descriptors here. Its own processes begin with the limit that they would have had.
static struct rlimit descriptors;
static void raise_limits(void) {
  if (getrlimit(RLIMIT_NOFILE, &descriptors)) descriptors = (struct rlimit){ 0 };
  const struct rlimit all = { descriptors.rlim_max, descriptors.rlim_max };
  if (descriptors.rlim_cur < descriptors.rlim_max) setrlimit(RLIMIT_NOFILE, &all);
}
void restore_limits(void) {
  if (descriptors.rlim_cur < descriptors.rlim_max) setrlimit(RLIMIT_NOFILE, &descriptors);
}

static void arm(int timer, long seconds) {
  struct itimerspec t = { .it_value = { .tv_sec = seconds, .tv_nsec = seconds ? 0 : MIN_LEASE_NS } };
  timerfd_settime(timer, 0, &t, 0);
}
static void arm_lease(long seconds) { arm(lease_timer, seconds); }
void arm_linger(long seconds) { arm(linger_timer, seconds); }
void lease_start(void) { arm_lease(lease_seconds); }
void lease_stop(void) {
  struct itimerspec off = { 0 };
  timerfd_settime(lease_timer, 0, &off, 0);
}

void reap_children(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    if (!devices_reaped(pid, status)) container_reaped(pid, status);
}

static int ready_fd = 1;
static int made_run_dir;
static _Noreturn void give_up(const char *what) {
  dprintf(ready_fd, "error %s: %s\n", what, strerror(errno));
  if (made_run_dir) teardown_and_exit(); // else the folder, and perhaps a socket in it, are another's
  exit(1);
}

// The kernel's killer prefers high values; the init keeps this one, the program gets its own. Needs CAP_SYS_RESOURCE to
// go down.
static void lower_oom_score(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    if (write(fd, "-900", 4) < 0) {}
    close(fd);
  }
}

static int make_folders(const char *run_dir) {
  static const char *const inside[] = { "root", "sockets" };
  if (mkdir(run_dir, 0700)) return -1;
  made_run_dir = 1;
  for (unsigned i = 0; i < sizeof inside / sizeof *inside; i++) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", run_dir, inside[i]);
    if (mkdir(path, 0755)) return -1;
  }
  return 0;
}

static void handle_signals(int fd) {
  struct signalfd_siginfo info;
  while (read(fd, &info, sizeof info) == sizeof info)
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) teardown_and_exit();
  reap_children();
}

int main(int argc, char **argv) {
  const char *run_dir = 0, *init = 0;
  int make_run_dir = 0, without_root = 0;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--run-dir") && i + 1 < argc)
      run_dir = argv[++i];
    else if (!strcmp(argv[i], "--init") && i + 1 < argc)
      init = argv[++i];
    else if (!strcmp(argv[i], "--lease") && i + 1 < argc)
      lease_seconds = atol(argv[++i]);
    else if (!strcmp(argv[i], "--ready-fd") && i + 1 < argc)
      ready_fd = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--make-run-dir"))
      make_run_dir = 1;
    else if (!strcmp(argv[i], "--rootless"))
      without_root = 1;
    else if (!strcmp(argv[i], "--without-mount-setattr"))
      no_mount_setattr = 1;
    else if (!strcmp(argv[i], "--version")) {
      puts(THUBAN_BUILD);
      return 0;
    } else {
      fprintf(stderr, "thuban-launcher: unknown argument %s\n", argv[i]);
      return 2;
    }
  }
  if (!run_dir || !init || lease_seconds < 0) {
    fputs("usage: thuban-launcher --run-dir DIR --init FILE [--lease SECONDS]\n", stderr);
    return 2;
  }
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, 0); // from here on in every child, until its program is executed
  // What whoever started us ignores would be ignored in every program, for that survives execve(2). As all are blocked,
  // no default ever acts here.
  for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
  prctl(PR_SET_NAME, "thuban-launcher");
  // Without a lease, not even the time until the first connection may outlive whoever started us.
  if (!lease_seconds) prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (without_root && become_root_of_own_namespace(ready_fd)) give_up("user namespace");
  if (own_keyring()) give_up("keyring"); // the inits have this one
  if ((init_image = sealed_image(init)) < 0) give_up("init image");
  if (make_null()) give_up("null device");
  if (unshare(CLONE_NEWNS) || mount(0, "/", 0, MS_REC | MS_SLAVE, 0)) give_up("mount namespace");
  lower_oom_score();
  raise_limits();
  epoll = epoll_create1(EPOLL_CLOEXEC);
  int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  lease_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  linger_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (epoll < 0 || signals < 0 || lease_timer < 0 || linger_timer < 0 || watch_fd(signals, EPOLLIN, &tag_signals) ||
      watch_fd(lease_timer, EPOLLIN, &tag_lease) || watch_fd(linger_timer, EPOLLIN, &tag_linger))
    give_up("event loop");
  // Made by us rather than by the one who starts us: he may be killed before he could tell us to remove it.
  register_own(run_dir);
  if (make_run_dir && make_folders(run_dir)) give_up("run directory");
  if (transport_listen(run_dir)) give_up("socket");
  arm_lease(lease_seconds > FIRST_CONNECT_SECONDS ? lease_seconds : FIRST_CONNECT_SECONDS);
  if (dprintf(ready_fd, "ready\n") < 0) teardown_and_exit(); // whoever started us is gone already
  if (ready_fd > 2) close(ready_fd);
  for (;;) {
    struct epoll_event e;
    int n = epoll_wait(epoll, &e, 1, -1);
    if (n <= 0) continue;
    void *tag = e.data.ptr;
    if (tag == &tag_signals)
      handle_signals(signals);
    else if (tag == &tag_listen)
      transport_accept();
    else if (tag == &tag_controller) {
      if (e.events & EPOLLOUT) transport_writable();
      if (transport_connected() && e.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) transport_readable();
    } else if (tag == &tag_lease)
      teardown_and_exit(); // also when somebody connected and never said HELLO
    else if (tag == &tag_linger) {
      uint64_t fired;
      if (read(linger_timer, &fired, sizeof fired) == sizeof fired) containers_linger();
    } else {
      void *of = (void *)((uintptr_t)tag & ~(uintptr_t)TAG_BITS);
      switch ((uintptr_t)tag & TAG_BITS) {
        case TAG_OOM: container_oom(of); break;
        case TAG_MONITOR: monitor_event(of, e.events); break;
        default: container_status(of);
      }
    }
  }
}
