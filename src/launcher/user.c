// user.c - a user namespace of a container's own, and the namespaces that belong to it.
//
// A namespace belongs to the user namespace of whoever makes it, and who enters a user namespace has no power outside
// of it any more. The stage needs that power to the end, since it mounts. So a process that lives for the moment of a
// start is cloned into all of them: the launcher writes its maps, the stage joins those of ipc, host name and network,
// and the program, which needs no power over the host, joins the user namespace itself, by the descriptor kept here.
#include "launcher.h"
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { BELONGING = CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET };

void read_users(struct reader *r, struct users *want) {
  want->uid = read_u32(r);
  want->gid = read_u32(r);
  want->size = read_u32(r);
  want->flags = read_u64(r) & BELONGING;
  want->inside_uid = r->at < r->end ? read_u32(r) : 0;
  want->inside_gid = r->at < r->end ? read_u32(r) : 0;
}

// It shares the launcher's memory and descriptors, so that nothing is copied, and touches neither.
static int hold(void *launcher) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != *(pid_t *)launcher) return 1;
  for (;;) syscall(SYS_ppoll, 0, 0, 0, 0, 0); // all signals are blocked: until it is killed
}

static int write_map(pid_t pid, const char *file, uint32_t inside, uint32_t first, uint32_t size) {
  char path[40], text[40];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
  int n = snprintf(text, sizeof text, "%u %u %u\n", inside, first, size), fd = open(path, O_WRONLY | O_CLOEXEC);
  int result = fd >= 0 && write(fd, text, (size_t)n) == n ? 0 : -1, error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return result;
}

static int open_namespace(pid_t pid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static int make(struct stage *s, const struct users *want) {
  static char stack[4096] __attribute__((aligned(16)));
  static pid_t launcher;
  launcher = getpid();
  // Without a signal at its end: it is waited for by its pid, and by nobody else.
  const int flags = CLONE_VM | CLONE_FILES | CLONE_NEWUSER | (int)want->flags;
  if ((s->holder = clone(hold, stack + sizeof stack, flags, &launcher)) < 0) return -1;
  if (write_map(s->holder, "uid_map", want->inside_uid, want->uid, want->size) ||
      write_map(s->holder, "gid_map", want->inside_gid, want->gid, want->size) ||
      (s->user = open_namespace(s->holder)) < 0)
    return -1;
  s->holder_fd = (int)syscall(NR_PIDFD_OPEN, s->holder, 0);
  return s->holder_fd < 0 ? -1 : 0;
}

// Made before the clone, if one of the steps asks for it.
int users_make(struct stage *s, struct reader steps) {
  while (steps.at < steps.end) {
    uint32_t op = read_u32(&steps), size = read_u32(&steps);
    struct reader body = { read_bytes(&steps, size), 0, 0 };
    body.end = body.at + (steps.bad ? 0 : size);
    if (steps.bad) break;
    if (op != STEP_USER_NAMESPACE) continue;
    struct users want;
    read_users(&body, &want);
    if (body.bad || s->holder) {
      errno = EPROTO;
      return -1;
    }
    return make(s, &want);
  }
  return 0;
}

void users_done(struct stage *s) {
  if (s->user >= 0) close(s->user);
  if (s->holder_fd >= 0) close(s->holder_fd);
  if (s->holder <= 0) return;
  kill(s->holder, SIGKILL); // unreaped, so the pid is still its own
  while (waitpid(s->holder, 0, __WALL) < 0 && errno == EINTR) {}
}

// From here on, whatever the stage makes belongs to the root of the container. The kernel takes capabilities over files
// from whoever does that (capabilities(7)), and the signal at the launcher's end; they are taken back. The memory is
// the launcher's, which stays dumpable.
static int make_files_as(uint32_t uid, uint32_t gid) {
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct data[2];
  int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  setfsgid(gid);
  setfsuid(uid);
  if ((uint32_t)setfsuid(uid) != uid || (uint32_t)setfsgid(gid) != gid) { // the only way to hear of a refusal
    errno = EPERM;
    return -1;
  }
  if (syscall(SYS_capget, &header, data)) return -1;
  for (int i = 0; i < 2; i++) data[i].effective = data[i].permitted;
  if (syscall(SYS_capset, &header, data)) return -1;
  return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ? -1 : 0;
}

int users_join(struct stage *s, const struct users *want) {
  if (s->user < 0 || s->holder_fd < 0) {
    errno = EPROTO;
    return -1;
  }
  if (want->flags && setns(s->holder_fd, (int)want->flags)) return -1;
  return make_files_as(want->uid, want->gid);
}

// On a mount that is not attached yet: ids in its files mean those of the container. Which filesystems can do that
// depends on the kernel; where one cannot, its files belong to nobody there, and can be read as such. Of a tree with
// others in it, at least what is on top.
int users_map(struct stage *s, int mount_fd, int recursive) {
  if (s->user < 0 || no_mount_setattr) return 0;
  struct mount_attributes a = { .set = ATTR_IDMAP, .userns = (uint64_t)s->user };
  for (unsigned flags = recursive ? TREE_RECURSIVE : 0;; flags = 0) {
    if (!syscall(NR_MOUNT_SETATTR, mount_fd, "", EMPTY_PATH | flags, &a, sizeof a)) return 0;
    // EPERM: mapped already by whoever mounted it on the host.
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return -1;
    if (!flags) return 0;
  }
}
