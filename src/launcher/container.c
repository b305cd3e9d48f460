// container.c - spawn, hold, report.
//
// SPAWN: id u64 · stdout u32, stderr u32 (0 discard, 1 pipe, 2 inherit) · pipe owner uid u32, gid u32 · steps [op u32, size u32,
// bytes] · joins: version u32, paths [str] · oom group str ("" = none) · groups to remove when the lease ends [str] · blob
#include "image.h"
#include "launcher.h"
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

struct container *containers;
enum { OUTPUT_DISCARD = 0, OUTPUT_PIPE = 1, OUTPUT_INHERIT = 2, MAX_CONTAINERS = 4096, MAX_STRINGS = 64 };

static uint64_t wall_ns(void) { struct timespec t; clock_gettime(CLOCK_REALTIME, &t); return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec; }

struct container *container_find(uint64_t id) { for (struct container *c = containers; c; c = c->next) if (c->id == id) return c; return 0; }

int read_strings(struct reader *r, struct strings *s) {
  uint32_t n = read_u32(r);
  if (r->bad || n > MAX_STRINGS) { r->bad = 1; return -1; }
  s->list = calloc(n + 1, sizeof *s->list); s->count = 0;
  for (uint32_t i = 0; s->list && i < n; i++) { s->list[i] = strdup(read_str(r)); s->count++; }
  return r->bad || !s->list ? -1 : 0;
}
void free_strings(struct strings *s) { for (uint32_t i = 0; i < s->count; i++) free(s->list[i]); free(s->list); *s = (struct strings){ 0 }; }

static void container_free(struct container *c) {
  int fds[] = { c->status_fd, c->out_fd, c->err_fd, c->oom_fd };
  for (unsigned i = 0; i < 4; i++) if (fds[i] >= 0) close(fds[i]); // closing also ends the watch
  free_strings(&c->groups); free(c->blob); free(c);
}

static void report_failure(uint64_t id, int step, int op, int error) {
  struct writer w = { .size = 0 };
  put_u64(&w, id); put_u32(&w, (uint32_t)step); put_u32(&w, (uint32_t)op); put_u32(&w, (uint32_t)error);
  report(WIRE_FAILED, &w);
}

// Reported when the init has been reaped: then nothing of the container is left.
static void note_failure(struct container *c, int step, int op, int error) {
  c->have_failure = 1; c->failed_step = step; c->failed_op = op; c->failed_errno = error;
}

// Anonymous pipe of the program's user, so that a program may open /dev/stdout again.
static int make_pipe(uint32_t uid, uint32_t gid, int *read_end, uint64_t *inode) {
  int p[2]; struct stat st;
  if (pipe2(p, O_CLOEXEC)) return -1;
  if (fchown(p[1], uid, gid) || fstat(p[0], &st)) { close(p[0]); close(p[1]); return -1; }
  *read_end = p[0]; *inode = st.st_ino;
  return p[1];
}

static int open_output(uint32_t mode, int inherited, uint32_t uid, uint32_t gid, int *read_end, uint64_t *inode) {
  if (mode == OUTPUT_PIPE) return make_pipe(uid, gid, read_end, inode);
  if (mode == OUTPUT_INHERIT) return fcntl(inherited, F_DUPFD_CLOEXEC, 3);
  return -2; // discard: the stage's own null device
}

// cgroup v1 tells of an OOM through an eventfd only (Documentation/admin-guide/cgroup-v1/memory.rst, section 10).
static int watch_oom(const char *group) {
  char path[4200], line[48]; int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  snprintf(path, sizeof path, "%s/memory.oom_control", group); int control = open(path, O_RDONLY | O_CLOEXEC);
  snprintf(path, sizeof path, "%s/cgroup.event_control", group); int events = open(path, O_WRONLY | O_CLOEXEC);
  int n = snprintf(line, sizeof line, "%d %d", event, control), ok = event >= 0 && control >= 0 && events >= 0 && write(events, line, (size_t)n) == n, error = errno;
  if (control >= 0) close(control);
  if (events >= 0) close(events);
  if (!ok && event >= 0) close(event);
  errno = error;
  return ok ? event : -1;
}

// The steps from STEP_PROGRAM on go to the init in a memfd: its argv could be read by everybody. The stage fills in the header.
static int program_frame(const struct reader *steps, uint32_t version2) {
  struct init_header header = { .magic = INIT_MAGIC, .version2 = version2 };
  struct reader r = *steps;
  while (r.at < r.end) {
    struct reader before = r;
    uint32_t op = read_u32(&r), size = read_u32(&r); read_bytes(&r, size);
    if (r.bad) { errno = EPROTO; return -1; }
    if (op < STEP_PROGRAM) continue;
    size_t n = (size_t)(r.end - before.at);
    int fd = (int)syscall(SYS_memfd_create, "thuban-frame", 1);
    if (fd >= 0 && (write(fd, &header, sizeof header) != sizeof header || write(fd, before.at, n) != (ssize_t)n)) { close(fd); return -1; }
    return fd;
  }
  errno = EPROTO;
  return -1;
}

static __attribute__((noinline)) long clone_stage(uint64_t flags, struct stage *s) {
  struct clone_args3 args = { .flags = flags | CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };
  long pid = clone3_here(&args);
  if (pid == 0) stage_main(s);
  return pid;
}

void container_spawn(struct reader *r) {
  uint64_t id = read_u64(r); uint32_t out = read_u32(r), err = read_u32(r), uid = read_u32(r), gid = read_u32(r);
  uint32_t count = read_u32(r), steps_size = read_u32(r); struct reader steps = { read_bytes(r, steps_size), 0, 0 }; steps.end = steps.at + steps_size;
  uint32_t version = read_u32(r); struct strings joins = { 0 }, groups = { 0 };
  read_strings(r, &joins); const char *oom = read_str(r); read_strings(r, &groups);
  uint32_t blob_size = read_u32(r); const uint8_t *blob = read_bytes(r, blob_size);
  // The first step holds the clone flags.
  uint32_t op = read_u32(&steps), size = read_u32(&steps); uint64_t flags = read_u64(&steps);
  int total = 0; for (struct container *c = containers; c; c = c->next) total++;
  struct container *c = calloc(1, sizeof *c); struct stage s = { .out = -1, .err = -1, .status = -1, .frame = -1, .failed_step = -1 };
  int status[2] = { -1, -1 }, on = 1, failed_op = STEP_NAMESPACES, opened = 0;
  if (!c || r->bad || steps.bad || op != STEP_NAMESPACES || size != 8 || !count || joins.count > WIRE_MAX_JOINS || blob_size > WIRE_MAX_BLOB || total >= MAX_CONTAINERS || container_find(id)) {
    errno = !c ? ENOMEM : total >= MAX_CONTAINERS ? EAGAIN : EPROTO; free(c); goto refuse;
  }
  *c = (struct container){ .id = id, .status_fd = -1, .out_fd = -1, .err_fd = -1, .oom_fd = -1, .groups = groups };
  groups = (struct strings){ 0 };
  if ((s.out = open_output(out, 1, uid, gid, &c->out_fd, &c->out_inode)) == -1) goto undo;
  if ((s.err = open_output(err, 2, uid, gid, &c->err_fd, &c->err_inode)) == -1) goto undo;
  if (!(c->blob = malloc(blob_size + 1))) goto undo;
  memcpy(c->blob, blob, c->blob_size = blob_size);
  failed_op = STEP_JOIN;
  for (uint32_t i = 0; i < joins.count; i++, opened++)
    if ((s.joins[i] = open(joins.list[i], (version == 2 ? O_RDONLY | O_DIRECTORY : O_WRONLY) | O_NOFOLLOW | O_CLOEXEC)) < 0) goto undo;
  if (*oom && (c->oom_fd = watch_oom(oom)) < 0) goto undo;
  failed_op = STEP_NAMESPACES;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, status) || setsockopt(status[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on)) goto undo;
  c->status_fd = status[0]; s.status = status[1];
  if ((s.frame = program_frame(&steps, version == 2)) < 0) goto undo;
  s.join_count = (int)joins.count; s.steps = steps; s.first_step = 1; s.count = count - 1;
  refresh_image(init_image);
  long pid = clone_stage(flags & (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET), &s);
  if (pid < 0) { errno = (int)-pid; goto undo; }
  c->init = (pid_t)pid; c->next = containers; containers = c;
  if (s.failed_step >= 0) note_failure(c, s.failed_step, s.failed_op, s.failed_errno);
  watch_fd(c->status_fd, EPOLLIN, c);
  if (c->oom_fd >= 0) watch_fd(c->oom_fd, EPOLLIN, (void *)((uintptr_t)c | 1));
  goto close_handed_on;
undo:;
  int error = errno; container_free(c); errno = error;
refuse:
  report_failure(id, 0, failed_op, errno);
close_handed_on:
  if (s.out >= 0) close(s.out);
  if (s.err >= 0) close(s.err);
  if (s.status >= 0) close(s.status);
  if (s.frame >= 0) close(s.frame);
  for (int i = 0; i < opened; i++) close(s.joins[i]);
  free_strings(&joins); free_strings(&groups);
}

// Field 22 of /proc/<pid>/stat; a zombie still has it. The name in field 2 may hold anything, so the search starts at the last ')'.
static uint64_t start_time_of(pid_t pid) {
  char path[40], text[1024]; snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC); ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (n <= 0) return 0;
  text[n] = 0; char *at = strrchr(text, ')'); unsigned long long ticks = 0;
  if (!at || sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ticks) != 1) return 0;
  return ticks;
}

static void describe(struct writer *w, const struct container *c) {
  put_u64(w, c->id); put_u32(w, (uint32_t)c->init); put_u32(w, (uint32_t)c->program); put_u64(w, c->start_time); put_u64(w, c->time);
  put_u32(w, (uint32_t)c->out_fd); put_u64(w, c->out_inode); put_u32(w, (uint32_t)c->err_fd); put_u64(w, c->err_inode);
}

void container_status(struct container *c) {
  struct init_record record; union { char raw[CMSG_SPACE(sizeof(struct ucred))]; struct cmsghdr align; } control;
  struct iovec part = { &record, sizeof record };
  for (;;) {
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t n = recvmsg(c->status_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n != sizeof record) { close(c->status_fd); c->status_fd = -1; return; } // the init has ended
    struct cmsghdr *head = CMSG_FIRSTHDR(&message); struct ucred sender = { 0 };
    if (head && head->cmsg_type == SCM_CREDENTIALS) memcpy(&sender, CMSG_DATA(head), sizeof sender);
    if (record.type == INIT_EXECUTED && c->state == CONTAINER_STARTING) {
      struct writer w = { .size = 0 };
      c->program = sender.pid; c->start_time = start_time_of(sender.pid); c->time = wall_ns(); c->state = CONTAINER_RUNNING;
      describe(&w, c); report(WIRE_STARTED, &w);
    } else if (record.type == INIT_FAILED && !c->have_failure) {
      note_failure(c, record.a, record.b & 0xffff, record.b >> 16);
    } else if (record.type == INIT_STATUS && !c->have_status) { c->have_status = 1; c->status = record.a; }
  }
}

// The eventfd also fires when the group is removed: then its control file is gone.
void container_oom(struct container *c) {
  uint64_t count; struct writer w = { .size = 0 };
  if (read(c->oom_fd, &count, sizeof count) != sizeof count) return;
  put_u64(&w, c->id);
  if (c->state != CONTAINER_ENDED) report(WIRE_OOM, &w);
  else { close(c->oom_fd); c->oom_fd = -1; }
}

void container_reaped(pid_t pid, int status) {
  struct container *c = containers;
  while (c && c->init != pid) c = c->next;
  if (!c) return;
  if (c->status_fd >= 0) container_status(c); // what the init said before it ended
  if (c->status_fd >= 0) { close(c->status_fd); c->status_fd = -1; }
  if (c->oom_fd >= 0) { close(c->oom_fd); c->oom_fd = -1; }
  int started = c->state == CONTAINER_RUNNING;
  c->state = CONTAINER_ENDED; c->init = -1;
  if (!started) { // without a failure of its own, the init was killed before the program ran
    report_failure(c->id, c->have_failure ? c->failed_step : -1, c->have_failure ? c->failed_op : STEP_EXEC, c->have_failure ? c->failed_errno : EINTR);
    return;
  }
  struct writer w = { .size = 0 };
  put_u64(&w, c->id); put_u32(&w, (uint32_t)(c->have_status ? c->status : status)); put_u32(&w, !c->have_status); put_u64(&w, wall_ns());
  report(WIRE_EXITED, &w);
}

int container_signal(uint64_t id, uint32_t signal) {
  struct container *c = container_find(id);
  if (!c || c->init <= 0) return ESRCH;
  return kill(c->init, (int)signal) ? errno : 0; // unreaped, so the pid is still its own
}

int container_release(uint64_t id) {
  for (struct container **c = &containers; *c; c = &(*c)->next) {
    if ((*c)->id != id) continue;
    if ((*c)->state != CONTAINER_ENDED) return EBUSY;
    struct container *gone = *c; *c = gone->next; container_free(gone);
    return 0;
  }
  return ESRCH;
}

int container_blob(uint64_t id, struct reader *r) {
  struct container *c = container_find(id); uint32_t size = read_u32(r); const void *bytes = read_bytes(r, size);
  if (!c) return ESRCH;
  if (r->bad || size > WIRE_MAX_BLOB) return EINVAL;
  uint8_t *copy = malloc(size + 1);
  if (!copy) return ENOMEM;
  memcpy(copy, bytes, size); free(c->blob); c->blob = copy; c->blob_size = size;
  return 0;
}

void container_list(void) {
  for (struct container *c = containers; c; c = c->next) {
    struct writer w = { .size = 0 };
    describe(&w, c); put_u32(&w, c->state); put_u32(&w, c->blob_size);
    transport_send(WIRE_LISTED, 0, w.data, w.size, c->blob, c->blob_size);
  }
  transport_send(WIRE_LIST_END, 0, 0, 0, 0, 0);
}
