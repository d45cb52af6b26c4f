#!/bin/sh
# Builds tokens.elf and checks it under qemu-riscv64; writes SHA256SUMS and, with --expected, the
# expected output as qemu prints it.
# Takes the Debian packages gcc-riscv64-unknown-elf and qemu-user.
set -eu
cd "$(dirname "$0")"
riscv64-unknown-elf-gcc -march=rv64imac -mabi=lp64 -mcmodel=medany -mno-relax -msmall-data-limit=0 -O2 -g1 -Wall -Wextra \
  -ffreestanding -nostdlib -nostartfiles -static -Wl,--build-id=none,--no-relax,-Tbss=0x20000 \
  -ffile-prefix-map="$PWD"=guests/linux-c tokens.c -o tokens.elf
sha256sum tokens.elf >SHA256SUMS
[ "${1-}" = --expected ] && qemu-riscv64 tokens.elf <input.json >expected.txt
qemu-riscv64 tokens.elf <input.json | cmp - expected.txt
status=0
printf '[1,' | qemu-riscv64 tokens.elf 2>/dev/null || status=$?
[ "$status" = 1 ]
echo "tokens: ok"
