// The first thread ends before the last one, which ends the program without `exit_group`.
#include "guest.h"

static struct thread thread;

static long last(long number) {
  sleep_ms(30);
  say("last", number);
  return 0;
}

long guest(void) {
  spawn(&thread, last, 5);
  say("first", 0);
  call1(EXIT, 0);
  return 1;
}
