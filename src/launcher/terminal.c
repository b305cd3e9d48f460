// terminal.c - a terminal for a program that was started in a container, and the relay between it and the pipes that
// the launcher holds: descriptor 0 is read into it, what the program writes goes to descriptor 1. All of it is in a
// process of its own, so a program that floods its terminal costs the launcher nothing.
#include "entered.h"
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

enum { TTYAUX_MAJOR = 5, PTMX_MINOR = 2, FINISH_MS = 2000, FINISH_BYTES = 1 << 20, HUNG_UP_US = 20000 };

struct flow {
  size_t from, to;
  char data[4096];
};
static struct flow input, output;
static int input_open, output_open = 1;
static char last_typed = '\n';

// The container's own, so that its programs find their terminal in their /dev/pts: but nothing that only has its name.
static int container_ptmx(void) {
  char path[32];
  struct file_status st;
  long fs[32]; // struct statfs: f_type comes first (statfs(2))
  int place = sys_openat2(AT_FDCWD, "/dev/pts/ptmx", O_PATH | O_CLOEXEC, RESOLVE_NO_MAGICLINKS), fd = -1;
  if (place < 0) return -1;
  if (!sys_statx(place, &st) && S_ISCHR(st.mode) && st.rdev_major == TTYAUX_MAJOR && st.rdev_minor == PTMX_MINOR &&
      !syscall(SYS_fstatfs, place, fs) && fs[0] == DEVPTS_SUPER_MAGIC) {
    snprintf(path, sizeof path, "self/fd/%d", place);
    fd = openat(INIT_FD_PROC, path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  }
  close(place);
  return fd;
}

// `board`: its /dev/ptmx, opened before this process came into the container, or something else where it has none.
int terminal_open(struct terminal *t, int board, const struct init_header *header) {
  int own = container_ptmx(), unlock = 0;
  struct file_status st;
  t->master = own >= 0 ? own : board;
  // TIOCGPTPEER takes the slave from where the master is from, whatever lies at its name in this root (ioctl_tty(2)).
  if (ioctl(t->master, TIOCSPTLCK, &unlock)) return -1;
  if ((t->slave = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) return -1;
  if (fchown(t->slave, header->uid, (gid_t)-1)) return -1;
  terminal_resize(t, (int)header->rows, (int)header->columns);
  if (fcntl(0, F_SETFL, O_NONBLOCK) || fcntl(1, F_SETFL, O_NONBLOCK)) return -1;
  input_open = !sys_statx(0, &st) && S_ISFIFO(st.mode); // without standard input nobody types, and nothing ends
  return 0;
}

// In the place of the joins. Also the slave: a program that closes its terminal may open it again as /dev/tty.
unsigned terminal_keep(struct terminal *t) {
  if (t->slave < 0) return INIT_FD_JOINS;
  t->master = dup3(t->master, INIT_FD_JOINS, O_CLOEXEC);
  t->slave = dup3(t->slave, INIT_FD_JOINS + 1, O_CLOEXEC);
  if (t->master < 0 || t->slave < 0) _exit(1); // and its program with it (PR_SET_PDEATHSIG)
  close(2);
  return INIT_FD_JOINS + 2;
}

void terminal_resize(const struct terminal *t, int rows, int columns) {
  const struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
  ioctl(t->master, TIOCSWINSZ, &size);
}

static int is_empty(const struct flow *f) { return f->from == f->to; }

// False: there will be no more.
static int fill(struct flow *f, int fd) {
  ssize_t n = read(fd, f->data, sizeof f->data);
  f->from = 0;
  f->to = n > 0 ? (size_t)n : 0;
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static int drain(struct flow *f, int fd) {
  ssize_t n = write(fd, f->data + f->from, f->to - f->from);
  if (n > 0) f->from += (size_t)n;
  return n >= 0 || errno == EAGAIN || errno == EINTR;
}

// Whoever types has gone. To a program that reads lines that is what Ctrl-D is: twice where a line has begun, since the
// first one only ends that (termios(3)). One that reads each key is told by a signal, if by anything.
static void end_input(const struct terminal *t) {
  struct termios how;
  input_open = 0;
  if (tcgetattr(t->master, &how) || !(how.c_lflag & ICANON)) return;
  input.from = 0;
  input.to = last_typed == '\n' ? 1 : 2;
  memset(input.data, how.c_cc[VEOF], input.to);
}

void terminal_watch(const struct terminal *t, struct pollfd *polls) {
  polls[0] = (struct pollfd){ .fd = input_open && is_empty(&input) ? 0 : -1, .events = POLLIN };
  polls[1] = (struct pollfd){ .fd = output_open && !is_empty(&output) ? 1 : -1, .events = POLLOUT };
  polls[2] = (struct pollfd){ .fd = t->master };
  if (is_empty(&output)) polls[2].events |= POLLIN;
  if (!is_empty(&input)) polls[2].events |= POLLOUT;
}

void terminal_relay(const struct terminal *t, const struct pollfd *polls) {
  if (polls[0].revents) {
    if (!fill(&input, 0))
      end_input(t);
    else if (!is_empty(&input))
      last_typed = input.data[input.to - 1];
  }
  if (polls[2].revents & POLLOUT && !drain(&input, t->master)) input.from = input.to;
  if (polls[2].revents & POLLIN && is_empty(&output)) fill(&output, t->master);
  if (polls[2].revents & POLLHUP && !(polls[2].revents & POLLIN)) usleep(HUNG_UP_US); // until it is opened again
  if (polls[1].revents && !drain(&output, 1)) {
    output_open = 0; // nobody holds the other end: what the program still writes goes nowhere
    output.from = output.to;
  }
  if (!output_open) output.from = output.to;
}

// What the program wrote before it ended. Without its slave, the master says by EIO that there is no more. Processes
// that still have the terminal are not waited for, and what they go on writing is not read for ever; who reads slowly
// is waited for as long as he reads.
void terminal_finish(struct terminal *t) {
  size_t left = FINISH_BYTES;
  close(t->slave);
  while (output_open) {
    if (is_empty(&output)) {
      if (!left || !fill(&output, t->master) || is_empty(&output)) return;
      left -= output.to < left ? output.to : left;
    }
    struct pollfd full = { .fd = 1, .events = POLLOUT };
    if (poll(&full, 1, FINISH_MS) <= 0 || !drain(&output, 1)) return;
  }
}
