// world.h - the fake kernel, as its parts and the harnesses see it.
//
// A run's input has bytes for whoever speaks to the program, and answers: one byte for each decision of the kernel.
// When there are no answers left, every call succeeds and what can happen happens in its usual order, so that a short
// input goes far.
#ifndef THUBAN_FUZZ_WORLD_H
#define THUBAN_FUZZ_WORLD_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

// ---- run.c ----
struct bytes {
  const uint8_t *at, *end;
};
extern struct bytes k_answers;
uint8_t k_answer(void); // 0 when there is none left
int k_has_answers(void);
int k_fails(void);              // one in sixteen answers: errno is set
size_t k_part(size_t most);     // how much of it is read or written; all of it, mostly
void k_touch(const char *text); // the kernel reads it up to its NUL
void k_read_all(const void *from, size_t size);
_Noreturn void k_broken(const char *format, ...); // a property does not hold
_Noreturn void k_finish(void);                    // the end of this run
_Noreturn void k_rest(void);                      // nothing happens any more: the program would wait for ever
// Runs `body` on a fresh world, and `let_go` when that has come to rest.
void k_run(struct bytes answers, void (*body)(void), void (*let_go)(void));

// ---- memory.c ----
unsigned k_blocks(void);
void k_free_all(void);
void *k_give(size_t size); // for what the kernel itself gives: it does not fail

// ---- descriptors.c ----
enum { K_MAX_FD = 512, K_MAX_OBJECTS = 4096 };
enum kind {
  K_NONE,
  K_FILE,
  K_FOLDER,
  K_DEVICE,
  K_TEXT, // of /proc or /sys
  K_PLACE,
  K_MEMORY,
  K_PIPE,
  K_SOCKET,
  K_LISTENER,
  K_CONTROLLER,
  K_STATUS,
  K_EPOLL,
  K_EVENT,
  K_TIMER,
  K_SIGNALS,
  K_PIDFD,
  K_CONTEXT,
  K_MOUNT,
  K_TERMINAL,
  K_PROGRAM
};
struct object {
  uint8_t kind, watched, ended;
  unsigned references, events, said;
  int limit;
  void *tag; // of its watch
  uint8_t *data;
  size_t size, position;
};
struct table {
  struct {
    struct object *of;
    int close_on_exec;
  } fd[K_MAX_FD];
};
extern struct table *k_table;
extern struct object k_objects[K_MAX_OBJECTS];
extern unsigned k_object_count;
struct object *k_use(int fd); // that is not open: a broken property
int k_open_new(enum kind kind, int flags);
int k_place_at(int fd, enum kind kind, int close_on_exec);
struct table *k_copy_table(const struct table *from);
void k_drop_table(struct table *t);
void k_close_on_exec(void);
unsigned k_open_count(void);
void k_reset_descriptors(void);

// ---- processes.c ----
enum { K_MAX_PROCESSES = 256 };
struct process {
  pid_t pid;
  int ended, reaped, killed, status, copies;
  struct table *holds; // of a child that was forked
};
extern struct process k_processes[K_MAX_PROCESSES];
extern unsigned k_process_count;
int k_some_ended(void);
void k_end(struct process *p, int status);
void k_end_all(void);
void k_reset_processes(void);

// ---- calls.c ----
void k_reset_calls(void);

// ---- events.c ----
extern struct bytes k_late_answers; // those from the first wait on
extern int k_hears_first;           // not before all that the controller says was heard
extern struct bytes k_controller;   // what it says
extern int k_connections;           // that are still to come
int k_speak(uint8_t *to, size_t size);
#endif
