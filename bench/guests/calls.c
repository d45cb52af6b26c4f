// The Fibonacci number of the input, by recursion: little but calls, returns and branches.
#include "guest.h"

__attribute__((noinline)) static u32 fibonacci(u32 n) {
  u32 sum = 0;
  for (; n > 1; n -= 2) sum += fibonacci(n - 1);
  return sum + n;
}

void guest(void) { finish(fibonacci(number())); }
