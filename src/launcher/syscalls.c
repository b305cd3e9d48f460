// syscalls.c - the system calls of the architecture that this binary is for. The launcher itself never looks at them:
// whoever compiles a filter finds them in the file, behind the name of the first entry (syscall-table.ts), and so also
// for a board of another architecture, without running anything.
#include <asm/unistd.h>
#include <linux/audit.h>
#include <stdint.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#else
#error "syscalls.c: this architecture is missing"
#endif

struct call {
  char name[36];
  uint32_t number;
};

// `used`: nothing refers to it. syscalls.inc is made by scripts/build.mjs of all that the kernel headers know.
__attribute__((used)) static const struct call calls[] = {
  { "thuban system calls 1", ARCHITECTURE },
#include "syscalls.inc"
// From 424 on the numbers are the same on every architecture; these are newer than the headers of Debian 12.
#ifndef __NR_cachestat
  { "cachestat", 451 },
#endif
#ifndef __NR_fchmodat2
  { "fchmodat2", 452 },
#endif
#ifndef __NR_map_shadow_stack
  { "map_shadow_stack", 453 },
  { "futex_wake", 454 },
  { "futex_wait", 455 },
  { "futex_requeue", 456 },
#endif
#ifndef __NR_statmount
  { "statmount", 457 },
  { "listmount", 458 },
  { "lsm_get_self_attr", 459 },
  { "lsm_set_self_attr", 460 },
  { "lsm_list_modules", 461 },
#endif
#ifndef __NR_mseal
  { "mseal", 462 },
#endif
#ifndef __NR_setxattrat
  { "setxattrat", 463 },
  { "getxattrat", 464 },
  { "listxattrat", 465 },
  { "removexattrat", 466 },
#endif
#ifndef __NR_open_tree_attr
  { "open_tree_attr", 467 },
  { "file_getattr", 468 },
  { "file_setattr", 469 },
#endif
#if defined(__x86_64__) && !defined(__NR_uretprobe)
  { "uretprobe", 335 },
#endif
#ifdef __ARM_NR_cacheflush
  { "breakpoint", __ARM_NR_breakpoint },
  { "cacheflush", __ARM_NR_cacheflush },
  { "set_tls", __ARM_NR_set_tls },
#endif
  { "", 0 },
};
