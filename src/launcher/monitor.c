// monitor.c - early warnings of memory pressure, for a program that cannot poll for them itself: a PSI trigger is told
// by POLLPRI (Documentation/accounting/psi.rst), a level of cgroup v1 by an eventfd (admin-guide/cgroup-v1/memory.rst,
// section 11).
//
// A monitor speaks once and is then silent until it is armed again, so that whoever listens decides how often it is
// heard, and nobody is woken while nobody listens. What happened in between is in the next report's count.
#include "launcher.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { MAX_MONITORS = 12288 }; // three for each container

struct monitor {
  uint64_t id; // of the container
  uint32_t kind, missed;
  int fd, silent;
  struct monitor *next;
};
static struct monitor *monitors;

// One write for one value. The file is closed again: only the eventfd has to stay.
static int write_control(const char *file, const char *line) {
  char path[4200];
  const char *slash = strrchr(file, '/');
  if (!slash ||
      snprintf(path, sizeof path, "%.*s/cgroup.event_control", (int)(slash - file), file) >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  size_t n = strlen(line);
  ssize_t written = write(fd, line, n);
  int error = written < 0 ? errno : EIO;
  close(fd);
  errno = error;
  return written == (ssize_t)n ? 0 : -1;
}

// An eventfd that is told when `control`, a file of cgroup v1, has something to say, about `text` if that is not empty.
int event_of(const char *file, const char *text) {
  char line[96];
  int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), control = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  int n = snprintf(line, sizeof line, "%d %d%s%s", event, control, *text ? " " : "", text);
  int failed = event < 0 || control < 0;
  if (!failed && n >= (int)sizeof line) {
    errno = EINVAL;
    failed = 1;
  }
  if (!failed) failed = write_control(file, line);
  int error = errno;
  if (control >= 0) close(control);
  if (failed && event >= 0) close(event);
  errno = error;
  return failed ? -1 : event;
}

static int trigger_of(const char *file, const char *text) {
  int fd = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return -1;
  // With its NUL: kernels before 5.15 cut off the last byte.
  if (write(fd, text, strlen(text) + 1) >= 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static void drop(struct monitor **at) {
  struct monitor *gone = *at;
  *at = gone->next;
  close_watched(&gone->fd); // which ends the trigger
  reports_unreserve(1);
  free(gone);
}

void monitors_drop(uint64_t id) {
  for (struct monitor **m = &monitors; *m;)
    if ((*m)->id == id)
      drop(m);
    else
      m = &(*m)->next;
}

// Those that were asked for ahead of a container, by a controller that then did not start it.
void monitors_drop_unused(void) {
  for (struct monitor **m = &monitors; *m;)
    if (!container_find((*m)->id))
      drop(m);
    else
      m = &(*m)->next;
}

static void tell(struct monitor *m, uint32_t count) {
  struct writer w = { .size = 0 };
  m->silent = 1;
  m->missed = 0;
  put_u64(&w, m->id);
  put_u32(&w, m->kind);
  put_u32(&w, count);
  report(WIRE_PRESSURE, &w);
}

void monitor_event(struct monitor *m, uint32_t events) {
  uint64_t count = 1;
  if (m->kind == MONITOR_LEVEL) {
    if (read(m->fd, &count, sizeof count) != sizeof count) return;
    rewatch_fd(m->fd, 0, (void *)((uintptr_t)m | TAG_MONITOR)); // the kernel goes on counting in it
  } else if (events & EPOLLERR) { // the group is gone, or its files were switched off (cgroup.pressure)
    for (struct monitor **at = &monitors; *at; at = &(*at)->next)
      if (*at == m) {
        drop(at);
        return;
      }
  }
  if (m->silent)
    m->missed++; // no more than one for each window
  else
    tell(m, count > UINT32_MAX ? UINT32_MAX : (uint32_t)count);
}

static int arm_again(struct monitor *m) {
  if (!m) return ENOENT;
  if (!m->silent) return 0;
  m->silent = 0;
  if (m->missed)
    tell(m, m->missed);
  else if (m->kind == MONITOR_LEVEL)
    rewatch_fd(m->fd, EPOLLIN, (void *)((uintptr_t)m | TAG_MONITOR));
  return 0;
}

// MONITOR: without a file the one that was made before is armed again. It may come before the SPAWN of its container,
// so that nothing of the program's life is missed.
int monitor(struct reader *r) {
  uint64_t id = read_u64(r);
  uint32_t kind = read_u32(r);
  const char *file = read_str(r), *text = read_str(r);
  if (r->bad || kind > MONITOR_LEVEL) return EINVAL;
  int total = 0;
  struct monitor *same = 0;
  for (struct monitor *m = monitors; m; m = m->next, total++)
    if (m->id == id && m->kind == kind) same = m;
  if (!*file) return arm_again(same);
  struct container *c = container_find(id);
  if (same) return EEXIST;
  if (c && c->state == CONTAINER_ENDED) return ESRCH;
  if (total >= MAX_MONITORS) return EAGAIN;
  struct monitor *m = calloc(1, sizeof *m);
  if (!m || reports_reserve(1)) {
    free(m);
    return ENOMEM;
  }
  *m = (struct monitor){ .id = id, .kind = kind, .next = monitors };
  m->fd = kind == MONITOR_LEVEL ? event_of(file, text) : trigger_of(file, text);
  if (m->fd >= 0 &&
      !watch_fd(m->fd, kind == MONITOR_LEVEL ? EPOLLIN : EPOLLPRI, (void *)((uintptr_t)m | TAG_MONITOR))) {
    monitors = m;
    return 0;
  }
  int error = errno;
  if (m->fd >= 0) close(m->fd);
  reports_unreserve(1);
  free(m);
  return error;
}
