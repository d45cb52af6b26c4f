// Data-dependent branches and a jump table: quicksort, then a small byte-code machine.
#include "guest.h"

static u32 data[2000];

KEEP u32 next(u32 *state) {
  u32 x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

KEEP void sort(u32 *low, u32 *high) {
  while (high - low > 1) {
    u32 pivot = low[(high - low) / 2], *i = low, *j = high - 1;
    while (1) {
      while (*i < pivot) i++;
      while (*j > pivot) j--;
      if (i >= j) break;
      u32 t = *i;
      *i++ = *j;
      *j-- = t;
    }
    sort(low, i);
    low = i;
  }
}

KEEP u32 interpret(const u8 *code, u32 len, u32 rounds) {
  u32 a = 1, b = 2;
  for (u32 pc = 0; rounds; pc++) {
    if (pc == len) {
      pc = 0;
      rounds--;
    }
    switch (code[pc] & 7) {
      case 0: a += b; break;
      case 1: b ^= a << 3; break;
      case 2: a = a * 0x9e3779b1u; break;
      case 3: b = a / (b | 1); break;
      case 4: a = data[a % 2000]; break;
      case 5: data[b % 2000] += a; break;
      case 6: pc += a & 1; if (pc >= len) pc = len - 1; break;
      default: b = (b >> 7) | (b << 25); break;
    }
  }
  return a ^ b;
}

KEEP void guest(void) {
  u32 state = 0x1234567;
  for (u32 i = 0; i < 2000; i++) data[i] = next(&state);
  sort(data, data + 2000);
  u32 sum = 0;
  for (u32 i = 1; i < 2000; i++) sum += data[i - 1] <= data[i];
  static u8 code[256];
  for (u32 i = 0; i < sizeof code; i++) code[i] = (u8)(next(&state) >> 11);
  finish(sum * 0x10001 + interpret(code, sizeof code, 200));
}
