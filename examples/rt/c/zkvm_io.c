/* zkvm_io.h over the calls of one environment, which a macro names:
 *
 * | macro       | input                                    | output                                   |
 * |-------------|------------------------------------------|------------------------------------------|
 * | ZKVM_OPENVM | the first vector of hints                | public values: 32 bytes, the rest is lost |
 * | ZKVM_SP1    | the first entry of the host's SP1Stdin   | public values                            |
 * | ZKVM_ZISK   | a length (8 bytes) and so many bytes     | public values: 256 bytes                 |
 * | ZKVM_RISC0  | standard input                           | the journal                              |
 * | ZKVM_LINUX  | standard input                           | standard output                          |
 *
 * This is enough to execute a guest. To prove one, SP1 and RISC Zero also want a hash of the output at
 * the end, which their own libraries compute. Inputs of more than ZKVM_MAX_INPUT bytes end the run
 * with code 2. Words are little-endian; no access is misaligned. */
#include "zkvm_io.h"

#ifndef ZKVM_MAX_INPUT
#define ZKVM_MAX_INPUT (1u << 20)
#endif

/* A register that a call reads, and perhaps writes. */
#define REGISTER(name, number, value) register uintptr_t name __asm__(#number) = (uintptr_t)(value)

#if !defined(ZKVM_ZISK)
static _Alignas(8) uint8_t input[ZKVM_MAX_INPUT + 8];
static size_t input_size;
static int have_input;
static void load_input(void);

void read_input(const uint8_t **buf_ptr, size_t *buf_size) {
    if (!have_input) {
        load_input();
        have_input = 1;
    }
    *buf_ptr = input;
    *buf_size = input_size;
}

static void check_size(size_t size) {
    if (size > ZKVM_MAX_INPUT) zkvm_exit(2);
}
#endif

#if defined(ZKVM_OPENVM)

static _Alignas(4) uint32_t output_words[8];
static size_t output_size;

static void load_input(void) {
    uint32_t size;
    __asm__ volatile(".insn i 0x0b, 3, x0, x0, 0");
    __asm__ volatile(".insn i 0x0b, 1, %0, x0, 0" ::"r"(&size) : "memory");
    check_size(size);
    input_size = size;
    for (size_t done = 0, words = (size + 3) / 4; done < words;) {
        size_t now = words - done < 1023 ? words - done : 1023;
        __asm__ volatile(".insn i 0x0b, 1, %0, %1, 1" ::"r"(input + 4 * done), "r"(now) : "memory");
        done += now;
    }
}

void write_output(const uint8_t *output, size_t size) {
    for (size_t i = 0; i < size && output_size < sizeof output_words; i++)
        ((uint8_t *)output_words)[output_size++] = output[i];
    for (size_t word = 0; word < 8; word++)
        __asm__ volatile(".insn i 0x0b, 2, %0, %1, 0" ::"r"(4 * word), "r"(output_words[word]));
}

void zkvm_exit(uint8_t code) {
    /* The code is a part of the instruction. */
    if (code == 0) __asm__ volatile(".insn i 0x0b, 0, x0, x0, 0");
    if (code == 2) __asm__ volatile(".insn i 0x0b, 0, x0, x0, 2");
    for (;;) __asm__ volatile(".insn i 0x0b, 0, x0, x0, 1");
}

#elif defined(ZKVM_SP1)

static uintptr_t call(uintptr_t number, uintptr_t a, uintptr_t b, uintptr_t c) {
    REGISTER(t0, t0, number);
    REGISTER(a0, a0, a);
    REGISTER(a1, a1, b);
    REGISTER(a2, a2, c);
    __asm__ volatile("ecall" : "+r"(t0) : "r"(a0), "r"(a1), "r"(a2) : "memory");
    return t0;
}

static void load_input(void) {
    size_t size = call(0xf0, 0, 0, 0);
    check_size(size);
    call(0xf1, (uintptr_t)input, size, 0);
    input_size = size;
}

void write_output(const uint8_t *output, size_t size) { call(2, 13, (uintptr_t)output, size); }

void zkvm_exit(uint8_t code) {
    for (;;) call(0, code, 0, 0);
}

#elif defined(ZKVM_ZISK)

static size_t output_size;

void read_input(const uint8_t **buf_ptr, size_t *buf_size) {
    *buf_ptr = (const uint8_t *)0x40000010;
    *buf_size = *(const volatile uint64_t *)0x40000008;
}

void write_output(const uint8_t *output, size_t size) {
    for (size_t i = 0; i < size && output_size < 256; i++)
        ((volatile uint8_t *)0xa0010000)[output_size++] = output[i];
}

void zkvm_exit(uint8_t code) {
    REGISTER(a0, a0, code);
    REGISTER(a7, a7, 93);
    /* ZisK is recognised by the name that it gives itself. */
    __asm__ volatile("csrr x0, marchid");
    for (;;) __asm__ volatile("ecall" ::"r"(a0), "r"(a7));
}

#elif defined(ZKVM_RISC0)

static uintptr_t software(const char *name, void *to, size_t room, uintptr_t b, uintptr_t c,
                          uintptr_t d) {
    REGISTER(t0, t0, 2);
    REGISTER(t6, t6, 0);
    REGISTER(a0, a0, to);
    REGISTER(a1, a1, room);
    REGISTER(a2, a2, name);
    REGISTER(a3, a3, b);
    REGISTER(a4, a4, c);
    REGISTER(a5, a5, d);
    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1)
                     : "r"(t0), "r"(t6), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
}

static void load_input(void) {
    size_t now;
    do {
        size_t room = ZKVM_MAX_INPUT + 4 - input_size;
        now = software("risc0_zkvm_platform::syscall::nr::SYS_READ", input + input_size, room, 0,
                       room, 0);
        input_size += now;
        check_size(input_size);
    } while (now != 0);
}

void write_output(const uint8_t *output, size_t size) {
    software("risc0_zkvm_platform::syscall::nr::SYS_WRITE", 0, 0, 3, (uintptr_t)output, size);
}

void zkvm_exit(uint8_t code) {
    static uint32_t digest[8];
    REGISTER(t0, t0, 0);
    REGISTER(a0, a0, (uintptr_t)code << 8);
    REGISTER(a1, a1, digest);
    for (;;) __asm__ volatile("ecall" ::"r"(t0), "r"(a0), "r"(a1) : "memory");
}

#elif defined(ZKVM_LINUX)

static intptr_t call(uintptr_t number, uintptr_t a, uintptr_t b, uintptr_t c) {
    REGISTER(a7, a7, number);
    REGISTER(a0, a0, a);
    REGISTER(a1, a1, b);
    REGISTER(a2, a2, c);
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return (intptr_t)a0;
}

static void load_input(void) {
    intptr_t now;
    do {
        now = call(63, 0, (uintptr_t)(input + input_size), ZKVM_MAX_INPUT + 1 - input_size);
        if (now > 0) input_size += (size_t)now;
        check_size(input_size);
    } while (now > 0);
}

void write_output(const uint8_t *output, size_t size) { call(64, 1, (uintptr_t)output, size); }

void zkvm_exit(uint8_t code) {
    for (;;) call(93, code, 0, 0);
}

#else
#error "define ZKVM_OPENVM, ZKVM_SP1, ZKVM_ZISK, ZKVM_RISC0 or ZKVM_LINUX"
#endif
