// Calls of every kind: recursion, 100,000 deep and branching, mutual tail calls, calls through a
// table, and jumps out of many frames at once.
#include "guest.h"

KEEP __attribute__((disable_tail_calls)) u32 descend(u32 n) {
  volatile u32 here = n;
  return n == 0 ? 1 : descend(n - 1) * 3 + here;
}

KEEP __attribute__((disable_tail_calls)) u32 ackermann(u32 m, u32 n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

KEEP u32 odd(u32 n, u32 seen);
KEEP u32 even(u32 n, u32 seen) {
  if (n == 0) return seen;
  __attribute__((musttail)) return odd(n - 1, seen * 5 + 1);
}
KEEP u32 odd(u32 n, u32 seen) {
  if (n == 0) return ~seen;
  __attribute__((musttail)) return even(n - 1, seen ^ n);
}

#define STRINGS(x) #x
#define STRING(x) STRINGS(x)
#if __riscv_xlen == 64
#define STORE "sd"
#define LOAD "ld"
#define BYTES 8
#else
#define STORE "sw"
#define LOAD "lw"
#define BYTES 4
#endif
#define SAVED(op)                                                                              \
  op " ra, 0*" STRING(BYTES) "(a0)\n" op " sp, 1*" STRING(BYTES) "(a0)\n" op                   \
     " s0, 2*" STRING(BYTES) "(a0)\n" op " s1, 3*" STRING(BYTES) "(a0)\n" op                   \
     " s2, 4*" STRING(BYTES) "(a0)\n" op " s3, 5*" STRING(BYTES) "(a0)\n" op                   \
     " s4, 6*" STRING(BYTES) "(a0)\n" op " s5, 7*" STRING(BYTES) "(a0)\n" op                   \
     " s6, 8*" STRING(BYTES) "(a0)\n" op " s7, 9*" STRING(BYTES) "(a0)\n" op                   \
     " s8, 10*" STRING(BYTES) "(a0)\n" op " s9, 11*" STRING(BYTES) "(a0)\n" op                 \
     " s10, 12*" STRING(BYTES) "(a0)\n" op " s11, 13*" STRING(BYTES) "(a0)\n"

static ulong context[14];

__attribute__((naked, used, returns_twice)) u32 mark(ulong *at) {
  asm volatile(SAVED(STORE) "li a0, 0\n ret");
}

__attribute__((naked, used, noreturn)) void leap(ulong *to, u32 value) {
  asm volatile("mv t1, a1\n" SAVED(LOAD) "mv a0, t1\n ret");
}

KEEP __attribute__((disable_tail_calls)) u32 dig(u32 depth) {
  volatile u32 here = depth;
  if (depth == 0) leap(context, 77);
  return dig(depth - 1) + here;
}

KEEP u32 jump_out(u32 depth) {
  volatile u32 sum = depth;
  u32 came_back = mark(context);
  if (came_back) return sum + came_back;
  return dig(depth);
}

KEEP u32 twice(u32 x) { return 2 * x; }
KEEP u32 square(u32 x) { return x * x + 1; }
KEEP u32 halve(u32 x) { return x / 2 + 7; }
static u32 (*const volatile TABLE[3])(u32) = {twice, square, halve};

KEEP void guest(void) {
  u32 sum = descend(100000);
  sum ^= ackermann(2, 9);
  sum += even(1001, 1) + odd(1000, 2);
  for (u32 i = 0; i < 50; i++) sum = sum * 31 + jump_out(i);
  for (u32 i = 0; i < 300; i++) sum = TABLE[sum % 3](sum);
  finish(sum);
}
