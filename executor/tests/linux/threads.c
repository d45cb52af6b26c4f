// Threads: futexes, sleep, yield, reservations, ends. The output does not depend on who runs when.
#include "guest.h"

static struct thread threads[4];
static u32 mutex, turn, gate, second;
static long counter, order;
static u32 swaps;

static long add(long rounds) {
  for (long i = 0; i < rounds; i++) {
    lock(&mutex);
    counter++;
    unlock(&mutex);
    __atomic_fetch_add(&swaps, 1, __ATOMIC_SEQ_CST);
  }
  return 0;
}

// Waits for its turn, in which it says its number.
static long take_turn(long number) {
  u32 now;
  while ((now = __atomic_load_n(&turn, __ATOMIC_SEQ_CST)) != number) wait(&turn, now, 0);
  say("turn", number);
  __atomic_store_n(&turn, number + 1, __ATOMIC_SEQ_CST);
  wake(&turn, 100);
  return 0;
}

static long sleep_then_say(long milliseconds) {
  sleep_ms(milliseconds);
  __atomic_store_n(&order, order * 10 + milliseconds / 40, __ATOMIC_SEQ_CST);
  return 0;
}

static long pass_gate(long number) {
  while (!__atomic_load_n(&gate, __ATOMIC_SEQ_CST)) wait(&gate, 0, 0);
  __atomic_fetch_add(&second, 1, __ATOMIC_SEQ_CST);
  return number;
}

static long spin(long number) {
  while (__atomic_load_n(&second, __ATOMIC_SEQ_CST) != 100) call0(SCHED_YIELD);
  return number;
}

static long end_all(long code) {
  sleep_ms(20);
  return call1(EXIT_GROUP, code);
}

long guest(void) {
  u64 time[2] = {0, 5000000};
  say("other value", wait(&gate, 1, 0));
  say("time out", wait(&gate, 0, time));
  say("misaligned", call4(FUTEX, (long)&gate + 2, 0, 0, 0));
  say("nobody", wake(&gate, 1));
  // No stack, and another process.
  say("fork", call2(CLONE, 0x100 | 0x10000, 0) < 0);

  for (int i = 0; i < 4; i++) spawn(&threads[i], add, 300 + i);
  for (int i = 0; i < 4; i++) join(&threads[i]);
  say("counter", counter);
  say("swaps", swaps);

  for (int i = 3; i >= 0; i--) spawn(&threads[i], take_turn, i);
  for (int i = 0; i < 4; i++) join(&threads[i]);

  const long times[4] = {120, 40, 160, 80};
  for (int i = 0; i < 4; i++) spawn(&threads[i], sleep_then_say, times[i]);
  for (int i = 0; i < 4; i++) join(&threads[i]);
  say("order", order);

  for (int i = 0; i < 4; i++) spawn(&threads[i], pass_gate, i);
  sleep_ms(40);
  // One wakes, the others wait for another word.
  __atomic_store_n(&gate, 1, __ATOMIC_SEQ_CST);
  say("requeue", call6(FUTEX, &gate, 128 | 4, 1, 100, &second, 1));
  say("changed", call6(FUTEX, &gate, 128 | 4, 1, 100, &second, 7));
  for (int i = 0; i < 4; i++) wake(&second, 1);
  for (int i = 0; i < 4; i++) join(&threads[i]);
  say("second", second);

  // One spins until the other is done.
  spawn(&threads[0], spin, 0);
  sleep_ms(10);
  second = 100;
  join(&threads[0]);
  say("ids differ", spawn(&threads[1], add, 1) != call0(GETTID));
  join(&threads[1]);

  spawn(&threads[2], end_all, 7);
  wait(&turn, turn, 0);
  say("not reached", 0);
  return 1;
}
