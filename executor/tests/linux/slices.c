// Two threads that do the same in different functions, longer than a time slice.
#include "guest.h"

static struct thread threads[2];

KEEP u64 leaf(u64 value) { return value * 6364136223846793005 + 1442695040888963407; }
KEEP u64 inner(u64 value) { return leaf(value) ^ leaf(~value); }

KEEP u64 left(long rounds) {
  u64 value = 1;
  while (rounds--) value = inner(value) + 1;
  return value;
}

KEEP u64 right(long rounds) {
  u64 value = 1;
  while (rounds--) value = inner(value) + 1;
  return value;
}

static u64 results[2];
static long run_left(long rounds) { return results[0] = left(rounds), 0; }
static long run_right(long rounds) { return results[1] = right(rounds), 0; }

long guest(void) {
  spawn(&threads[0], run_left, 500000);
  spawn(&threads[1], run_right, 500000);
  for (int i = 0; i < 2; i++) join(&threads[i]);
  say("equal", results[0] == results[1]);
  say("result", results[0] >> 1);
  return 0;
}
