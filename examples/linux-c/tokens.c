// Reads JSON from standard input and writes what it consists of: tokens by kind, the greatest depth, the
// sum of the whole numbers, and a checksum of the strings. Malformed input is named and ends with 1.
// A Linux program without a C library.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

enum { READ = 63, WRITE = 64, EXIT = 94, MMAP = 222 };

static long call(long number, long a, long b, long c, long d, long e, long f) {
  register long a7 asm("a7") = number, a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c,
                a3 asm("a3") = d, a4 asm("a4") = e, a5 asm("a5") = f;
  asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
  return a0;
}

static void write_text(int to, const char *text) {
  long length = 0;
  while (text[length]) length++;
  call(WRITE, to, (long)text, length, 0, 0, 0);
}

__attribute__((noreturn)) static void fail(const char *why) {
  write_text(2, "input: ");
  write_text(2, why);
  write_text(2, "\n");
  call(EXIT, 1, 0, 0, 0, 0, 0);
  __builtin_unreachable();
}

static void write_line(const char *name, u64 value) {
  char text[24];
  char *at = text + sizeof text;
  *--at = 0, *--at = '\n';
  do *--at = '0' + value % 10;
  while (value /= 10);
  write_text(1, name);
  write_text(1, " ");
  write_text(1, at);
}

enum { MOST_INPUT = 1 << 24, MOST_DEPTH = 1000 };

static const u8 *at, *end;
static u64 objects, arrays, strings, numbers, words, deepest, sum, checksum;

static void skip_space(void) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) at++;
}

static u8 next(void) {
  if (at == end) fail("it ends in the middle");
  return *at++;
}

static void expect(const char *text) {
  while (*text)
    if (next() != (u8)*text++) fail("an unknown word");
}

__attribute__((noinline)) static void string(void) {
  u64 hash = 0xcbf29ce484222325;
  for (u8 c; (c = next()) != '"';) {
    if (c < ' ') fail("a control character in a string");
    if (c == '\\') c = next() ^ 0x80;
    hash = (hash ^ c) * 0x100000001b3;
  }
  strings++;
  checksum += hash;
}

static int digit(void) { return at < end && *at >= '0' && *at <= '9'; }

static void digits(void) {
  if (!digit()) fail("a number without digits");
  while (digit()) at++;
}

__attribute__((noinline)) static void number(void) {
  int negative = at < end && *at == '-', whole = 1;
  at += negative;
  u64 value = 0;
  if (!digit()) fail("an unknown character");
  while (digit()) value = value * 10 + (*at++ - '0');
  if (at < end && *at == '.') at++, whole = 0, digits();
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++, whole = 0;
    if (at < end && (*at == '+' || *at == '-')) at++;
    digits();
  }
  numbers++;
  if (whole) sum += negative ? -value : value;
}

__attribute__((noinline)) static void value(u64 depth) {
  if (depth > MOST_DEPTH) fail("it is too deep");
  if (depth > deepest) deepest = depth;
  skip_space();
  u8 c = next();
  if (c == '{' || c == '[') {
    u8 close = c + 2;
    *(c == '{' ? &objects : &arrays) += 1;
    skip_space();
    if (at < end && *at == close) {
      at++;
      return;
    }
    do {
      if (c == '{') {
        skip_space();
        if (next() != '"') fail("a key that is no string");
        string();
        skip_space();
        if (next() != ':') fail("a key without a value");
      }
      value(depth + 1);
      skip_space();
    } while (next() == ',');
    if (at[-1] != close) fail("an unknown separator");
  } else if (c == '"') {
    string();
  } else if (c == 't' || c == 'f' || c == 'n') {
    words++;
    expect(c == 't' ? "rue" : c == 'f' ? "alse" : "ull");
  } else {
    at--;
    number();
  }
}

__attribute__((used)) static void run(void) {
  u8 *input = (u8 *)call(MMAP, 0, MOST_INPUT, 3, 0x22, -1, 0);
  u64 length = 0;
  for (long got; (got = call(READ, 0, (long)(input + length), MOST_INPUT - length, 0, 0, 0)) > 0;) length += got;
  at = input, end = input + length;
  value(1);
  skip_space();
  if (at != end) fail("more than one value");
  write_line("objects", objects);
  write_line("arrays", arrays);
  write_line("strings", strings);
  write_line("numbers", numbers);
  write_line("words", words);
  write_line("depth", deepest);
  write_line("sum", sum);
  write_line("checksum", checksum);
  call(EXIT, 0, 0, 0, 0, 0, 0);
}

asm(".globl _start\n .type _start, @function\n_start:\n call run\n .size _start, . - _start\n");
