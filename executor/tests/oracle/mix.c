// Straight arithmetic in long blocks, bytes and wide words: a hash of a buffer, as SHA-256 mixes.
#include "guest.h"

#if __riscv_xlen == 64
typedef __int128 wide;
#else
typedef long long wide;
#endif

static u32 state[8];
static u8 buffer[4096];

static inline u32 rotate(u32 x, int n) { return x >> n | x << (32 - n); }

KEEP void compress(const u8 *block) {
  u32 w[64], v[8];
  for (int i = 0; i < 16; i++)
    w[i] = (u32)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    u32 x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[i - 7] +
           (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
  }
  for (int i = 0; i < 8; i++) v[i] = state[i];
#pragma clang loop unroll_count(8)
  for (u32 i = 0; i < 64; i++) {
    u32 a = v[0], e = v[4];
    u32 t = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & v[5]) ^ (~e & v[6])) +
            w[i] + (i + 1) * 0x9e3779b9u;
    u32 u = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    for (int j = 7; j > 0; j--) v[j] = v[j - 1];
    v[4] += t;
    v[0] = t + u;
  }
  for (int i = 0; i < 8; i++) state[i] += v[i];
}

// Signed and unsigned products, quotients and remainders of a word, with their edge cases.
KEEP ulong divide(ulong x, ulong y) {
  long p = (long)x, q = (long)y;
  ulong high = (ulong)((wide)p * q >> (sizeof(long) * 8));
  ulong sum = x * y + high + (y ? x / y + x % y : 3);
  if (q != 0 && !(q == -1 && p == (long)((ulong)1 << (sizeof(long) * 8 - 1)))) sum += (ulong)(p / q ^ p % q);
  return sum;
}

KEEP void guest(void) {
  for (u32 i = 0; i < sizeof buffer; i++) buffer[i] = (u8)(i * i >> 3 ^ i);
  for (u32 i = 0; i < 8; i++) state[i] = i * 0x01010101u + 0x6a09e667u;
  for (u32 round = 0; round < 20; round++) {
    for (u32 at = 0; at < sizeof buffer; at += 64) compress(buffer + at);
    memcpy(buffer + 3 + round, state, sizeof state);
  }
  ulong sum = 0;
  for (u32 i = 0; i < 2000; i++) sum = sum * 3 + divide(sum ^ (ulong)-(long)i, state[i % 8] >> i % 33 % 32);
  finish((u32)(state[0] ^ state[7] ^ sum));
}
