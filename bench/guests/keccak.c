// Keccak-f[1600], as often as the input says, on one state: straight-line code in long blocks.
#include "guest.h"

static u64 state[25];

static inline u64 rotate(u64 x, int by) { return by ? x << by | x >> (64 - by) : x; }

// The round constants are the output of a shift register: bit 2^j - 1 of constant r is bit 7r + j.
static u64 constants[24];

static void fill_constants(void) {
  u32 lfsr = 1;
  for (int round = 0; round < 24; round++)
    for (int j = 0; j < 7; j++) {
      if (lfsr & 1) constants[round] |= 1ull << ((1 << j) - 1);
      lfsr = lfsr << 1 ^ (lfsr >> 7) * 0x171;
    }
}

#define UNROLL _Pragma("clang loop unroll(full)")

__attribute__((noinline)) static void permute(void) {
  for (int round = 0; round < 24; round++) {
    u64 column[5], moved[25];
    UNROLL for (int x = 0; x < 5; x++)
      column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
    // The lane (x, y) goes to (y, 2x + 3y), rotated by the next triangular number.
    moved[0] = state[0] ^ column[4] ^ rotate(column[1], 1);
    int x = 1, y = 0;
    UNROLL for (int step = 0; step < 24; step++) {
      u64 lane = state[x + 5 * y] ^ column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1);
      int to = (2 * x + 3 * y) % 5;
      x = y, y = to;
      moved[x + 5 * y] = rotate(lane, (step + 1) * (step + 2) / 2 % 64);
    }
    UNROLL for (int at = 0; at < 25; at += 5)
      UNROLL for (int x = 0; x < 5; x++)
        state[at + x] = moved[at + x] ^ (~moved[at + (x + 1) % 5] & moved[at + (x + 2) % 5]);
    state[0] ^= constants[round];
  }
}

void guest(void) {
  fill_constants();
  for (u32 left = number(); left; left--) permute();
  finish(state[0]);
}
