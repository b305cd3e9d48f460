// devices.c - the program that guards the devices of a cgroup v2 (BPF_PROG_TYPE_CGROUP_DEVICE): loaded and attached by
// a child, so that nothing of it stays in the launcher, and a crash of it harms nobody.
//
// DEVICES: group str, instructions (struct bpf_insn) as a block. A program that an earlier frame attached is replaced;
// the group's end detaches it. The structures are those of linux/bpf.h, written down here because that of the machine
// that builds may be older than the kernel that runs.
#include "launcher.h"
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { BPF_LOAD = 5, BPF_ATTACH = 8, BPF_DETACH = 9, BPF_FD_BY_ID = 13, BPF_INFO = 15, BPF_QUERY = 16 };
enum { CGROUP_DEVICE_PROGRAM = 15, CGROUP_DEVICE = 6 };
enum { ALLOW_MULTI = 2, REPLACE = 4 }; // REPLACE: 5.6
enum {
  INSTRUCTION = 8,
  MAX_INSTRUCTIONS = 4096,
  MAX_ATTACHED = 64,
  MAX_PENDING = 256,
  LOAD_TRIES = 5,
  EXCHANGE_TRIES = 64
};
#define NAME "thuban_devices" // as `bpftool prog` shows it, and how our own are told from others'

// The kernel takes more bytes than it knows as long as they are 0, and since 6.17 it writes behind what QUERY had.
union attributes {
  struct {
    uint32_t type, count;
    uint64_t instructions, license;
    uint32_t log_level, log_size;
    uint64_t log;
    uint32_t kernel_version, flags;
    char name[16];
    uint32_t interface, attach_type;
  } load;
  struct {
    uint32_t group, program, type, flags, replaced;
  } attach;
  struct {
    uint32_t group, type, flags, attach_flags;
    uint64_t ids;
    uint32_t count;
  } query;
  uint32_t id;
  struct {
    uint32_t program, size;
    uint64_t info;
  } info;
  uint8_t room[256];
};

static int bpf(int command, union attributes *a) { return (int)syscall(SYS_bpf, command, a, sizeof *a); }
static uint64_t address(const void *p) { return (uint64_t)(uintptr_t)p; }

static int load(const void *instructions, uint32_t count) {
  union attributes a = { .load = { .type = CGROUP_DEVICE_PROGRAM,
                                   .count = count,
                                   .instructions = address(instructions),
                                   .license = address("Apache-2.0"),
                                   .name = NAME,
                                   .attach_type = CGROUP_DEVICE } };
  // Before 5.11 programs count against this limit. Without CAP_SYS_RESOURCE the load itself tells (EPERM).
  struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
  setrlimit(RLIMIT_MEMLOCK, &none);
  int fd = -1;
  for (int i = 0; fd < 0 && i < LOAD_TRIES; i++)
    if ((fd = bpf(BPF_LOAD, &a)) < 0 && errno != EAGAIN) break;
  return fd;
}

static int is_ours(int program) {
  struct {
    uint8_t before[64];
    char name[16];
    uint8_t room[432];
  } info = { .name = "" };
  union attributes a = { .info = { (uint32_t)program, sizeof info, address(&info) } };
  return !bpf(BPF_INFO, &a) && !strcmp(info.name, NAME);
}

// Programs that earlier frames attached to this group, as descriptors.
static int attached(int group, int *programs) {
  uint32_t ids[MAX_ATTACHED];
  union attributes a = {
    .query = { .group = (uint32_t)group, .type = CGROUP_DEVICE, .ids = address(ids), .count = MAX_ATTACHED }
  };
  if (bpf(BPF_QUERY, &a)) return -1;
  int count = 0;
  for (uint32_t i = 0; i < a.query.count; i++) {
    union attributes by_id = { .id = ids[i] };
    int fd = bpf(BPF_FD_BY_ID, &by_id);
    if (fd < 0 && errno != ENOENT) return -1; // gone meanwhile
    if (fd >= 0 && is_ours(fd)) programs[count++] = fd;
  }
  return count;
}

static int attach_program(int group, int program, int replaced) {
  union attributes a = { .attach = { .group = (uint32_t)group,
                                     .program = (uint32_t)program,
                                     .type = CGROUP_DEVICE,
                                     .flags = ALLOW_MULTI | (replaced < 0 ? 0u : REPLACE),
                                     .replaced = replaced < 0 ? 0u : (uint32_t)replaced } };
  return bpf(BPF_ATTACH, &a);
}

// One old program is exchanged in one step. Otherwise the new one comes first: all that are attached must allow, so
// that for a moment less is allowed, and never more. ENOENT: another frame for this group was faster.
static int exchange(int group, int program) {
  int old[MAX_ATTACHED];
  int held = attached(group, old), done = 0;
  if (held < 0) return -1;
  if (held == 1) {
    done = !attach_program(group, program, old[0]);
    if (!done && errno != EINVAL) return -1;
  }
  if (!done && attach_program(group, program, -1)) return -1;
  for (int i = 0; i < held; i++) {
    union attributes a = { .attach = { .group = (uint32_t)group, .program = (uint32_t)old[i], .type = CGROUP_DEVICE } };
    if (!done && bpf(BPF_DETACH, &a) && errno != ENOENT) return -1;
    close(old[i]);
  }
  return 0;
}

static int guard(const char *path, const void *instructions, uint32_t count) {
  int group = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int program = group < 0 ? -1 : load(instructions, count);
  if (program < 0) return -1;
  for (int i = 1; exchange(group, program); i++)
    if (errno != ENOENT || i == EXCHANGE_TRIES) return -1;
  return 0;
}

// ---- in the launcher ----
static struct pending {
  pid_t pid;
  uint64_t seq; // 0: whoever asked is gone
} pending[MAX_PENDING];

// 0 when a child is on it, which is answered when it has ended.
int devices_set(struct reader *r, uint64_t seq) {
  const char *group = read_str(r);
  uint32_t size = read_u32(r);
  const void *instructions = read_bytes(r, size);
  if (r->bad || !size || size % INSTRUCTION || size / INSTRUCTION > MAX_INSTRUCTIONS) return EINVAL;
  struct pending *p = pending;
  while (p < pending + MAX_PENDING && p->pid) p++;
  if (p == pending + MAX_PENDING) return EAGAIN;
  // The frame's bytes may lie at any address, and the child has a copy of them.
  pid_t pid = fork();
  if (pid < 0) return errno;
  if (!pid) _exit(guard(group, instructions, size / INSTRUCTION) ? (errno > 0 && errno < 256 ? errno : EOPNOTSUPP) : 0);
  *p = (struct pending){ pid, seq };
  return 0;
}

int devices_reaped(pid_t pid, int status) {
  for (struct pending *p = pending; p < pending + MAX_PENDING; p++) {
    if (p->pid != pid) continue;
    if (p->seq) transport_done(p->seq, WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED);
    *p = (struct pending){ 0 };
    return 1;
  }
  return 0;
}

// The next controller counts its questions anew.
void devices_forget(void) {
  for (struct pending *p = pending; p < pending + MAX_PENDING; p++) p->seq = 0;
}
