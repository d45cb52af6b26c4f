// What the guests share: entry, stack, one number as input, hexadecimal output, with the call numbers
// of Linux, so that the same file runs under qemu-user and in autoprec's `bare` environment.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long word;

static inline long call3(long number, long a, long b, long c) {
  register long a7 asm("a7") = number, a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c;
  asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}

__attribute__((noreturn)) static inline void leave(int code) {
  call3(93, code, 0, 0);
  __builtin_unreachable();
}

// The number that standard input holds in four bytes, the least first.
static inline u32 number(void) {
  u8 bytes[4];
  if (call3(63, 0, (long)bytes, 4) != 4) leave(1);
  return bytes[0] | (u32)bytes[1] << 8 | (u32)bytes[2] << 16 | (u32)bytes[3] << 24;
}

// Writes a number in hexadecimal and ends.
__attribute__((noreturn)) static inline void finish(u64 value) {
  char text[17];
  for (int i = 0; i < 16; i++) text[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
  text[16] = '\n';
  call3(64, 1, (long)text, 17);
  leave(0);
}

void guest(void);

static char stack[1 << 20] __attribute__((aligned(16), used));

__attribute__((naked, used)) void _start(void) {
  asm volatile("la sp, stack\n li t1, 1 << 20\n add sp, sp, t1\n tail guest");
}
