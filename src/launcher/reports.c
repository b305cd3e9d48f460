// reports.c - what happened, numbered and kept until the controller has acknowledged it: an exit while no daemon
// listens is not lost. Bounded by the containers: each has at most one STARTED or FAILED, one EXITED and one OOM report
// that nobody has read yet, one LINGERS, and one PRESSURE report of each monitor, which is silent until it is armed
// again.
#include "launcher.h"
#include <stdlib.h>

enum { LARGEST = 72 }; // STARTED has 64 bytes
struct entry {
  uint64_t seq;
  uint16_t type;
  uint32_t size;
  uint8_t data[LARGEST];
  struct entry *next;
};
static struct entry *first, **last = &first;
// For when memory is short: as many as the containers and monitors that are held may still need. What is not there is
// refused at a start, where there is somebody to tell.
static struct entry *spare;
static uint32_t spares, wanted;
static uint64_t next_seq = 1;

void put_u32(struct writer *w, uint32_t v) {
  memcpy(w->data + w->size, &v, 4);
  w->size += 4;
}
void put_u64(struct writer *w, uint64_t v) {
  memcpy(w->data + w->size, &v, 8);
  w->size += 8;
}

// A controller of an older version would take a report that it does not know for a broken protocol.
static void send_entry(const struct entry *e) {
  if ((e->type == WIRE_PRESSURE || e->type == WIRE_LINGERS) && transport_protocol() < 2) return;
  transport_send(e->type, e->seq, e->data, e->size, 0, 0);
}

// An OOM report that still waits says all that a second one would.
static int already_waiting(uint16_t type, const struct writer *w) {
  if (type != WIRE_OOM) return 0;
  for (struct entry *e = first; e; e = e->next)
    if (e->type == type && !memcmp(e->data, w->data, w->size)) return 1;
  return 0;
}

static void put_spare(struct entry *e) {
  e->next = spare;
  spare = e;
  spares++;
}

static struct entry *take_spare(void) {
  struct entry *e = spare;
  if (!e) return 0;
  spare = e->next;
  spares--;
  *e = (struct entry){ 0 };
  return e;
}

void reports_unreserve(uint32_t count) {
  wanted -= count;
  while (spares > wanted) free(take_spare());
}

int reports_reserve(uint32_t count) {
  wanted += count;
  while (spares < wanted) {
    struct entry *e = malloc(sizeof *e);
    if (!e) {
      reports_unreserve(count);
      errno = ENOMEM;
      return -1;
    }
    put_spare(e);
  }
  return 0;
}

// Only a start that came to no container of its own has nothing in reserve: its failure is told, but not kept for the
// next controller, who has not asked for it.
void report(uint16_t type, const struct writer *w) {
  if (already_waiting(type, w)) return;
  struct entry *e = calloc(1, sizeof *e);
  if (!e) e = take_spare();
  if (!e || w->size > sizeof e->data) {
    free(e);
    transport_send(type, 0, w->data, w->size, 0, 0);
    return;
  }
  e->seq = next_seq++;
  e->type = type;
  memcpy(e->data, w->data, e->size = w->size);
  *last = e;
  last = &e->next;
  send_entry(e);
}

void reports_acknowledged(uint64_t seq) {
  while (first && first->seq <= seq) {
    struct entry *e = first;
    first = e->next;
    if (spares < wanted)
      put_spare(e);
    else
      free(e);
  }
  if (!first) last = &first;
}

void reports_resend(void) {
  for (struct entry *e = first; e; e = e->next) send_entry(e);
}
