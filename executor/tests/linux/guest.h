// What the guests share: system calls, threads, output.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

#define KEEP __attribute__((noinline, used))

enum {
  EVENTFD2 = 19, EPOLL_CREATE = 20, EPOLL_CTL = 21, EPOLL_WAIT = 22, FCNTL = 25, OPENAT = 56, CLOSE = 57,
  PIPE2 = 59, READ = 63, WRITE = 64, PPOLL = 73, EXIT = 93, EXIT_GROUP = 94, SET_TID_ADDRESS = 96, FUTEX = 98,
  NANOSLEEP = 101, CLOCK_GETTIME = 113, SCHED_YIELD = 124, GETTID = 178, MUNMAP = 215, CLONE = 220, MMAP = 222,
  MPROTECT = 226, MADVISE = 233,
};

static inline long call(long number, long a, long b, long c, long d, long e, long f) {
  register long a7 asm("a7") = number, a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c,
                a3 asm("a3") = d, a4 asm("a4") = e, a5 asm("a5") = f;
  asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
  return a0;
}
#define call0(n) call(n, 0, 0, 0, 0, 0, 0)
#define call1(n, a) call(n, (long)(a), 0, 0, 0, 0, 0)
#define call2(n, a, b) call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define call3(n, a, b, c) call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define call4(n, a, b, c, d) call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define call6(n, a, b, c, d, e, f) call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

// A line of a name and a number.
KEEP void say(const char *name, long value) {
  char text[80];
  u32 len = 0, digits = 0;
  while (*name) text[len++] = *name++;
  text[len++] = ' ';
  u64 rest = value;
  if (value < 0) text[len++] = '-', rest = -rest;
  char reversed[20];
  do reversed[digits++] = '0' + rest % 10;
  while (rest /= 10);
  while (digits) text[len++] = reversed[--digits];
  text[len++] = '\n';
  call3(WRITE, 1, text, len);
}

// A thread: it runs `function(argument)` and ends; `alive` is zeroed and woken then.
struct thread {
  u32 alive;
  u64 stack[1024];
} __attribute__((aligned(16)));

long clone(long flags, void *stack, u32 *parent, void *tls, u32 *child);
asm(".globl clone\n .type clone, @function\nclone:\n"
    " li a7, 220\n ecall\n bnez a0, 1f\n"
    " ld a0, 0(sp)\n ld t1, 8(sp)\n jalr t1\n li a7, 93\n ecall\n"
    "1: ret\n .size clone, . - clone\n");

static inline long spawn(struct thread *thread, long (*function)(long), long argument) {
  // Memory, file system, files, handlers, semaphores, thread; thread pointer, numbers.
  const long flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x80000 | 0x100000 | 0x200000;
  u64 *top = thread->stack + 1022;
  top[0] = argument;
  top[1] = (u64)function;
  return clone(flags, top, &thread->alive, thread, &thread->alive);
}

static inline void join(struct thread *thread) {
  u32 alive;
  while ((alive = __atomic_load_n(&thread->alive, __ATOMIC_SEQ_CST)))
    call4(FUTEX, &thread->alive, 0, alive, 0);
}

static inline long wait(u32 *word, u32 value, const u64 *time) { return call4(FUTEX, word, 128, value, time); }
static inline long wake(u32 *word, u32 count) { return call3(FUTEX, word, 129, count); }

static inline void lock(u32 *word) {
  while (__atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE)) wait(word, 1, 0);
}
static inline void unlock(u32 *word) {
  __atomic_store_n(word, 0, __ATOMIC_RELEASE);
  wake(word, 1);
}

static inline void sleep_ms(u64 milliseconds) {
  u64 time[2] = {0, milliseconds * 1000000};
  call2(NANOSLEEP, time, 0);
}

KEEP void *memset(void *to, int value, u64 len) {
  u8 *d = to;
  while (len--) *d++ = (u8)value;
  return to;
}

long guest(void);

asm(".globl _start\n .type _start, @function\n_start:\n call guest\n li a7, 94\n ecall\n .size _start, . - _start\n");
