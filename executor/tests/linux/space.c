// The address space: mappings near and far, protection, heap.
#include "guest.h"

static const long PAGE = 4096;

static long map(long addr, long len, long protection, long flags) {
  return call6(MMAP, addr, len, protection, flags | 0x22, -1, 0);
}

static long sum(const volatile u8 *bytes, long len) {
  long total = 0;
  for (long i = 0; i < len; i += PAGE) total += bytes[i];
  return total;
}

long guest(void) {
  const long far = 0xc000000000, len = 64 << 20;
  // As Go does it: reserve, then use a part.
  say("far", map(far, len, 0, 0) == far);
  say("taken", map(far, PAGE, 3, 0) != far);
  say("use", map(far + PAGE, 256 * PAGE, 3, 0x10) == far + PAGE);
  volatile u8 *bytes = (u8 *)(far + PAGE);
  say("zero", sum(bytes, 256 * PAGE));
  for (int i = 0; i < 256; i++) bytes[i * PAGE + i] = (u8)i, bytes[i * PAGE] = 1;
  // Across pages.
  *(volatile u64 *)(bytes + PAGE - 3) = 0x0102030405060708;
  say("misaligned", bytes[PAGE - 3] + bytes[PAGE - 2] + bytes[PAGE + 1]);
  say("written", sum(bytes, 256 * PAGE));
  say("discard", call3(MADVISE, bytes, 128 * PAGE, 4));
  say("half", sum(bytes, 256 * PAGE));
  say("unmap", call2(MUNMAP, bytes + 192 * PAGE, 64 * PAGE));
  say("rest", sum(bytes, 192 * PAGE));
  say("hole", call3(MPROTECT, bytes + 191 * PAGE, 2 * PAGE, 1));

  u8 *near = (u8 *)map(0, 8 * PAGE, 0, 0);
  say("protect", call3(MPROTECT, near + PAGE, 2 * PAGE, 3));
  near[PAGE] = 5, near[3 * PAGE - 1] = 6;
  say("read-only", call3(MPROTECT, near, 8 * PAGE, 1));
  say("kept", near[0] + near[PAGE] + near[3 * PAGE - 1]);
  // What the kernel cannot write to, it does not.
  say("misaligned range", call3(MPROTECT, near + 1, PAGE, 1));
  say("nothing", map(0, 0, 3, 0));
  say("no file", call6(MMAP, 0, PAGE, 1, 2, 99, 0) < 0);

  // Twice as often as there is room, one after the other.
  long failed = 0;
  for (int i = 0; i < 4000; i++) {
    long at = map(0, 1 << 20, 3, 0);
    failed += at < 0 || *(u8 *)at;
    *(u8 *)at = 1;
    failed += call2(MUNMAP, at, 1 << 20) != 0;
  }
  say("failed", failed);
  return 0;
}
