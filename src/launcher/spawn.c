// spawn.c - from a SPAWN frame to an init that is about to make the program.
//
// SPAWN: id u64 · stdout u32, stderr u32 (0 discard, 1 pipe, 2 inherit) · pipe owner uid u32, gid u32 · count of steps
// u32, steps [op u32, size u32, bytes] as a block · v2 group str ("" = none) · tasks files of v1 groups [str] · oom
// group str ("" = none) · groups to remove when the lease ends [str] · blob
#include "image.h"
#include "launcher.h"
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { READ_END = 0, WRITE_END = 1 };
enum { OUTPUT_DISCARD = 0, OUTPUT_PIPE = 1, OUTPUT_INHERIT = 2, MAX_CONTAINERS = 4096, REPORTS = 4 };
enum { NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET };

// A program may open /dev/stdout again, so it is its user's. Without root the controller has no power over a file of
// another id, and his group has to let him open his end.
static int give_pipe(int fd, uint32_t uid, uint32_t gid) {
  if (!rootless) return fchown(fd, uid, gid);
  return fchown(fd, uid, getegid()) || fchmod(fd, 0660) ? -1 : 0;
}

static int make_pipe(uint32_t uid, uint32_t gid, int kept, int *kept_end, uint64_t *inode) {
  int p[2];
  struct stat st;
  if (pipe2(p, O_CLOEXEC)) return -1;
  if (give_pipe(p[1], uid, gid) || fstat(p[0], &st)) {
    close(p[0]);
    close(p[1]);
    return -1;
  }
  *kept_end = p[kept];
  *inode = st.st_ino;
  return p[!kept];
}

static int open_output(uint32_t mode, int inherited, uint32_t uid, uint32_t gid, int *read_end, uint64_t *inode) {
  if (mode == OUTPUT_PIPE) return make_pipe(uid, gid, READ_END, read_end, inode);
  if (mode == OUTPUT_INHERIT) return fcntl(inherited, F_DUPFD_CLOEXEC, 3);
  return -2; // discard: the stage's own null device
}

// cgroup v1 tells of an OOM through an eventfd only (Documentation/admin-guide/cgroup-v1/memory.rst, section 10).
static int watch_oom(const char *group) {
  char path[4200];
  snprintf(path, sizeof path, "%s/memory.oom_control", group);
  return event_of(path, "");
}

// The steps from STEP_PROGRAM on go to the init in a memfd: its argv could be read by everybody. The stage fills in the
// header.
static int program_frame(const struct reader *steps, uint32_t version2) {
  struct init_header header = { .magic = INIT_MAGIC, .version2 = version2 };
  struct reader r = *steps;
  while (r.at < r.end) {
    struct reader before = r;
    uint32_t op = read_u32(&r), size = read_u32(&r);
    read_bytes(&r, size);
    if (r.bad) {
      errno = EPROTO;
      return -1;
    }
    if (op < STEP_PROGRAM) continue;
    size_t n = (size_t)(r.end - before.at);
    int fd = (int)syscall(SYS_memfd_create, "thuban-frame", 1);
    if (fd >= 0 && (write(fd, &header, sizeof header) != sizeof header || write(fd, before.at, n) != (ssize_t)n)) {
      close(fd);
      return -1;
    }
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

struct request {
  uint64_t id, flags;
  uint32_t out, err, uid, gid, count, blob_size;
  struct reader steps; // those after NAMESPACES or ENTER
  struct entering enter;
  const char *unified, *oom;
  struct strings tasks, groups;
  const uint8_t *blob;
};

static int read_request(struct reader *r, struct request *q) {
  q->id = read_u64(r);
  q->out = read_u32(r);
  q->err = read_u32(r);
  q->uid = read_u32(r);
  q->gid = read_u32(r);
  q->count = read_u32(r);
  uint32_t size = read_u32(r);
  q->steps.at = read_bytes(r, size);
  q->steps.end = q->steps.at + size;
  q->steps.bad = r->bad;
  q->unified = read_str(r);
  int kept = !read_strings(r, &q->tasks);
  q->oom = read_str(r);
  kept = !read_strings(r, &q->groups) && kept;
  q->blob_size = read_u32(r);
  q->blob = read_bytes(r, q->blob_size);
  uint32_t op = read_u32(&q->steps), step_size = read_u32(&q->steps); // the first step says which namespaces
  if (op == STEP_ENTER)
    read_enter(&q->steps, &q->enter);
  else
    q->flags = read_u64(&q->steps) & NAMESPACES;
  int good = !r->bad && !q->steps.bad && q->count && q->blob_size <= WIRE_MAX_BLOB &&
             ((op == STEP_NAMESPACES && step_size == 8) || (op == STEP_ENTER && step_size == 24));
  errno = good && !kept ? ENOMEM : EPROTO;
  return good && kept && q->tasks.count < WIRE_MAX_JOINS && !container_find(q->id) ? 0 : -1;
}

static struct container *make_container(struct request *q) {
  int total = 0;
  for (struct container *c = containers; c; c = c->next) total++;
  struct container *c = total < MAX_CONTAINERS ? calloc(1, sizeof *c) : 0;
  if (!c) {
    errno = total < MAX_CONTAINERS ? ENOMEM : EAGAIN;
    return 0;
  }
  *c = (struct container){
    .id = q->id, .status_fd = -1, .in_fd = -1, .out_fd = -1, .err_fd = -1, .oom_fd = -1, .groups = q->groups
  };
  c->entered = q->enter.active;
  c->terminal = q->enter.terminal != 0;
  q->groups = (struct strings){ 0 };
  c->blob = malloc(q->blob_size + 1);
  if (!reports_reserve(REPORTS)) c->reserved = REPORTS;
  if (!c->blob || !c->reserved) {
    container_free(c);
    errno = ENOMEM;
    return 0;
  }
  memcpy(c->blob, q->blob, c->blob_size = q->blob_size);
  return c;
}

// The v2 group, if there is one, comes first: the init gives it to clone3. The program writes to the others.
static int open_joins(struct stage *s, const struct request *q) {
  if (*q->unified) {
    int fd = open(q->unified, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    s->joins[s->join_count++] = fd;
  }
  for (uint32_t i = 0; i < q->tasks.count; i++) {
    int fd = open(q->tasks.list[i], O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    s->joins[s->join_count++] = fd;
  }
  return 0;
}

static int open_outputs(struct stage *s, struct container *c, const struct request *q) {
  s->out = open_output(q->out, 1, q->uid, q->gid, &c->out_fd, &c->out_inode);
  if (s->out == -1) return -1;
  s->err = open_output(q->err, 2, q->uid, q->gid, &c->err_fd, &c->err_inode);
  if (s->err == -1) return -1;
  if (q->enter.input) s->in = make_pipe(q->uid, q->gid, WRITE_END, &c->in_fd, &c->in_inode);
  return s->in == -1 ? -1 : 0;
}

static int open_status(struct stage *s, struct container *c) {
  int pair[2], on = 1;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) return -1;
  c->status_fd = pair[0];
  s->status = pair[1];
  return setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

static void close_handed_on(struct stage *s) {
  const int fds[] = { s->in, s->out, s->err, s->status, s->frame };
  for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0) close(fds[i]);
  for (int i = 0; i < s->join_count; i++) close(s->joins[i]);
  close_target(&s->enter);
  users_done(s);
}

static void tell_input(const struct container *c) {
  struct writer w = { .size = 0 };
  put_u64(&w, c->id);
  put_u32(&w, (uint32_t)c->in_fd);
  put_u64(&w, c->in_inode);
  transport_send(WIRE_INPUT, 0, w.data, w.size, 0, 0);
}

// The step that a failure before the clone belongs to, or 0 when the container is on its way.
static int start(struct container *c, struct stage *s, const struct request *q) {
  s->enter = q->enter;
  s->enter.uid = q->uid;
  if (q->enter.active && find_target(&s->enter)) return STEP_ENTER;
  if (open_joins(s, q)) return STEP_JOIN;
  if (*q->oom && (c->oom_fd = watch_oom(q->oom)) < 0) return STEP_JOIN;
  if (open_outputs(s, c, q) || open_status(s, c) || sockets_expect(c, q->steps)) return STEP_NAMESPACES;
  if (users_make(s, q->steps)) return STEP_USER_NAMESPACE;
  // Before the clone: nothing can fail behind it, which would leave a container that nobody watches.
  if (watch_fd(c->status_fd, EPOLLIN, c) ||
      (c->oom_fd >= 0 && watch_fd(c->oom_fd, EPOLLIN, (void *)((uintptr_t)c | TAG_OOM))))
    return STEP_NAMESPACES;
  s->steps = q->steps;
  s->first_step = 1;
  s->count = q->count - 1;
  if ((s->frame = program_frame(&q->steps, !!*q->unified)) < 0) return STEP_NAMESPACES;
  refresh_image(init_image);
  long pid = clone_stage(q->flags, s);
  if (pid < 0) {
    errno = (int)-pid;
    return STEP_NAMESPACES;
  }
  sockets_made(c);
  c->init = (pid_t)pid;
  c->next = containers;
  containers = c;
  if (s->failed_step >= 0) note_failure(c, s->failed_step, s->failed_op, s->failed_errno);
  if (c->in_fd >= 0) tell_input(c);
  return 0;
}

void container_spawn(struct reader *r) {
  struct request q = { 0 };
  struct stage s = { .in = -2,
                     .out = -1,
                     .err = -1,
                     .status = -1,
                     .frame = -1,
                     .nodes = -1,
                     .user = -1,
                     .holder_fd = -1,
                     .failed_step = -1 };
  struct container *c = read_request(r, &q) ? 0 : make_container(&q);
  int failed = c ? start(c, &s, &q) : STEP_NAMESPACES;
  if (failed) {
    report_failure(q.id, 0, failed, errno);
    monitors_drop(q.id);
    if (c) container_free(c);
  }
  close_handed_on(&s);
  free_strings(&q.tasks);
  free_strings(&q.groups);
}
