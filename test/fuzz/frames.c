// frames.c - what the controller says: how many bytes u16, those bytes, answers.
#include "resident.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return -1;
  size_t said = (size_t)data[0] | (size_t)data[1] << 8;
  if (said > size - 2) said = size - 2;
  k_resident((struct bytes){ data + 2, data + 2 + said }, 0, (struct bytes){ data + 2 + said, data + size });
  return 0;
}
