// bare.c - the init's own functions of text and memory beside those of the libc: the same answers, for any bytes.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *bare_memchr(const void *in, int byte, size_t size);
void *bare_memcpy(void *to, const void *from, size_t size);
void *bare_memset(void *to, int value, size_t size);
int bare_snprintf(char *to, size_t size, const char *format, ...);
char *bare_strchr(const char *text, int c);
size_t bare_strcspn(const char *text, const char *ends);
size_t bare_strlen(const char *text);
int bare_strncmp(const char *one, const char *other, size_t size);
char *bare_strrchr(const char *text, int c);
void *bare_calloc(size_t count, size_t size);
int bare_main(int argc, char **argv) { return (void)argc, (void)argv, 0; }

#define SAME(what, condition)                                                                                          \
  if (!(condition)) {                                                                                                  \
    fputs("PROPERTY BROKEN: " what " says something else than the libc\n", stderr);                                    \
    abort();                                                                                                           \
  }
static int sign(int n) { return (n > 0) - (n < 0); }

// In a block of just its size, so that nothing is read behind it.
static char *own_copy(const uint8_t *from, size_t size) {
  char *copy = malloc(size + 1);
  if (!copy) abort();
  memcpy(copy, from, size);
  copy[size] = 0;
  return copy;
}

static void format(size_t room, const char *text, int number, unsigned other, int most) {
  char *ours = malloc(room ? room : 1), *theirs = malloc(room ? room : 1);
  if (!ours || !theirs) abort();
  memset(ours, 'x', room);
  memset(theirs, 'x', room);
  int a = bare_snprintf(ours, room, "%d/%u %.*s%s-%d", number, other, most, text, text, -number);
  int b = snprintf(theirs, room, "%d/%u %.*s%s-%d", number, other, most, text, text, -number);
  SAME("snprintf", a == b && !memcmp(ours, theirs, room));
  free(ours);
  free(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 8) return -1;
  int number, byte = data[0];
  memcpy(&number, data + 1, 4);
  if (number == INT32_MIN) number++; // it is negated above
  size_t room = data[5] % 80u, count = data[6], cut = (size - 8) * data[7] / 256;
  char *one = own_copy(data + 8, cut), *other = own_copy(data + 8 + cut, size - 8 - cut);
  size_t most = size - 8 - cut;
  SAME("strlen", bare_strlen(one) == strlen(one));
  SAME("strchr", bare_strchr(one, byte) == strchr(one, byte) && bare_strchr(one, 0) == strchr(one, 0));
  SAME("strrchr", bare_strrchr(one, byte) == strrchr(one, byte));
  SAME("memchr", bare_memchr(other, byte, most) == memchr(other, byte, most));
  SAME("strcspn", bare_strcspn(one, other) == strcspn(one, other));
  SAME("strncmp", sign(bare_strncmp(one, other, count)) == sign(strncmp(one, other, count)));
  SAME("strncmp", !bare_strncmp(one, one, count));
  format(room, one, number, (unsigned)number, (int)count);
  char *copy = own_copy(data, size);
  bare_memset(copy, byte, size / 2);
  bare_memcpy(copy + size / 2, data, size - size / 2);
  for (size_t i = 0; i < size; i++)
    SAME("memset or memcpy", (uint8_t)copy[i] == (i < size / 2 ? byte : data[i - size / 2]));
  SAME("calloc", !bare_calloc(SIZE_MAX / 2, 4) && !bare_calloc(1, SIZE_MAX - 3));
  free(copy);
  free(one);
  free(other);
  return 0;
}
