// run.c - one run: answers, properties, and the variables of the program as they are when it begins.
#include "../world.h"
#include <sanitizer/asan_interface.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { MAX_CALLS = 400000, ENDED = 1, RESTS = 2 };
struct bytes k_answers;
static jmp_buf over;
static unsigned calls;
static char *first_variables;
extern char k_first_variable[], k_last_variable[];

uint8_t k_answer(void) { return k_answers.at < k_answers.end ? *k_answers.at++ : 0; }
int k_has_answers(void) { return k_answers.at < k_answers.end; }

void k_broken(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fputs("PROPERTY BROKEN: ", stderr);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  abort();
}

int k_fails(void) {
  static const int errors[16] = { ENOENT, EPERM,   EINTR,  EAGAIN, ENOMEM, EACCES, EBUSY,  EEXIST,
                                  ENODEV, ENOTDIR, EINVAL, ENFILE, EMFILE, ENOSPC, ENOSYS, EPIPE };
  if (++calls > MAX_CALLS) k_broken("it does not end");
  uint8_t answer = k_answer();
  if (answer < 0xf0) return 0;
  errno = errors[answer & 15];
  return 1;
}

size_t k_part(size_t most) {
  uint8_t answer = k_answer();
  return answer < 0xe0 || !most ? most : answer % most;
}

// Should a call get past kernel.h all the same: as root it would mount, or make processes without end. Threads are the
// fuzzer's own; glibc makes them by clone where there is no clone3.
#define CALL(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1)
#define ANSWER(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
    CALL(SYS_clone3),
    ANSWER(ENOSYS),
#ifdef SYS_fork
    CALL(SYS_fork),
    ANSWER(EPERM),
    CALL(SYS_vfork),
    ANSWER(EPERM),
#endif
    CALL(SYS_mount),
    ANSWER(EPERM),
    CALL(SYS_umount2),
    ANSWER(EPERM),
    CALL(SYS_pivot_root),
    ANSWER(EPERM),
    CALL(428),
    ANSWER(EPERM),
    CALL(429),
    ANSWER(EPERM),
    CALL(430),
    ANSWER(EPERM), // open_tree, move_mount, fsopen
    CALL(442),
    ANSWER(EPERM),
    CALL(SYS_setns),
    ANSWER(EPERM),
    CALL(SYS_unshare),
    ANSWER(EPERM),
    CALL(SYS_sethostname),
    ANSWER(EPERM),
    CALL(SYS_bpf),
    ANSWER(EPERM),
    CALL(SYS_execve),
    ANSWER(EPERM),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), // its flags
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
    ANSWER(EPERM),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) abort();
  // Proof that it holds: else nothing is run.
  if (syscall(SYS_unshare, CLONE_NEWNS) != -1 || errno != EPERM) abort();
  return 0;
}

static volatile uint8_t read_by_kernel;
void k_read_all(const void *from, size_t size) {
  for (size_t i = 0; i < size; i++) read_by_kernel = ((const uint8_t *)from)[i];
}
void k_touch(const char *text) { k_read_all(text, strlen(text) + 1); }

void k_finish(void) { longjmp(over, ENDED); }
void k_rest(void) { longjmp(over, RESTS); }

// Written and read past the checks: between two variables there is forbidden ground.
__attribute__((no_sanitize("address"))) static void copy(char *to, const char *from, size_t size) {
  for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
    *(uint64_t *)(to + i) = *(const uint64_t *)(from + i);
    __asm__ volatile("" ::: "memory");
  }
}

void k_run(struct bytes answers, void (*body)(void), void (*let_go)(void)) {
  size_t variables = (size_t)(k_last_variable - k_first_variable);
  if (!first_variables) {
    if (!(first_variables = malloc(variables))) abort();
    copy(first_variables, k_first_variable, variables);
  }
  copy(k_first_variable, first_variables, variables);
  k_answers = answers;
  k_connections = 0;
  k_controller = k_late_answers = (struct bytes){ 0 };
  k_hears_first = 0;
  calls = 0;
  errno = 0;
  k_reset_processes();
  k_reset_descriptors();
  k_reset_calls();
  const int how = setjmp(over);
  if (!how) body();
  calls = 0;
  if (how == RESTS && let_go && !setjmp(over)) let_go();
  k_reset_processes();
  k_reset_descriptors();
  k_free_all();
}
