// descriptors.c - tables of descriptors and what they refer to. Use of one that is not open is a broken property: in a
// real kernel it may be somebody else's by then.
#include "../world.h"
#include <sys/epoll.h>

struct object k_objects[K_MAX_OBJECTS];
unsigned k_object_count;
static struct table own;
struct table *k_table = &own;

struct object *k_use(int fd) {
  if (fd < 0 || fd >= K_MAX_FD || !k_table->fd[fd].of) k_broken("descriptor %d is used and is not open", fd);
  return k_table->fd[fd].of;
}

// Like the kernel: a watch ends with the last descriptor of what it watches, in whosever table.
static void drop(struct object *o) {
  if (--o->references) return;
  o->watched = 0;
  free(o->data);
  o->data = 0;
  o->kind = K_NONE;
}

int k_place_at(int fd, enum kind kind, int close_on_exec) {
  if (k_object_count == K_MAX_OBJECTS) k_finish();
  struct object *o = &k_objects[k_object_count++];
  *o = (struct object){ .kind = (uint8_t)kind, .references = 1, .limit = -1 };
  k_table->fd[fd].of = o;
  k_table->fd[fd].close_on_exec = close_on_exec;
  return fd;
}

static int lowest(int from) {
  for (int fd = from; fd < K_MAX_FD; fd++)
    if (!k_table->fd[fd].of) return fd;
  errno = EMFILE;
  return -1;
}

// Everything the program opens is close-on-exec.
int k_open_new(enum kind kind, int close_on_exec) {
  if (k_fails()) return -1;
  if (!close_on_exec) k_broken("a descriptor is opened that an execve would pass on");
  int fd = lowest(0);
  return fd < 0 ? -1 : k_place_at(fd, kind, 1);
}

int k_close(int fd) {
  struct object *o = k_use(fd);
  k_table->fd[fd].of = 0;
  drop(o);
  return 0;
}

static int refer(int fd, int to, int close_on_exec) {
  struct object *o = k_use(fd);
  o->references++;
  if (k_table->fd[to].of) k_close(to);
  k_table->fd[to].of = o;
  k_table->fd[to].close_on_exec = close_on_exec;
  return to;
}

int k_dup3(int fd, int to, int flags) {
  k_use(fd);
  if (fd == to) k_broken("descriptor %d is put in its own place", fd);
  if (to < 0 || to >= K_MAX_FD) k_broken("%d is no descriptor", to);
  return k_fails() ? -1 : refer(fd, to, !!(flags & O_CLOEXEC));
}

int k_fcntl(int fd, int command, ...) {
  struct object *o = k_use(fd);
  __builtin_va_list list;
  __builtin_va_start(list, command);
  long value = __builtin_va_arg(list, long);
  __builtin_va_end(list);
  if (k_fails()) return -1;
  if (command == F_DUPFD_CLOEXEC) {
    int to = lowest((int)value);
    return to < 0 ? -1 : refer(fd, to, 1);
  }
  if (command == F_SETFD) k_table->fd[fd].close_on_exec = (int)value & FD_CLOEXEC;
  if (command == 1034 && o->kind != K_MEMORY) k_broken("seals of what is no memfd"); // F_GET_SEALS
  return command == 1034 ? k_answer() : 0;
}

struct table *k_copy_table(const struct table *from) {
  struct table *t = malloc(sizeof *t);
  if (!t) abort();
  *t = *from;
  for (int fd = 0; fd < K_MAX_FD; fd++)
    if (t->fd[fd].of) t->fd[fd].of->references++;
  return t;
}

void k_drop_table(struct table *t) {
  for (int fd = 0; fd < K_MAX_FD; fd++)
    if (t->fd[fd].of) drop(t->fd[fd].of);
  if (t != &own) free(t);
}

void k_close_on_exec(void) {
  for (int fd = 0; fd < K_MAX_FD; fd++)
    if (k_table->fd[fd].of && k_table->fd[fd].close_on_exec) k_close(fd);
}

unsigned k_open_count(void) {
  unsigned n = 0;
  for (int fd = 0; fd < K_MAX_FD; fd++) n += k_table->fd[fd].of != 0;
  return n;
}

void k_reset_descriptors(void) {
  for (unsigned i = 0; i < k_object_count; i++) free(k_objects[i].data);
  memset(&own, 0, sizeof own);
  memset(k_objects, 0, k_object_count * sizeof *k_objects);
  k_object_count = 0;
  k_table = &own;
}
