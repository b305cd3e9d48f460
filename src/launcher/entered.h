// entered.h - see entered.c and terminal.c
#ifndef THUBAN_ENTERED_H
#define THUBAN_ENTERED_H
#include "sys.h"
#include "wire.h"
#include <poll.h>

struct terminal {
  int master, slave;
};
int terminal_open(struct terminal *t, int board, const struct init_header *header);
unsigned terminal_keep(struct terminal *t);
void terminal_resize(const struct terminal *t, int rows, int columns);
enum { TERMINAL_POLLS = 3 };
void terminal_watch(const struct terminal *t, struct pollfd *polls);
void terminal_relay(const struct terminal *t, const struct pollfd *polls);
void terminal_finish(struct terminal *t);

void say(int type, int a, int b, pid_t child); // init.c
_Noreturn void wait_and_relay(pid_t program, struct terminal *t);
#endif
