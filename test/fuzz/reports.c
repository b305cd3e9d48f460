// reports.c - what inits say, and what else happens to containers that were started as usual: answers only.
#include "resident.h"

static const uint8_t started[] = {
#include "started.inc" // made by seeds.ts: a greeting, and some containers
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  k_resident((struct bytes){ started, started + sizeof started }, 1, (struct bytes){ data, data + size });
  return 0;
}
