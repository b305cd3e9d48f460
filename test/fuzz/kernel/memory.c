// memory.c - memory for the program: it may be short, and what is not given back is known.
#include "../world.h"

enum { MAX_BLOCKS = 65536 };
static void *blocks[MAX_BLOCKS];
static unsigned count;

unsigned k_blocks(void) { return count; }

static void *keep(void *block) {
  if (count == MAX_BLOCKS) k_broken("%u blocks of memory are in use", count);
  return block ? blocks[count++] = block : 0;
}

void *k_give(size_t size) { return keep(malloc(size ? size : 1)); }

static int is_short(void) {
  if (!k_fails()) return 0;
  errno = ENOMEM;
  return 1;
}

// The launcher's buffer for frames is the only large block, and mapping it anew for each run took most of the time.
enum { LARGE = 1 << 19 };
static void *large;
static size_t large_size;

static void give_back(void *block) {
  if (block != large) free(block);
}

void *k_malloc(size_t size) {
  if (is_short()) return 0;
  if (size < LARGE) return keep(malloc(size));
  if (size > large_size) {
    free(large);
    if (!(large = malloc(large_size = size))) abort();
  }
  return keep(large);
}
void *k_calloc(size_t n, size_t size) { return is_short() ? 0 : keep(calloc(n, size)); }

void k_free(void *block) {
  if (!block) return;
  for (unsigned i = count; i-- > 0;)
    if (blocks[i] == block) {
      blocks[i] = blocks[--count];
      give_back(block);
      return;
    }
  k_broken("memory is given back that is not in use");
}

void *k_realloc(void *block, size_t size) {
  if (!block) return k_malloc(size);
  if (is_short()) return 0;
  for (unsigned i = count; i-- > 0;)
    if (blocks[i] == block) return blocks[i] = realloc(block, size);
  k_broken("memory grows that is not in use");
}

char *k_strdup(const char *text) { return is_short() ? 0 : keep(strdup(text)); }

void k_free_all(void) {
  while (count) give_back(blocks[--count]);
}
