/* Input and output of a guest, as the zkVM standards define them (eth-act/zkvm-standards, io-interface):
 * a guest in C that uses nothing else runs in every environment that zkvm_io.c is compiled for. */
#ifndef ZKVM_IO_H
#define ZKVM_IO_H

#include <stddef.h>
#include <stdint.h>

/* The whole input. May be called repeatedly and gives the same each time. */
void read_input(const uint8_t **buf_ptr, size_t *buf_size);

/* Adds to the public output. */
void write_output(const uint8_t *output, size_t size);

/* Ends the run; 0 is success. Not in the io-interface: guests without a library call it last. */
_Noreturn void zkvm_exit(uint8_t code);

#endif
