// stage.c - pid 1 of the new namespaces: assembles the root, orders its descriptors, becomes the init.
#include "launcher.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static _Noreturn void fail(struct stage *s, int step, int op) {
  s->failed_errno = errno;
  s->failed_op = op;
  s->failed_step = step;
  _exit(127);
}

// A detached procfs of the new pid namespace: the init and the program's child need it, whether the container has /proc
// or not. Made while the board's can still be seen: who is not root may not see more of one than is to be seen already.
static int own_proc(void) {
  int context = sys_fsopen("proc"), made = -1;
  if (context >= 0 && !sys_fsconfig(context, CONFIG_CREATE, 0, 0))
    made = sys_fsmount(context, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);
  if (context >= 0) {
    int error = errno;
    close(context);
    errno = error;
  }
  return made;
}

// Every descriptor first above all targets, then to its place; the image comes last and is close-on-exec. What is not
// in the list is closed by a plain close_range (5.9), so nothing of the launcher passes into a container.
enum { ABOVE = 128, ENTERING = 2 };
_Static_assert(INIT_FD_JOINS + WIRE_MAX_JOINS + WIRE_MAX_HANDED + 1 + ENTERING < ABOVE, "all places lie below");
static int arrange_descriptors(struct stage *s, int null, int proc) {
  int from[INIT_FD_JOINS + WIRE_MAX_JOINS + WIRE_MAX_HANDED + 1 + ENTERING + 1], n = 0;
  from[n++] = s->in >= 0 ? s->in : null;
  from[n++] = s->out >= 0 ? s->out : null;
  from[n++] = s->err >= 0 ? s->err : null;
  from[n++] = s->status;
  from[n++] = s->frame;
  from[n++] = proc;
  for (int i = 0; i < s->join_count; i++) from[n++] = s->joins[i];
  for (int i = 0; i < s->handed_count; i++) from[n++] = s->handed[i];
  if (s->user >= 0) from[n++] = s->user;
  if (s->enter.active) {
    from[n++] = s->enter.program;
    from[n++] = s->enter.ptmx >= 0 ? s->enter.ptmx : null;
  }
  from[n++] = init_image;
  for (int i = 0; i < n; i++)
    if ((from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, ABOVE)) < 0) return -1;
  for (int i = 0; i < n; i++)
    if (dup3(from[i], i, i == n - 1 ? O_CLOEXEC : 0) < 0) return -1;
  if (sys_close_range((unsigned)n, ~0U)) return -1;
  return n - 1;
}

_Noreturn void stage_main(struct stage *s) {
  prctl(PR_SET_PDEATHSIG, SIGKILL); // the launcher's end is the end of its containers
  setsid(); // a program without a session of its own has this one: a signal to its group does not leave the container
  umask(0);
  int null = open_null();
  if (null < 0) fail(s, 0, STEP_NAMESPACES);
  if (s->enter.active && enter_container(&s->enter)) fail(s, 0, STEP_ENTER);
  int proc = s->enter.active ? s->enter.proc : own_proc();
  if (proc < 0) fail(s, 0, STEP_NAMESPACES);
  struct reader *r = &s->steps;
  int step = (int)s->first_step;
  for (; s->count; step++, s->count--) {
    struct reader before = *r;
    uint32_t op = read_u32(r), size = read_u32(r);
    if (!r->bad && op >= STEP_PROGRAM) {
      *r = before;
      break;
    }
    struct reader payload = { read_bytes(r, size), 0, 0 };
    payload.end = payload.at + size;
    if (r->bad) {
      errno = EPROTO;
      fail(s, step, (int)op);
    }
    if (mount_step(s, op, &payload)) fail(s, step, (int)op);
  }
  // What the launcher knew before is there.
  struct init_header header;
  if (pread(s->frame, &header, sizeof header, 0) != sizeof header) fail(s, step, STEP_PROGRAM);
  header.first_step = (uint32_t)step;
  header.steps = s->count;
  header.joins = (uint32_t)s->join_count;
  header.handed = (uint32_t)s->handed_count;
  header.user = s->user >= 0;
  header.enter = (uint32_t)s->enter.active;
  header.terminal = s->enter.terminal;
  header.rows = s->enter.rows;
  header.columns = s->enter.columns;
  header.uid = s->enter.uid;
  if (pwrite(s->frame, &header, sizeof header, 0) != sizeof header) fail(s, step, STEP_PROGRAM);
  int image = arrange_descriptors(s, null, proc);
  if (image < 0) fail(s, step, STEP_PROGRAM);
  restore_limits();
  char *argv[] = { (char *)"init", 0 }, *envp[] = { 0 };
  syscall(SYS_execveat, image, "", argv, envp, EMPTY_PATH);
  fail(s, step, STEP_PROGRAM);
}
