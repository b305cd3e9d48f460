// processes.c - children. One that was cloned or forked runs to its end or its execve first, and then its parent goes
// on. What it executes is not run; a forked one keeps its copies of the descriptors until the world lets it end.
#include "../world.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

enum { FIRST_PID = 70000000 };
jmp_buf k_child;
struct process k_processes[K_MAX_PROCESSES];
unsigned k_process_count;
static struct table *parents;
static int forked;

static struct process *add(void) {
  if (k_process_count == K_MAX_PROCESSES) k_finish();
  struct process *p = &k_processes[k_process_count];
  *p = (struct process){ .pid = FIRST_PID + (pid_t)k_process_count };
  k_process_count++;
  return p;
}

int k_begin_child(int copies) {
  if (parents) k_broken("a child that shares its parent's memory makes a child");
  if (k_fails()) return -1;
  parents = k_table;
  k_table = k_copy_table(parents);
  forked = copies;
  add();
  return 0;
}

static _Noreturn void leave_child(int ended, int status) {
  struct process *p = &k_processes[k_process_count - 1];
  if (forked)
    p->holds = k_table;
  else
    k_drop_table(k_table);
  k_table = parents;
  parents = 0;
  p->status = status;
  p->ended = ended && !forked;
  longjmp(k_child, 1);
}

pid_t k_after_child(void) { return k_processes[k_process_count - 1].pid; }

_Noreturn void k_exit(int code) {
  if (parents) leave_child(1, (code & 255) << 8);
  k_finish();
}

// Only what its successor is promised is open there.
static int execute(void) {
  if (k_fails()) return -1;
  if (!parents) k_finish();
  k_close_on_exec();
  for (int fd = 0; fd < K_MAX_FD; fd++)
    if (k_table->fd[fd].of && k_table->fd[fd].of->kind == K_CONTROLLER)
      k_broken("what is executed gets the controller's socket as descriptor %d", fd);
  leave_child(0, 0);
}
int k_execve(const char *path, char *const *argv, char *const *envp) {
  k_touch(path);
  for (; *argv; argv++) k_touch(*argv);
  for (; *envp; envp++) k_touch(*envp);
  return execute();
}
int k_executes_image(int fd) {
  if (k_use(fd)->kind != K_MEMORY) k_broken("what is executed is not the image of the init");
  return execute();
}

// The holder of a user namespace: it only waits.
int k_clone(int (*main)(void *), void *stack, int flags, void *of, ...) {
  (void)main, (void)of, (void)stack;
  if (!(flags & CLONE_VM)) k_broken("the memory is copied");
  return k_fails() ? -1 : add()->pid;
}

void k_end(struct process *p, int status) {
  if (p->ended) return;
  p->ended = 1;
  if (!p->holds) p->status = status;
  if (p->holds) k_drop_table(p->holds);
  p->holds = 0;
}

int k_some_ended(void) {
  for (unsigned i = 0; i < k_process_count; i++)
    if (k_processes[i].ended && !k_processes[i].reaped) return 1;
  return 0;
}

void k_end_all(void) {
  for (unsigned i = 0; i < k_process_count; i++) k_end(&k_processes[i], SIGKILL);
}

static struct process *of_pid(pid_t pid) {
  for (unsigned i = 0; i < k_process_count; i++)
    if (k_processes[i].pid == pid) return &k_processes[i];
  return 0;
}

int k_kill(pid_t pid, int signal) {
  struct process *p = of_pid(pid);
  if (pid <= 1) k_broken("a signal to %d, which is everybody", (int)pid);
  if (p && p->reaped) k_broken("a signal to a pid that was reaped");
  if (p && signal == SIGKILL) {
    k_end(p, SIGKILL);
    return 0; // one's own child: that does not fail
  }
  return k_fails() ? -1 : 0;
}

pid_t k_waitpid(pid_t pid, int *status, int options) {
  for (unsigned i = 0; i < k_process_count; i++) {
    struct process *p = &k_processes[i];
    if (p->reaped || !p->ended || (pid > 0 && p->pid != pid)) continue;
    p->reaped = 1;
    if (status) *status = p->status;
    return p->pid;
  }
  if (options & WNOHANG) return 0;
  struct process *p = of_pid(pid);
  if (p && !p->reaped) k_broken("it waits for a child that does not end");
  errno = ECHILD;
  return -1;
}

void k_reset_processes(void) {
  for (unsigned i = 0; i < k_process_count; i++) {
    if (k_processes[i].holds) free(k_processes[i].holds);
    k_processes[i] = (struct process){ 0 };
  }
  k_process_count = 0;
  if (parents) free(k_table);
  parents = 0;
}
