// resident.h - the whole launcher on the fake kernel.
#ifndef THUBAN_FUZZ_RESIDENT_H
#define THUBAN_FUZZ_RESIDENT_H
#include "world.h"
// From its first instruction on. `controller`: what it hears from whoever connects; `first`: all of it, before anything
// goes wrong. When nothing happens any more it is made to let go of what it holds, and nothing may be left.
void k_resident(struct bytes controller, int first, struct bytes answers);
#endif
