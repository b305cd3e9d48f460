// container.c - the containers that are held: what their inits say, how they end, what is asked of them.
#include "launcher.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

struct container *containers;
enum { MAX_STRINGS = 16384 }; // the frame is the real bound; this one keeps a lying count from being allocated
enum { LINGER_SECONDS = 1 };

static uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct container *container_find(uint64_t id) {
  for (struct container *c = containers; c; c = c->next)
    if (c->id == id) return c;
  return 0;
}

int read_strings(struct reader *r, struct strings *s) {
  uint32_t n = read_u32(r);
  if (r->bad || n > MAX_STRINGS) {
    r->bad = 1;
    errno = EPROTO;
    return -1;
  }
  s->list = calloc(n + 1, sizeof *s->list);
  s->count = 0;
  int complete = s->list != 0;
  for (uint32_t i = 0; complete && i < n; i++) {
    complete = (s->list[i] = strdup(read_str(r))) != 0;
    s->count++;
  }
  errno = r->bad ? EPROTO : ENOMEM;
  return r->bad || !complete ? -1 : 0;
}
void free_strings(struct strings *s) {
  for (uint32_t i = 0; i < s->count; i++) free(s->list[i]);
  free(s->list);
  *s = (struct strings){ 0 };
}

void container_free(struct container *c) {
  int fds[] = { c->in_fd, c->out_fd, c->err_fd };
  for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0) close(fds[i]);
  close_watched(&c->status_fd);
  close_watched(&c->oom_fd);
  reports_unreserve(c->reserved);
  sockets_remove(c);
  free_strings(&c->groups);
  free(c->blob);
  free(c);
}

void report_failure(uint64_t id, int step, int op, int error) {
  struct writer w = { .size = 0 };
  put_u64(&w, id);
  put_u32(&w, (uint32_t)step);
  put_u32(&w, (uint32_t)op);
  put_u32(&w, (uint32_t)error);
  report(WIRE_FAILED, &w);
}

// Reported when the init has been reaped: then nothing of the container is left.
void note_failure(struct container *c, int step, int op, int error) {
  c->have_failure = 1;
  c->failed_step = step;
  c->failed_op = op;
  c->failed_errno = error;
}

// Field 22 of /proc/<pid>/stat; a zombie still has it. The name in field 2 may hold anything, so the search starts at
// the last ')'.
uint64_t start_time_of(pid_t pid) {
  char path[40], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (n <= 0) return 0;
  text[n] = 0;
  char *at = strrchr(text, ')');
  unsigned long long ticks = 0;
  if (!at ||
      sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ticks) != 1)
    return 0;
  return ticks;
}

static void describe(struct writer *w, const struct container *c) {
  put_u64(w, c->id);
  put_u32(w, (uint32_t)c->init);
  put_u32(w, (uint32_t)c->program);
  put_u64(w, c->start_time);
  put_u64(w, c->time);
  put_u64(w, c->mono);
  put_u32(w, (uint32_t)c->out_fd);
  put_u64(w, c->out_inode);
  put_u32(w, (uint32_t)c->err_fd);
  put_u64(w, c->err_inode);
}

static void describe_end(struct writer *w, const struct container *c) {
  put_u32(w, (uint32_t)c->status);
  put_u32(w, !c->have_status);
  put_u64(w, c->end_time);
  put_u64(w, c->end_mono);
}

void container_status(struct container *c) {
  struct init_record record;
  union {
    char raw[CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr align;
  } control;
  struct iovec part = { &record, sizeof record };
  for (;;) {
    struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t n = recvmsg(c->status_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n != sizeof record) {
      close_watched(&c->status_fd);
      return;
    } // the init has ended
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    struct ucred sender = { 0 };
    if (head && head->cmsg_type == SCM_CREDENTIALS) memcpy(&sender, CMSG_DATA(head), sizeof sender);
    if (record.type == INIT_EXECUTED && c->state == CONTAINER_STARTING) {
      struct writer w = { .size = 0 };
      c->program = c->entered ? record.a : sender.pid;
      c->start_time = start_time_of(c->program);
      c->time = clock_ns(CLOCK_REALTIME);
      c->mono = clock_ns(CLOCK_MONOTONIC);
      c->state = CONTAINER_RUNNING;
      describe(&w, c);
      report(WIRE_STARTED, &w);
    } else if (record.type == INIT_FAILED && !c->have_failure) {
      note_failure(c, record.a, record.b & 0xffff, record.b >> 16);
    } else if (record.type == INIT_STATUS && !c->have_status) {
      c->have_status = 1;
      c->status = record.a;
      c->end_time = clock_ns(CLOCK_REALTIME);
      c->end_mono = clock_ns(CLOCK_MONOTONIC);
      arm_linger(LINGER_SECONDS);
    }
  }
}

static void report_end(uint16_t type, const struct container *c) {
  struct writer w = { .size = 0 };
  put_u64(&w, c->id);
  describe_end(&w, c);
  report(type, &w);
}

// An init that exits ends its pid namespace, and waits for everything in it: for ever, while one task of it cannot be
// killed (pid_namespaces(7)). Whoever waits for the container is told how its program ended.
void containers_linger(void) {
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  int young = 0;
  for (struct container *c = containers; c; c = c->next) {
    if (c->state != CONTAINER_RUNNING || !c->have_status || c->lingers) continue;
    if (now - c->end_mono < LINGER_SECONDS * 1000000000u) {
      young = 1;
      continue;
    }
    c->lingers = 1;
    report_end(WIRE_LINGERS, c);
  }
  if (young) arm_linger(LINGER_SECONDS);
}

// The eventfd also fires when the group is removed: then its control file is gone.
void container_oom(struct container *c) {
  uint64_t count;
  struct writer w = { .size = 0 };
  if (read(c->oom_fd, &count, sizeof count) != sizeof count) return;
  put_u64(&w, c->id);
  if (c->state != CONTAINER_ENDED)
    report(WIRE_OOM, &w);
  else
    close_watched(&c->oom_fd);
}

void container_reaped(pid_t pid, int status) {
  struct container *c = containers;
  while (c && c->init != pid) c = c->next;
  if (!c) return;
  if (c->status_fd >= 0) container_status(c); // what the init said before it ended
  close_watched(&c->status_fd);
  if (c->oom_fd >= 0) {
    container_oom(c); // before the exit: whether a limit was hit is known by then, since it was told before the kill
    close_watched(&c->oom_fd);
  }
  monitors_drop(c->id);
  sockets_remove(c);
  int started = c->state == CONTAINER_RUNNING;
  c->state = CONTAINER_ENDED;
  c->init = -1;
  if (!started) { // without a failure of its own, the init was killed before the program ran
    if (!c->have_failure) note_failure(c, -1, STEP_EXEC, EINTR);
    report_failure(c->id, c->failed_step, c->failed_op, c->failed_errno);
    return;
  }
  if (!c->have_status) {
    c->status = status;
    c->end_time = clock_ns(CLOCK_REALTIME);
    c->end_mono = clock_ns(CLOCK_MONOTONIC);
  }
  report_end(WIRE_EXITED, c);
}

int container_signal(uint64_t id, uint32_t signal) {
  struct container *c = container_find(id);
  if (!c || c->init <= 0) return ESRCH;
  if (c->entered) return tell_entered(c, INIT_KILL, (int)signal, 0);
  return kill(c->init, (int)signal) ? errno : 0; // unreaped, so the pid is still its own
}

int container_release(uint64_t id) {
  if (!container_find(id)) monitors_drop(id); // of a start that did not come so far
  for (struct container **c = &containers; *c; c = &(*c)->next) {
    if ((*c)->id != id) continue;
    if ((*c)->state != CONTAINER_ENDED) return EBUSY;
    struct container *gone = *c;
    *c = gone->next;
    container_free(gone);
    return 0;
  }
  return ESRCH;
}

int container_blob(uint64_t id, struct reader *r) {
  struct container *c = container_find(id);
  uint32_t size = read_u32(r);
  const void *bytes = read_bytes(r, size);
  if (!c) return ESRCH;
  if (r->bad || size > WIRE_MAX_BLOB) return EINVAL;
  uint8_t *copy = malloc(size + 1);
  if (!copy) return ENOMEM;
  memcpy(copy, bytes, size);
  free(c->blob);
  c->blob = copy;
  c->blob_size = size;
  return 0;
}

void container_list(void) {
  for (struct container *c = containers; c; c = c->next) {
    struct writer w = { .size = 0 };
    describe(&w, c);
    put_u32(&w, c->state);
    put_u32(&w, (uint32_t)c->have_failure);
    describe_end(&w, c);
    put_u32(&w, (uint32_t)c->failed_step);
    put_u32(&w, (uint32_t)c->failed_op);
    put_u32(&w, (uint32_t)c->failed_errno);
    put_u32(&w, c->blob_size);
    transport_send(WIRE_LISTED, 0, w.data, w.size, c->blob, c->blob_size);
  }
  transport_send(WIRE_LIST_END, 0, 0, 0, 0, 0);
}
