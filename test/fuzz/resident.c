// resident.c - see resident.h
#include "resident.h"
#include "../../src/launcher/launcher.h"

int thuban_main(int argc, char **argv);
static struct bytes says;
static int hears_first;
enum { MEMORY_OF_ITS_OWN = 3, DESCRIPTORS_OF_ITS_OWN = 11, REFUSED_AT_MOST = 8 };

static void body(void) {
  static char *argv[] = { (char *)"thuban-launcher", (char *)"--run-dir",  (char *)"/run/thuban", (char *)"--init",
                          (char *)"/init",           (char *)"--ready-fd", (char *)"3",           0 };
  for (int fd = 0; fd < 4; fd++) k_place_at(fd, K_FILE, 0);
  k_controller = says;
  k_connections = 3;
  // The first byte: whether the start of the launcher itself meets errors.
  struct bytes rest = k_answers;
  if (k_answer() < 0xf0) {
    rest.at += rest.at < rest.end;
    k_late_answers = rest;
    k_hears_first = hears_first;
    k_answers = (struct bytes){ 0 };
  }
  thuban_main(7, argv);
}

// A launcher that has come to an end in its loop still holds what was started. What is ended and released leaves
// neither memory nor descriptors.
static void let_go(void) {
  k_answers = (struct bytes){ 0 };
  transport_close();
  k_end_all();
  reap_children();
  while (containers) {
    uint64_t id = containers->id;
    if (container_release(id)) k_broken("a container whose init has ended cannot be released");
  }
  reports_acknowledged(UINT64_MAX);
  monitors_drop_unused();
  static const uint8_t none[8] = { 0 }; // no groups, no paths
  struct reader nothing = { none, none + sizeof none, 0 };
  register_leftovers(&nothing);
  if (k_blocks() != MEMORY_OF_ITS_OWN) k_broken("%u blocks of memory are left", k_blocks());
  if (k_open_count() > DESCRIPTORS_OF_ITS_OWN + REFUSED_AT_MOST)
    k_broken("%u descriptors are left open", k_open_count());
}

void k_resident(struct bytes controller, int first, struct bytes answers) {
  says = controller;
  hears_first = first;
  k_run(answers, body, let_go);
}
