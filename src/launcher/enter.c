// enter.c - a further program in a container that runs: its stage enters the container's namespaces and becomes an init
// that is not pid 1. That one stays in the launcher's pid namespace, where nothing of the container can see it; only
// its child, the program, is in the container's.
//
// The stage borrows the launcher's memory and the launcher waits for it, so it resolves no path in the container: a
// filesystem of the container's own (FUSE) could hold it for ever.
#include "launcher.h"
#include <sched.h>
#include <sys/socket.h>

enum { INIT_NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET };

void read_enter(struct reader *r, struct entering *e) {
  *e = (struct entering){ .active = 1, .init = -1, .program = -1, .proc = -1, .ptmx = -1 };
  e->target = read_u64(r);
  e->input = read_u32(r);
  e->terminal = read_u32(r);
  e->rows = read_u32(r);
  e->columns = read_u32(r);
}

// The init is an unreaped child, so its pid is its own. The program is not: whoever has its pid now is asked when he
// began.
int find_target(struct entering *e) {
  const struct container *c = container_find(e->target);
  if (!c || c->entered || c->state != CONTAINER_RUNNING || c->init <= 0 || c->have_status) {
    errno = ESRCH;
    return -1;
  }
  if ((e->init = sys_pidfd_open(c->init)) < 0 || (e->program = sys_pidfd_open(c->program)) < 0) return -1;
  if (start_time_of(c->program) != c->start_time) {
    errno = ESRCH;
    return -1;
  }
  // A board without it leaves the container's own.
  if (e->terminal) e->ptmx = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  return (e->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 ? -1 : 0;
}

void close_target(const struct entering *e) {
  const int fds[] = { e->init, e->program, e->proc, e->ptmx };
  for (unsigned i = 0; e->active && i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0) close(fds[i]);
}

// By the stage. What it clones afterwards is in the pid namespace, not itself (pid_namespaces(7)).
int enter_container(const struct entering *e) { return setns(e->init, INIT_NAMESPACES); }

// Signals too: the init knows whether its program still lives, and SIGKILL would end the init alone.
int tell_entered(const struct container *c, int type, int a, int b) {
  struct init_record record = { type, a, b };
  if (c->status_fd < 0) return ESRCH;
  if (send(c->status_fd, &record, sizeof record, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof record) return 0;
  return errno == EPIPE || errno == ECONNRESET ? ESRCH : errno;
}

int container_close_input(uint64_t id) {
  struct container *c = container_find(id);
  if (!c) return ESRCH;
  if (c->in_fd < 0) return EBADF;
  close(c->in_fd);
  c->in_fd = -1;
  return 0;
}

int container_resize(uint64_t id, uint32_t rows, uint32_t columns) {
  const struct container *c = container_find(id);
  if (!c || c->init <= 0) return ESRCH;
  if (!c->terminal) return ENOTTY;
  if (rows > UINT16_MAX || columns > UINT16_MAX) return EINVAL;
  return tell_entered(c, INIT_RESIZE, (int)rows, (int)columns);
}
