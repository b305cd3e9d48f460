// events.c - what happens to a program that waits: sockets, signals, timers, and what an epoll tells of them.
#include "../world.h"
#include <poll.h>
#include <sanitizer/asan_interface.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>

struct bytes k_controller, k_late_answers;
int k_connections, k_hears_first;

int k_epoll_create1(int flags) { return k_open_new(K_EPOLL, !!flags); }
int k_signalfd(int fd, const sigset_t *set, int flags) { return (void)fd, (void)set, k_open_new(K_SIGNALS, !!flags); }
int k_timerfd_create(int clock, int flags) { return (void)clock, k_open_new(K_TIMER, !!flags); }
int k_eventfd(unsigned count, int flags) { return (void)count, k_open_new(K_EVENT, !!flags); }
int k_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old) {
  (void)flags, (void)old;
  k_use(fd)->events = to->it_value.tv_sec || to->it_value.tv_nsec;
  return 0;
}

int k_epoll_ctl(int epoll, int op, int fd, struct epoll_event *e) {
  k_use(epoll);
  struct object *o = k_use(fd);
  if (op == EPOLL_CTL_MOD && !o->watched) k_broken("descriptor %d is not watched", fd);
  if (op == EPOLL_CTL_DEL && !o->watched) return errno = ENOENT, -1;
  if (op == EPOLL_CTL_ADD && k_fails()) return -1;
  o->watched = op != EPOLL_CTL_DEL;
  if (!o->watched) return 0;
  o->tag = e->data.ptr;
  if (o->kind != K_TIMER) o->events = e->events;
  return 0;
}

static int may_happen(const struct object *o) {
  switch (o->kind) {
    case K_LISTENER: return k_connections > 0;
    case K_CONTROLLER: return 1;
    case K_SIGNALS: return k_some_ended() || k_has_answers();
    case K_STATUS: return !o->ended || k_has_answers();
    case K_TIMER: return o->events && k_has_answers();
    default: return k_has_answers();
  }
}
// In the usual order, when there are no answers: all that the controller says, and then each init's own story.
static int happens(const struct object *o) {
  if (o->kind == K_CONTROLLER) return k_controller.at < k_controller.end;
  return may_happen(o);
}

int k_epoll_wait(int epoll, struct epoll_event *e, int most, int timeout) {
  (void)most, (void)timeout;
  k_use(epoll);
  if (k_late_answers.at && (!k_hears_first || k_controller.at == k_controller.end)) {
    k_answers = k_late_answers;
    k_late_answers = (struct bytes){ 0 };
  }
  if (k_fails()) return -1;
  unsigned n = 0, wanted = 0;
  const int chosen = k_has_answers();
  for (int round = 0; round < 2; round++) {
    if (round) wanted = n ? k_answer() % n : 0;
    if (round && !n) k_rest();
    n = 0;
    for (unsigned i = 0; i < k_object_count; i++) {
      struct object *o = &k_objects[i];
      if (!o->watched || !(chosen ? may_happen(o) : happens(o)) || n++ != wanted || !round) continue;
      e->data.ptr = o->tag;
      e->events = k_answer() & 0x80 ? EPOLLIN | EPOLLOUT | EPOLLERR : EPOLLIN;
      return 1;
    }
  }
  k_rest();
}

int k_socket(int family, int type, int protocol) {
  (void)family, (void)protocol;
  return k_open_new(type & SOCK_NONBLOCK ? K_LISTENER : K_SOCKET, type & SOCK_CLOEXEC);
}
int k_bind(int fd, const struct sockaddr *to, socklen_t size) {
  return k_use(fd), k_read_all(to, size), k_fails() ? -1 : 0;
}
int k_connect(int fd, const struct sockaddr *to, socklen_t size) { return k_bind(fd, to, size); }
int k_setsockopt(int fd, int level, int name, const void *value, socklen_t size) {
  (void)level, (void)name;
  return k_use(fd), k_read_all(value, size), k_fails() ? -1 : 0;
}
int k_getsockopt(int fd, int level, int name, void *value, socklen_t *size) {
  (void)level, (void)name;
  k_use(fd);
  *(struct ucred *)value = (struct ucred){ .pid = 5, .uid = k_answer() >= 0xf0 };
  return (void)size, k_fails() ? -1 : 0;
}
int k_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags) {
  (void)from, (void)size;
  k_use(fd);
  if (k_connections <= 0) return errno = EAGAIN, -1;
  k_connections--;
  return k_open_new(K_CONTROLLER, flags & SOCK_CLOEXEC);
}

static int pair_of(int *to, enum kind one, enum kind other, int close_on_exec) {
  int k_close(int fd);
  to[0] = k_open_new(one, close_on_exec);
  if (to[0] < 0) return -1;
  to[1] = k_open_new(other, close_on_exec);
  if (to[1] >= 0) return 0;
  int error = errno;
  k_close(to[0]);
  errno = error;
  return -1;
}
int k_socketpair(int family, int type, int protocol, int *to) {
  (void)family, (void)protocol;
  return pair_of(to, K_STATUS, K_SOCKET, type & SOCK_CLOEXEC);
}
int k_pipe2(int *to, int flags) { return pair_of(to, K_PIPE, K_PIPE, flags & O_CLOEXEC); }

ssize_t k_send(int fd, const void *from, size_t size, int flags) {
  (void)flags;
  k_use(fd);
  k_read_all(from, size);
  return k_fails() ? -1 : (ssize_t)k_part(size);
}
ssize_t k_sendmsg(int fd, const struct msghdr *m, int flags) {
  if (m->msg_control) k_read_all(m->msg_control, m->msg_controllen);
  return k_send(fd, m->msg_iov->iov_base, m->msg_iov->iov_len, flags);
}

// Behind what has arrived is forbidden ground, until more arrives.
ssize_t k_recv(int fd, void *to, size_t size, int flags) {
  (void)flags;
  const struct object *o = k_use(fd);
  enum { BEHIND = 512 };
  static void *forbidden;
  if (forbidden) ASAN_UNPOISON_MEMORY_REGION(forbidden, BEHIND);
  forbidden = 0;
  if (o->kind != K_CONTROLLER) return k_fails() ? -1 : k_speak(to, size);
  size_t n = (size_t)(k_controller.end - k_controller.at), most = k_answer();
  if (k_fails()) return -1;
  if (!n) return 0;
  if (most && n > most) n = most;
  if (n > size) n = size;
  memcpy(to, k_controller.at, n);
  k_controller.at += n;
  if (size - n > BEHIND) ASAN_POISON_MEMORY_REGION(forbidden = (char *)to + n, BEHIND);
  return (ssize_t)n;
}

// Whatever else speaks: the answers, as many as there are.
int k_speak(uint8_t *to, size_t size) {
  if (!k_has_answers()) return 0;
  size_t n = k_part(size);
  for (size_t i = 0; i < n; i++) to[i] = k_answer();
  return (int)n;
}

// An init's story is EXECUTED, STATUS, the end. With answers it says anything, in the name of anybody.
ssize_t k_recvmsg(int fd, struct msghdr *m, int flags) {
  (void)flags;
  struct object *o = k_use(fd);
  const size_t size = m->msg_iov->iov_len;
  int32_t record[3] = { o->said == 0 ? 'E' : 'S', 0, 0 };
  if (k_fails()) return -1;
  m->msg_controllen = 0;
  if (k_has_answers()) {
    static const char types[] = "EFSKR\0\1\xff";
    record[0] = types[k_answer() & 7];
    for (int i = 0; i < 8; i++) ((uint8_t *)(record + 1))[i] = k_answer();
    if (k_answer() >= 0xe0) return errno = EAGAIN, -1;
  } else if (o->said >= 2) {
    o->ended = 1;
    k_end_all();
    return 0;
  }
  o->said++;
  memcpy(m->msg_iov->iov_base, record, sizeof record < size ? sizeof record : size);
  if (k_answer() < 0xc0) {
    struct ucred sender = { .pid = (pid_t)(60000000 + k_answer()) };
    struct cmsghdr *head = m->msg_control;
    *head =
        (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof sender), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS };
    memcpy(CMSG_DATA(head), &sender, sizeof sender);
    m->msg_controllen = CMSG_SPACE(sizeof sender);
  }
  return (ssize_t)k_part(sizeof record);
}

int k_poll(struct pollfd *fds, nfds_t count, int timeout) {
  if (k_fails()) return -1;
  for (nfds_t i = 0; i < count; i++) {
    if (fds[i].fd < 0) continue;
    k_use(fds[i].fd);
    fds[i].revents = (short)(k_answer() & 0x1f);
  }
  if (!k_has_answers() && timeout < 0) k_finish();
  return count ? (int)(k_answer() & 1) : 0;
}

int k_sigprocmask(int how, const sigset_t *set, sigset_t *old) { return (void)how, (void)set, (void)old, 0; }
int k_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *time) {
  return (void)set, (void)info, (void)time, errno = EAGAIN, -1;
}
// Without answers, the program ends.
int k_sigwaitinfo(const sigset_t *set, siginfo_t *info) {
  (void)set;
  memset(info, 0, sizeof *info);
  if (!k_has_answers()) {
    if (!k_some_ended()) k_end_all();
    if (!k_some_ended()) k_finish();
    return SIGCHLD;
  }
  if (k_fails()) return -1;
  int signal = 1 + k_answer() % 64;
  if (signal == SIGCHLD && k_answer() & 1) k_end_all();
  return signal;
}
