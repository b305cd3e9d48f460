// steps.c - the steps that pid 1 of the new namespaces does: how many bytes u16, those bytes, answers. They lie in a
// block of memory of just their size.
#include "child.h"
#include "world.h"
#include "../../src/launcher/launcher.h"

static struct bytes steps;

static void prepare(void) {
  for (int fd = 0; fd < 3; fd++) k_place_at(fd, K_FILE, 0);
  init_image = k_place_at(3, K_MEMORY, 1);
  null_folder = k_place_at(4, K_MOUNT, 1);
  no_mount_setattr = !!(k_answer() & 1);
}

static void body(void) {
  prepare();
  size_t size = (size_t)(steps.end - steps.at);
  uint8_t *block = k_give(size);
  memcpy(block, steps.at, size);
  struct reader all = { block, block + size, 0 };
  struct container c = { .status_fd = -1, .in_fd = -1, .out_fd = -1, .err_fd = -1, .oom_fd = -1 };
  struct stage s = { .in = -2, .out = -2, .err = -2, .nodes = -1, .user = -1, .holder_fd = -1, .failed_step = -1 };
  s.status = k_place_at(5, K_SOCKET, 1);
  s.frame = k_place_at(6, K_MEMORY, 1);
  static const struct init_header header = { .magic = INIT_MAGIC };
  struct object *frame = k_use(6);
  if (!(frame->data = malloc(sizeof header))) abort();
  memcpy(frame->data, &header, frame->size = sizeof header);
  s.joins[s.join_count++] = k_place_at(7, K_FILE, 1);
  const int made = !sockets_expect(&c, all) && !users_make(&s, all);
  if (made) {
    s.steps = all;
    s.first_step = 1;
    s.count = 64;
    if (!K_CHILD(0)) stage_main(&s);
    sockets_made(&c);
  }
  users_done(&s);
  sockets_remove(&c);
  if (k_blocks() != 1) k_broken("%u blocks of memory are left", k_blocks() - 1);
  if (k_open_count() != 8) k_broken("%u descriptors instead of 8 are open in the launcher", k_open_count());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return -1;
  size_t said = (size_t)data[0] | (size_t)data[1] << 8;
  if (said > size - 2) said = size - 2;
  steps = (struct bytes){ data + 2, data + 2 + said };
  k_run((struct bytes){ data + 2 + said, data + size }, body, 0);
  return 0;
}
