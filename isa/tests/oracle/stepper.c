// A Linux guest for qemu-user that performs one piece of code at a time on a state that it is given,
// and tells the state afterwards. Signals do the work: the code lies among breakpoints, and the
// handler of whatever signal ends it sees every register. Needs no C library.
//
// Reads records of struct Request from standard input, writes one struct Reply each to standard
// output, ends with its input. record.py writes and reads them.
#include <stddef.h>
#include <stdint.h>

typedef unsigned long word;

enum {
  CODE = 0x20000000,   // The page with the code; it starts in the middle.
  START = 0x800,
  CODE_BYTES = 64,
  DATA = 0x30000000,   // Two pages that may be loaded from and stored to; nothing else near may.
  DATA_BYTES = 0x2000,
  PAGE = 0x1000,
  CHANGES = 16,
};

struct Request {
  uint64_t regs[31];         // x1 to x31
  uint64_t fregs[32];
  uint64_t fcsr;
  uint64_t memory[2];        // What stands at DATA + 0x800.
  uint8_t code[CODE_BYTES];  // Padded with breakpoints.
};

struct Reply {
  uint64_t signal;
  uint64_t pc;
  uint64_t regs[31];
  uint64_t fregs[32];
  uint64_t fcsr;
  uint64_t changed;          // How many bytes of the data differ from before.
  uint64_t changes[CHANGES]; // Offset in the data << 8 | new byte.
};

// As the kernel lays them out.
struct Context {
  word flags, link;
  word stack[3];
  uint8_t mask[128];
  struct {
    word pc, regs[31];
    uint64_t fregs[32];
    uint32_t fcsr;
  } machine __attribute__((aligned(16)));
};
struct Action {
  void (*handler)(int, void *, struct Context *);
  word flags;
  uint64_t mask;
};

// Copying a structure is a call of this.
void *memcpy(void *to, const void *from, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
  return to;
}

static word call6(word n, word a, word b, word c, word d, word e, word f) {
  register word a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
  register word a3 __asm__("a3") = d, a4 __asm__("a4") = e, a5 __asm__("a5") = f;
  register word a7 __asm__("a7") = n;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
  return a0;
}

static word call(word n, word a, word b, word c) { return call6(n, a, b, c, 0, 0, 0); }

static void end(word status) {
  for (;;) call(93, status, 0, 0);
}

static struct Request request;
static struct Reply reply;
static struct Context outside;
static int inside;
static uint8_t stack[1 << 16] __attribute__((aligned(16)));

// A limit on the processor's time, for code that jumps to itself.
static void timer(word microseconds) {
  word value[4] = {0, 0, 0, microseconds};
  call(103, 1, (word)value, 0);
}

// Memory before the code runs; record.py and the tests know it, too.
static uint8_t initial(word offset) {
  return offset - 0x800 < 16 ? ((uint8_t *)request.memory)[offset - 0x800] : offset * 0x9d + 0x63;
}

static void enter(struct Context *context) {
  outside = *context;
  context->machine.pc = CODE + START;
  for (int i = 0; i < 31; i++) context->machine.regs[i] = request.regs[i];
  for (int i = 0; i < 32; i++) context->machine.fregs[i] = request.fregs[i];
  context->machine.fcsr = request.fcsr;
}

static void leave(int signal, struct Context *context) {
  reply.signal = signal;
  reply.pc = context->machine.pc;
  for (int i = 0; i < 31; i++) reply.regs[i] = context->machine.regs[i];
  for (int i = 0; i < 32; i++) reply.fregs[i] = context->machine.fregs[i];
  reply.fcsr = context->machine.fcsr;
  *context = outside;
  context->machine.pc += 4;
}

static void handler(int signal, void *info, struct Context *context) {
  (void)info;
  if (inside) leave(signal, context);
  else enter(context);
  inside = !inside;
}

static int fill(void *buffer, word bytes) {
  for (word done = 0; done < bytes;) {
    word count = call(63, 0, (word)buffer + done, bytes - done);
    if (count == 0 && done == 0) return 0;
    if ((long)count <= 0) end(3);
    done += count;
  }
  return 1;
}

static void map(word addr, word bytes, word protection) {
  if (call6(222, addr, bytes, protection, 0x32, -1, 0) != addr) end(2);
}

static void perform(void) {
  uint16_t *code = (uint16_t *)(CODE + START), *data = (uint16_t *)request.code;
  for (int i = 0; i < CODE_BYTES / 2; i++)
    if (code[i] != data[i]) code[i] = data[i];
  for (word i = 0; i < DATA_BYTES; i++) ((volatile uint8_t *)DATA)[i] = initial(i);
  __asm__ volatile("fence.i" ::: "memory");
  timer(100000);
  __asm__ volatile(".option push\n .option norvc\n ebreak\n .option pop" ::: "memory");
  timer(0);
  reply.changed = 0;
  for (word i = 0; i < DATA_BYTES; i++) {
    uint8_t byte = ((volatile uint8_t *)DATA)[i];
    if (byte == initial(i)) continue;
    if (reply.changed == CHANGES) end(4);
    reply.changes[reply.changed++] = (uint64_t)i << 8 | byte;
  }
}

void start(void) {
  map(CODE, PAGE, 7);
  map(DATA, DATA_BYTES, 3);
  for (int i = 0; i < PAGE / 2; i++) ((volatile uint16_t *)CODE)[i] = 0x9002;
  word alternate[3] = {(word)stack, 0, sizeof stack};
  call(132, (word)alternate, 0, 0);
  struct Action action = {handler, 4 | 0x08000000, 0};
  int signals[] = {4, 5, 7, 8, 11, 26};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (call6(134, signals[i], (word)&action, 0, 8, 0, 0)) end(5);
  while (fill(&request, sizeof request)) {
    perform();
    for (word done = 0; done < sizeof reply;)
      done += call(64, 1, (word)&reply + done, sizeof reply - done);
  }
  end(0);
}

__asm__(".globl _start\n_start:\n la sp, top\n call start\n"
        ".bss\n .balign 16\n .zero 65536\ntop:\n.text\n");
