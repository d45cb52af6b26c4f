// Floating point of both precisions: roots by iteration, a matrix, a sort, sums in every rounding mode.
#include "guest.h"

#define N 24

static double matrix[N][N], inverse[N][N];
static float values[768];
static u32 hash = 1;

static void add(const void *bytes, ulong len) {
  for (ulong i = 0; i < len; i++) hash = (hash ^ ((const u8 *)bytes)[i]) * 0x01000193;
}

static float next(void) {
  static u32 seed = 12345;
  seed = seed * 1664525 + 1013904223;
  return (float)(int)seed / 65536.0f;
}

KEEP double root(double x) {
  double guess = x > 1 ? x / 2 : 1;
  for (int i = 0; i < 40 && guess * guess != x; i++) guess = (guess + x / guess) / 2;
  return __builtin_copysign(guess, x) - __builtin_sqrt(x);
}

// Gauss and Jordan.
KEEP void invert(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      matrix[i][j] = 1.0 / (i + j + 1) + (i == j);
      inverse[i][j] = i == j;
    }
  for (int i = 0; i < N; i++) {
    double pivot = matrix[i][i];
    for (int j = 0; j < N; j++) matrix[i][j] /= pivot, inverse[i][j] /= pivot;
    for (int k = 0; k < N; k++) {
      double factor = matrix[k][i];
      if (k == i || factor == 0) continue;
      for (int j = 0; j < N; j++) {
        matrix[k][j] -= factor * matrix[i][j];
        inverse[k][j] = __builtin_fma(-factor, inverse[i][j], inverse[k][j]);
      }
    }
  }
}

KEEP void sort(void) {
  for (int i = 0; i < 768; i++) values[i] = next();
  for (int i = 1; i < 768; i++) {
    float value = values[i];
    int j = i;
    for (; j > 0 && values[j - 1] > value; j--) values[j] = values[j - 1];
    values[j] = value;
  }
}

KEEP float sum(int mode) {
  float total = 0;
  double wide = 0;
  asm volatile("fsrm %0" : : "r"(mode) : "memory");
  for (int i = 0; i < 768; i++) {
    float x = values[i] * 1.1f;
    total += x;
    wide += (double)x / 3 + (double)(long)x;
    if (x > 1e4f) total = __builtin_fmaxf(total - x, (float)wide);
  }
  float result = total + (float)wide;
  asm volatile("fsrm zero" : : : "memory");
  return result;
}

void guest(void) {
  for (int i = 0; i < 64; i++) {
    double x = root((double)next() * (double)next());
    int exponent = (int)(x * 1e9);
    add(&x, sizeof x);
    add(&exponent, sizeof exponent);
  }
  invert();
  add(inverse, sizeof inverse);
  sort();
  add(values, sizeof values);
  for (int mode = 0; mode < 5; mode++) {
    float x = sum(mode);
    add(&x, sizeof x);
  }
  u32 flags;
  asm volatile("frflags %0" : "=r"(flags));
  add(&flags, sizeof flags);
  finish(hash);
}
