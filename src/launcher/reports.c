// reports.c - what happened, numbered and kept until the controller has acknowledged it: an exit while no daemon
// listens is not lost. Bounded by the containers: each has at most one STARTED or FAILED, one EXITED and one OOM report
// that nobody has read yet, one LINGERS, and one PRESSURE report of each monitor, which is silent until it is armed
// again.
#include "launcher.h"
#include <stdlib.h>

struct entry {
  uint64_t seq;
  uint16_t type;
  struct writer w;
  struct entry *next;
};
static struct entry *first, **last = &first;
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
  transport_send(e->type, e->seq, e->w.data, e->w.size, 0, 0);
}

// An OOM report that still waits says all that a second one would.
static int already_waiting(uint16_t type, const struct writer *w) {
  if (type != WIRE_OOM) return 0;
  for (struct entry *e = first; e; e = e->next)
    if (e->type == type && !memcmp(e->w.data, w->data, w->size)) return 1;
  return 0;
}

void report(uint16_t type, const struct writer *w) {
  if (already_waiting(type, w)) return;
  struct entry *e = calloc(1, sizeof *e);
  if (!e) abort();
  e->seq = next_seq++;
  e->type = type;
  e->w = *w;
  *last = e;
  last = &e->next;
  send_entry(e);
}

void reports_acknowledged(uint64_t seq) {
  while (first && first->seq <= seq) {
    struct entry *e = first;
    first = e->next;
    free(e);
  }
  if (!first) last = &first;
}

void reports_resend(void) {
  for (struct entry *e = first; e; e = e->next) send_entry(e);
}
