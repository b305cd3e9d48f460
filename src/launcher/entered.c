// entered.c - the init of a program that was started in a container that runs (STEP_ENTER). It is not in the pid
// namespace, so it reaps its own child only: what that leaves behind falls to the container's init.
//
// The launcher tells it what to do over the status socket rather than by signals: SIGKILL would end this process and
// tell nobody how the program ended.
#include "entered.h"
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void obey(pid_t program, const struct terminal *t) {
  struct init_record record;
  for (;;) {
    ssize_t n = recv(INIT_FD_STATUS, &record, sizeof record, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n != sizeof record) _exit(1); // the launcher has gone, and the container with it
    if (record.type == INIT_KILL) kill(program, record.a);
    if (record.type == INIT_RESIZE && t) terminal_resize(t, record.a, record.b);
  }
}

// Whether the program has ended. Signals from elsewhere are passed on, as an init does.
static int has_ended(int signals, pid_t program, int *status) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info)
    if (info.ssi_signo != SIGCHLD) kill(program, (int)info.ssi_signo);
  return waitpid(program, status, WNOHANG) == program;
}

// It is reaped before the rest of its output is passed on: until then the container's end waits for it.
_Noreturn void wait_and_relay(pid_t program, struct terminal *t) {
  sigset_t all;
  sigfillset(&all);
  int status = 0, signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) { // its end could not be seen below
    kill(program, SIGKILL);
    waitpid(program, &status, 0);
  }
  struct pollfd polls[2 + TERMINAL_POLLS] = { { .fd = signals, .events = POLLIN },
                                              { .fd = INIT_FD_STATUS, .events = POLLIN } };
  while (signals >= 0 && !has_ended(signals, program, &status)) {
    if (t) terminal_watch(t, polls + 2);
    if (poll(polls, t ? 2 + TERMINAL_POLLS : 2, -1) < 0) continue;
    if (polls[1].revents) obey(program, t);
    if (t) terminal_relay(t, polls + 2);
  }
  if (t) terminal_finish(t);
  say(INIT_STATUS, status, 0, 0);
  _exit(0);
}
