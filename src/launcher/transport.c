// transport.c - one SOCK_STREAM socket, one controller at a time. The refusal of a second one is the lock against a
// second daemon. Whoever can write to this socket is root on the board: folder 0700, socket 0600, and the peer's uid
// must be ours.
#include "launcher.h"
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { MAX_QUEUED = 16 * 1024 * 1024, GREETING_SECONDS = 2 };
static int listener = -1, controller = -1, greeted, protocol;
static struct timespec accepted_at; // CLOCK_MONOTONIC
static pid_t controller_pid;
static uint8_t *in;
static size_t in_size;
static uint8_t *out;
static size_t out_size, out_capacity;

int transport_connected(void) { return controller >= 0; }
int transport_protocol(void) { return protocol; }

int transport_listen(const char *run_dir) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/launcher.sock", run_dir) >=
      sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  // Held for as long as we live. Whoever has it may replace the socket of a launcher that is gone.
  int folder = open(run_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0 || flock(folder, LOCK_EX | LOCK_NB)) return -1;
  unlink(address.sun_path);
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mode_t old = umask(0177);
  int failed = listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4);
  umask(old);
  if (failed || !(in = malloc(sizeof(struct wire_header) + WIRE_MAX_FRAME))) return -1;
  return watch_fd(listener, EPOLLIN, &tag_listen);
}

void transport_close(void) {
  if (controller < 0) return;
  close_watched(&controller);
  greeted = 0;
  devices_forget();
  in_size = out_size = 0;
  free(out);
  out = 0;
  out_capacity = 0;
  monitors_drop_unused();
  lease_start();
}

static void flush(void) {
  size_t done = 0;
  while (done < out_size) {
    ssize_t n = send(controller, out + done, out_size - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      done += (size_t)n;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      transport_close();
      return;
    }
    break;
  }
  out_size -= done;
  if (out_size) memmove(out, out + done, out_size); // there is no `out` before something was sent
  rewatch_fd(controller, EPOLLIN | (out_size ? EPOLLOUT : 0u), &tag_controller);
}

void transport_writable(void) {
  if (controller >= 0) flush();
}

// A controller that does not read is dropped; reports are kept for the next one.
void transport_send(uint16_t type, uint64_t seq, const void *payload, uint32_t size, const void *more,
                    uint32_t more_size) {
  struct wire_header header = { size + more_size, type, 0, seq };
  size_t need = out_size + sizeof header + size + more_size;
  if (controller < 0 || (!greeted && type != WIRE_HELLO)) return;
  if (need > out_capacity) {
    uint8_t *grown = need > MAX_QUEUED ? 0 : realloc(out, need + 4096);
    if (!grown) {
      transport_close();
      return;
    }
    out = grown;
    out_capacity = need + 4096;
  }
  memcpy(out + out_size, &header, sizeof header);
  if (size) memcpy(out + out_size + sizeof header, payload, size);
  if (more_size) memcpy(out + out_size + sizeof header + size, more, more_size);
  out_size = need;
  flush();
}

// Closed at once, the refused one could meet an error in writing its greeting before it has read the refusal. So its
// descriptor stays for a while: until as many others were refused.
static void refuse(int fd, uint32_t reason, uint32_t pid) {
  static int refused[8], next;
  struct {
    struct wire_header header;
    uint32_t reason, pid;
  } frame = { { 8, WIRE_REFUSED, 0, 0 }, reason, pid };
  if (send(fd, &frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {} // it may have gone already
  shutdown(fd, SHUT_WR);
  if (refused[next] > 0) close(refused[next]);
  refused[next] = fd;
  next = (next + 1) % 8;
}

// A controller that has ended, but whose end this loop has not come to yet, must not stand in the way of its successor.
static void notice_end_of_controller(void) {
  struct pollfd p = { .fd = controller, .events = POLLRDHUP };
  if (controller < 0 || poll(&p, 1, 0) != 1) return;
  while (controller >= 0) transport_readable();
}

// Somebody who connected and says nothing must not stand in the way for ever either.
static void give_up_on_silence(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (controller >= 0 && !greeted && now.tv_sec - accepted_at.tv_sec >= GREETING_SECONDS) transport_close();
}

void transport_accept(void) {
  int fd = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
    poll(0, 0, 10); // it stays readable: do not spin while descriptors or memory are short
  if (fd < 0) return;
  struct ucred peer = { 0 };
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != geteuid()) {
    refuse(fd, REFUSED_PEER, 0);
    return;
  }
  notice_end_of_controller();
  give_up_on_silence();
  if (controller >= 0) {
    refuse(fd, REFUSED_BUSY, (uint32_t)controller_pid);
    return;
  }
  controller = fd;
  controller_pid = peer.pid;
  clock_gettime(CLOCK_MONOTONIC, &accepted_at);
  if (watch_fd(fd, EPOLLIN, &tag_controller)) transport_close(); // it may try again
}

void transport_done(uint64_t seq, int error) {
  int32_t e = error;
  transport_send(WIRE_DONE, seq, &e, 4, 0, 0);
}

static const char *boot_id(void) {
  static char text[40];
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (!*text && fd >= 0 && read(fd, text, 36) == 36) text[36] = 0;
  if (fd >= 0) close(fd);
  return text;
}

static void put_text(struct writer *w, const char *text) {
  put_u32(w, (uint32_t)strlen(text));
  memcpy(w->data + w->size, text, strlen(text) + 1);
  w->size += (uint32_t)strlen(text) + 1;
}

static void hello(struct reader *r) {
  uint32_t low = read_u32(r), high = read_u32(r);
  if (r->bad || low > WIRE_PROTOCOL_MAX || high < WIRE_PROTOCOL_MIN) {
    int fd = fcntl(controller, F_DUPFD_CLOEXEC, 3);
    transport_close(); // and forget what it sent: the next one begins anew
    if (fd >= 0) refuse(fd, REFUSED_PROTOCOL, (uint32_t)getpid());
    return;
  }
  struct writer w = { .size = 0 };
  put_u32(&w, WIRE_PROTOCOL_MIN);
  put_u32(&w, WIRE_PROTOCOL_MAX);
  put_text(&w, THUBAN_BUILD);
  put_u32(&w, (uint32_t)getpid());
  put_text(&w, boot_id());
  transport_send(WIRE_HELLO, 0, w.data, w.size, 0, 0);
  greeted = 1;
  protocol = high < WIRE_PROTOCOL_MAX ? (int)high : WIRE_PROTOCOL_MAX;
  lease_stop();
  reports_resend();
}

static void frame(const struct wire_header *h, const uint8_t *payload) {
  struct reader r = { payload, payload + h->size, 0 };
  if (!greeted && h->type != WIRE_HELLO) {
    transport_close();
    return;
  }
  switch (h->type) {
    case WIRE_HELLO:
      if (!greeted)
        hello(&r);
      else
        transport_close();
      return;
    case WIRE_ACK: reports_acknowledged(h->seq); return;
    case WIRE_SPAWN: container_spawn(&r); return;
    case WIRE_SIGNAL: {
      uint64_t id = read_u64(&r);
      uint32_t sig = read_u32(&r);
      transport_done(h->seq, r.bad || sig > 64 ? EINVAL : container_signal(id, sig));
      return;
    }
    case WIRE_RELEASE: {
      uint64_t id = read_u64(&r);
      reap_children();
      transport_done(h->seq, r.bad ? EINVAL : container_release(id));
      return;
    }
    case WIRE_BLOB: {
      uint64_t id = read_u64(&r);
      transport_done(h->seq, r.bad ? EINVAL : container_blob(id, &r));
      return;
    }
    case WIRE_LIST: container_list(); return;
    case WIRE_REGISTER: transport_done(h->seq, register_leftovers(&r)); return;
    case WIRE_DEVICES: {
      int error = devices_set(&r, h->seq);
      if (error) transport_done(h->seq, error);
      return;
    }
    case WIRE_CLOSE_INPUT: {
      uint64_t id = read_u64(&r);
      transport_done(h->seq, r.bad ? EINVAL : container_close_input(id));
      return;
    }
    case WIRE_RESIZE: {
      uint64_t id = read_u64(&r);
      uint32_t rows = read_u32(&r), columns = read_u32(&r);
      transport_done(h->seq, r.bad ? EINVAL : container_resize(id, rows, columns));
      return;
    }
    case WIRE_MONITOR: transport_done(h->seq, monitor(&r)); return;
    case WIRE_SHUTDOWN: teardown_and_exit();
    default: transport_close(); // an unknown record is refused, never guessed
  }
}

void transport_readable(void) {
  ssize_t n = recv(controller, in + in_size, sizeof(struct wire_header) + WIRE_MAX_FRAME - in_size, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    transport_close();
    return;
  }
  in_size += (size_t)n;
  for (size_t at = 0;;) {
    struct wire_header h;
    if (in_size - at >= sizeof h) {
      memcpy(&h, in + at, sizeof h);
      if (h.size > WIRE_MAX_FRAME) {
        transport_close();
        return;
      }
      if (in_size - at >= sizeof h + h.size) {
        frame(&h, in + at + sizeof h);
        at += sizeof h + h.size;
        if (controller < 0) return;
        continue;
      }
    }
    memmove(in, in + at, in_size -= at);
    return;
  }
}
