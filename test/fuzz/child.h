// child.h - how the fake kernel makes a child: see kernel/processes.c
#ifndef THUBAN_FUZZ_CHILD_H
#define THUBAN_FUZZ_CHILD_H
#include <errno.h>
#include <setjmp.h>
#include <sys/types.h>
// A child that borrows its parent's memory: the parent goes on when it has executed something or ended, as after vfork.
extern jmp_buf k_child;
int k_begin_child(int copies); // `copies`: as fork does, and it may live on
pid_t k_after_child(void);
#define K_CHILD(copies) (k_begin_child(copies) ? -errno : setjmp(k_child) ? k_after_child() : 0)
#endif
