// init.c - pid 1 and the program's own steps: how many bytes u16, the frame of that size, answers. The stage fills in
// how many descriptors there are, so that this is true here as well; the rest of the header may be anything.
#include "world.h"
#include "../../src/launcher/wire.h"

int thuban_main(void);
static struct bytes said;

static void body(void) {
  size_t size = (size_t)(said.end - said.at);
  for (int fd = 0; fd < 3; fd++) k_place_at(fd, K_PIPE, 0);
  k_place_at(INIT_FD_STATUS, K_SOCKET, 0);
  k_place_at(INIT_FD_FRAME, K_MEMORY, 0);
  k_place_at(INIT_FD_PROC, K_MOUNT, 0);
  struct object *frame = k_use(INIT_FD_FRAME);
  if (!(frame->data = malloc(size + 1))) abort();
  memcpy(frame->data, said.at, frame->size = size);
  struct init_header *header = (struct init_header *)frame->data;
  if (size >= sizeof *header) {
    header->magic = INIT_MAGIC;
    header->joins %= WIRE_MAX_JOINS + 1;
    header->handed %= WIRE_MAX_HANDED + 1;
    header->user &= 1;
    header->enter &= 1;
    header->first_step &= 1023;
    if (!header->enter) header->terminal = 0;
    unsigned behind = INIT_FD_JOINS + header->joins + header->handed + header->user + (header->enter ? 2 : 0);
    for (unsigned fd = INIT_FD_JOINS; fd < behind; fd++) k_place_at((int)fd, K_SOCKET, 0);
  }
  thuban_main();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return -1;
  size_t n = (size_t)data[0] | (size_t)data[1] << 8;
  if (n > size - 2) n = size - 2;
  said = (struct bytes){ data + 2, data + 2 + n };
  k_run((struct bytes){ data + 2 + n, data + size }, body, 0);
  return 0;
}
