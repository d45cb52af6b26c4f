/* Reads the input twice; the output is its first five bytes and the xor of all of them. */
#include "zkvm_io.h"

void start(void) {
    const uint8_t *input, *again;
    size_t size, size_again;
    read_input(&input, &size);
    read_input(&again, &size_again);
    uint8_t xor = 0;
    for (size_t i = 0; i < size; i++) xor ^= input[i];
    write_output(again, size_again < 5 ? size_again : 5);
    write_output(&xor, 1);
    zkvm_exit(0);
}

__attribute__((naked)) void _start(void) { __asm__("la sp, stack_top\n\tj start"); }

__asm__(".bss\n.balign 16\n.space 4096\n.globl stack_top\nstack_top:\n.text");
